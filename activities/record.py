"""The activity `record`: what a step of an order produced goes into the store, in one transaction.

An ordinary, remote activity on purpose (ADR-0003): its input is in history before it runs, so the rows
of the store are always a function of histories.
"""

import time
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.figures import UNCOUNTED, Figures
from domain.policy import policy
from messages.directory import LookUp, Vouched
from messages.names import LOOK_UP, RECORD
from messages.records import RecordAnswer, RecordStep
from store.database import Store
from store.directory import look_up
from store.projections import StaleRun, write_step


class Recorder:
    """Writes the steps of orders."""

    def __init__(self, store: Store, figures: Figures = UNCOUNTED) -> None:
        """Keep store and counters."""
        self._store = store
        self._figures = figures

    @activity.defn(name=RECORD)
    def record(self, step: RecordStep) -> RecordAnswer:
        """Commit a step, once; gives the clocks it asked for, or what is pending before an automatic step."""
        began = time.perf_counter()
        try:
            with self._store.write() as connection:
                written = write_step(connection, step, policy(step.policy))
        except StaleRun as stale:
            self._figures.stale()
            raise ApplicationError(str(stale), type="StaleRun", non_retryable=True) from None
        self._figures.recorded(step, written, timedelta(seconds=time.perf_counter() - began))
        return written.answer

    @activity.defn(name=LOOK_UP)
    def look_up(self, asked: LookUp) -> Vouched:
        """Say what the directory in force says of codes that a signal typed by hand names."""
        with self._store.look() as connection:
            return look_up(connection, asked)
