"""The long-lived workflow that sends the starts and signals that could not be sent at once.

Assumes one instance, under one fixed id, ensured at every worker start.
"""

from datetime import timedelta

from temporalio import workflow

from workflows import options

with workflow.unsafe.imports_passed_through():
    from activities.matter.reconcile import OutboxDrain
    from messages.matter.outbox import Reconcile
    from messages.names import RECONCILE

_ROUNDS = 100
"""Rounds in one run: about 900 events, far below the point where a history becomes heavy."""


@workflow.defn(name=RECONCILE)
class ReconcileWorkflow:
    """Drain the outbox, rest, and go on for ever, in short histories."""

    @workflow.run
    async def run(self, start: Reconcile) -> None:
        """Do the rounds of a run, then continue as new.

        Each round says how long to rest, so that a new setting holds at once.
        """
        interval = start.interval_seconds
        for _ in range(_ROUNDS):
            drained = await workflow.execute_activity_method(
                OutboxDrain.drain,
                start_to_close_timeout=options.DRAIN_OUTBOX.start_to_close,
                schedule_to_close_timeout=options.DRAIN_OUTBOX.schedule_to_close,
                retry_policy=options.DRAIN_OUTBOX.retry,
                summary="orders not started, signals not sent",
            )
            interval = drained.interval_seconds or interval
            await workflow.sleep(timedelta(seconds=interval), summary="until the next round")
        workflow.continue_as_new(Reconcile(interval_seconds=interval))
