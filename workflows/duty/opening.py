"""The short workflow behind the schedule: it opens the duties of the period that its instant belongs to.

Assumes a schedule that starts it at the beginning of each period, on time or late. The instant for which it
was scheduled counts, so that after an outage or in a backfill it opens the right period.
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
"""Set by the server on a workflow that a schedule starts: the planned instant, whenever it really begins."""
_AT_ONCE: Final = 20
"""Duties that one activity starts, with one call to Temporal each."""
_A_MOMENT: Final = timedelta(seconds=1)


@workflow.defn(name=OPEN_DUTIES)
class OpenDutiesWorkflow:
    """Open the duties of one period."""

    @workflow.run
    async def run(self) -> PeriodOpened:
        """Open the duties, except those already open, and start those that can be started now."""
        scheduled: datetime = (
            workflow.info().typed_search_attributes.get(_SCHEDULED) or workflow.info().start_time
        )
        opened = await workflow.execute_activity_method(
            PeriodOpener.open,
            # The schedule's clock may be a little early.
            OpenPeriod(at=scheduled + _A_MOMENT),
            start_to_close_timeout=options.OPEN_PERIOD.start_to_close,
            schedule_to_close_timeout=options.OPEN_PERIOD.schedule_to_close,
            heartbeat_timeout=options.OPEN_PERIOD_SILENCE,
            retry_policy=options.OPEN_PERIOD.retry,
            summary="the duties of a period",
        )
        for first in range(0, len(opened.opened), _AT_ONCE):
            # Duties that cannot be started now wait for `Reconcile`.
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
