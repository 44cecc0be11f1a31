"""The short workflow behind the schedule: it opens the duties of the period that its instant belongs to.

Assumes a schedule that starts it at the beginning of each period, late or not: what counts is the instant for which it
was scheduled, so that an outage or a backfill opens the right period.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import ActivityError

from workflows import options

with workflow.unsafe.imports_passed_through():
    from activities.duty.opening import PeriodOpener
    from activities.matter.reconcile import OutboxDrain
    from messages.duty.opening import OpenPeriod, PeriodOpened
    from messages.matter.outbox import StartOrders
    from messages.names import OPEN_DUTIES

_SCHEDULED: Final = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
"""Set by the server on what a schedule starts: the instant of the run, whenever it begins."""
_AT_ONCE: Final = 20
"""Duties that one activity starts: one call to Temporal each."""
_A_MOMENT: Final = timedelta(seconds=1)


@workflow.defn(name=OPEN_DUTIES)
class OpenDutiesWorkflow:
    """Open the duties of one period."""

    @workflow.run
    async def run(self) -> PeriodOpened:
        """Open them, one that is opened already is left alone; and start them, as far as that is possible now."""
        scheduled: datetime = (
            workflow.info().typed_search_attributes.get(_SCHEDULED) or workflow.info().start_time
        )
        opened = await workflow.execute_activity_method(
            PeriodOpener.open,
            # A schedule's own clock may be a little early.
            OpenPeriod(at=scheduled + _A_MOMENT),
            start_to_close_timeout=options.OPEN_PERIOD.start_to_close,
            schedule_to_close_timeout=options.OPEN_PERIOD.schedule_to_close,
            heartbeat_timeout=options.OPEN_PERIOD_SILENCE,
            retry_policy=options.OPEN_PERIOD.retry,
            summary="the duties of a period",
        )
        for first in range(0, len(opened.opened), _AT_ONCE):
            # What cannot be started now waits for `Reconcile`.
            with suppress(ActivityError):
                await workflow.execute_activity_method(
                    OutboxDrain.start,
                    StartOrders(order_nos=opened.opened[first : first + _AT_ONCE]),
                    start_to_close_timeout=options.START_ORDERS.start_to_close,
                    schedule_to_close_timeout=options.START_ORDERS.schedule_to_close,
                    retry_policy=options.START_ORDERS.retry,
                    summary="their workflows",
                )
        return opened
