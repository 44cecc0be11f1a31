"""Committing a step of a matter, once: the part that every kind shares.

Assumes that the kind's own activity is an ordinary, remote one (ADR-0003): its input is in history before it runs, so
the rows of the store are always a function of histories.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import structlog
from temporalio.exceptions import ApplicationError

from activities.figures import UNCOUNTED, Figures
from messages.matter.step import MatterAnswer, MatterStep
from store.database import Connection, Store
from store.matter.recorded import OtherRun, StepDiffers
from store.matter.step import Written

PresentRun = Callable[[str], str | None]
"""Returns the run of a matter that Temporal counts as the present one."""
Step = TypeVar("Step", bound=MatterStep)
Answer = TypeVar("Answer", bound=MatterAnswer)
_log = structlog.get_logger("record")


class Committer:
    """Commits steps of matters of any kind."""

    def __init__(
        self, store: Store, figures: Figures = UNCOUNTED, *, present_run: PresentRun | None = None
    ) -> None:
        """Keep store, counters, and the way to learn which run of a matter is the present one."""
        self._store = store
        self._figures = figures
        self._present_run = present_run

    def commit(self, step: Step, write: Callable[[Connection, Step, str | None], Written[Answer]]) -> Answer:
        """Commit a step, once; return its clocks, or the decisions pending before an automatic step.

        `write` gets the run that the step's own run has replaced, if any.
        """
        began = time.perf_counter()
        try:
            written = self._write(step, write)
        except StepDiffers as differs:
            # Tried again, not failed for good: once the rows are rebuilt, the matter goes on by itself.
            self._figures.refused("differs")
            _log.error("step_differs", matter_no=step.matter_no, seq=step.seq)
            raise ApplicationError(str(differs), type="StepDiffers") from None
        self._figures.recorded(step, written, timedelta(seconds=time.perf_counter() - began))
        return written.answer

    def _write(
        self, step: Step, write: Callable[[Connection, Step, str | None], Written[Answer]]
    ) -> Written[Answer]:
        """Commit a step; over the rows of another run only if Temporal says that this one has replaced it."""
        replaced: str | None = None
        while True:
            try:
                with self._store.write() as connection:
                    return write(connection, step, replaced)
            except OtherRun as other:
                if self._present_run is None:
                    raise
                if self._present_run(step.matter_no) != step.run_id:
                    self._figures.refused("stale")
                    raise ApplicationError(
                        f"matter {step.matter_no}: a later run has taken over",
                        type="StaleRun",
                        non_retryable=True,
                    ) from None
                replaced = other.run_id
