"""The short workflow behind the schedule: it opens the duties of the period that its instant belongs to.

Assumes a schedule that starts it at the beginning of each period, late or not: what counts is the instant for which it
was scheduled, so that an outage or a backfill opens the right period.
"""

from datetime import datetime, timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import SearchAttributeKey

from workflows import options

with workflow.unsafe.imports_passed_through():
    from activities.duty.opening import PeriodOpener
    from messages.duty.opening import OpenPeriod, PeriodOpened
    from messages.names import OPEN_DUTIES

_SCHEDULED: Final = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
"""Set by the server on what a schedule starts: the instant of the run, whenever it begins."""
_A_MOMENT: Final = timedelta(seconds=1)


@workflow.defn(name=OPEN_DUTIES)
class OpenDutiesWorkflow:
    """Open the duties of one period."""

    @workflow.run
    async def run(self) -> PeriodOpened:
        """Open them; one that is opened already is left alone."""
        scheduled: datetime = (
            workflow.info().typed_search_attributes.get(_SCHEDULED) or workflow.info().start_time
        )
        return await workflow.execute_activity_method(
            PeriodOpener.open,
            # A schedule's own clock may be a little early.
            OpenPeriod(at=scheduled + _A_MOMENT),
            start_to_close_timeout=options.OPEN_PERIOD.start_to_close,
            schedule_to_close_timeout=options.OPEN_PERIOD.schedule_to_close,
            heartbeat_timeout=options.OPEN_PERIOD_SILENCE,
            retry_policy=options.OPEN_PERIOD.retry,
            summary="the duties of a period",
        )
