"""The activity `open_period`: it opens the duties of a period, a batch of communities at a time.

Assumes that it may die between two transactions: opened duties stay, and the next attempt opens the rest.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
from temporalio import activity

from domain.duty.periods import period_at
from domain.duty.policy import duty_book_beside
from messages.duty.opening import OpenPeriod, PeriodOpened
from messages.names import OPEN_PERIOD
from store.database import Store
from store.duty.opening import communities_of, open_duties

BATCH = 100
"""Communities in one transaction; no other writer waits for more than these."""
_log = structlog.get_logger("duties")


class PeriodOpener:
    """Opens the duties of a period."""

    def __init__(self, store: Store, now: Callable[[], datetime], *, policy: str, page: str) -> None:
        """Keep store and clock; `policy` is that of the orders, `page` the address of all duties' pages."""
        self._store = store
        self._now = now
        self._policy = policy
        self._page = page

    @activity.defn(name=OPEN_PERIOD)
    def open(self, asked: OpenPeriod) -> PeriodOpened:
        """Open the duties of the period that an instant belongs to, each once, and return what was opened."""
        book = duty_book_beside(self._policy)
        period = period_at(asked.at, book.rhythm)
        with self._store.read() as connection:
            communities = communities_of(connection)
        opened, known = list[str](), 0
        for start in range(0, len(communities), BATCH):
            with self._store.write() as connection:
                done = open_duties(
                    connection,
                    communities[start : start + BATCH],
                    period,
                    book,
                    page=self._page,
                    now=self._now(),
                )
            opened += done.duty_nos
            known += done.known
            if activity.in_activity():
                activity.heartbeat(len(opened) + known)
        _log.info("period_opened", period=period.name, opened=len(opened), known=known)
        return PeriodOpened(period=period.name, opened=tuple(opened), known=known)
