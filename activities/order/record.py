"""The activity `record`: what a step of an order produced goes into the store, in one transaction.

An ordinary, remote activity on purpose (ADR-0003): its input is in history before it runs, so the rows
of the store are always a function of histories.
"""

import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.figures import UNCOUNTED, Figures
from domain.order.policy import policy
from messages.names import LOOK_UP, RECORD
from messages.office.directory import LookedUp, LookUp
from messages.order.step import OrderAnswer, OrderStep
from store.database import Store
from store.matter.recorded import OtherRun, StepDiffers
from store.order.said.confirming import looked_up
from store.order.step import Written, write_step

PresentRun = Callable[[str], str | None]
"""Says which run of an order Temporal counts as the present one."""
_log = structlog.get_logger("record")


class Recorder:
    """Writes the steps of orders."""

    def __init__(
        self, store: Store, figures: Figures = UNCOUNTED, *, present_run: PresentRun | None = None
    ) -> None:
        """Keep store, counters, and how to learn which run of an order is the present one."""
        self._store = store
        self._figures = figures
        self._present_run = present_run

    @activity.defn(name=RECORD)
    def record(self, step: OrderStep) -> OrderAnswer:
        """Commit a step, once, and return the clocks it asked for, or what is pending before an automatic step."""
        began = time.perf_counter()
        try:
            written = self._write(step)
        except StepDiffers as differs:
            # Tried again, and not failed for good: rebuilding the rows mends it, and the order goes on by itself.
            self._figures.refused("differs")
            _log.error("step_differs", order_no=step.matter_no, seq=step.seq)
            raise ApplicationError(str(differs), type="StepDiffers") from None
        self._figures.recorded(step, written, timedelta(seconds=time.perf_counter() - began))
        return written.answer

    def _write(self, step: OrderStep) -> Written:
        """Commit a step; if the rows are another run's, only if Temporal says that this one has replaced it."""
        replaced: str | None = None
        while True:
            try:
                with self._store.write() as connection:
                    return write_step(connection, step, policy(step.policy), takes_over=replaced)
            except OtherRun as other:
                if self._present_run is None:
                    raise
                if self._present_run(step.matter_no) != step.run_id:
                    self._figures.refused("stale")
                    raise ApplicationError(
                        f"order {step.matter_no}: a later run has taken over",
                        type="StaleRun",
                        non_retryable=True,
                    ) from None
                replaced = other.run_id

    @activity.defn(name=LOOK_UP)
    def look_up(self, asked: LookUp) -> LookedUp:
        """Say what the store knows of signals that came without its seal."""
        with self._store.look() as connection:
            return looked_up(connection, asked)
