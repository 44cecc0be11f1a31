"""The activity `open_period`: the duties of a period are opened, some communities at a time.

Assumes that it may die between two transactions: what was opened stays, and the next attempt opens the rest.
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
"""Communities of one transaction; nobody who writes waits longer than for these."""
_log = structlog.get_logger("duties")


class PeriodOpener:
    """Opens the duties of a period."""

    def __init__(self, store: Store, now: Callable[[], datetime], *, policy: str, page: str) -> None:
        """Keep store and clock; `policy` is that of the orders, `page` the address under which duties have theirs."""
        self._store = store
        self._now = now
        self._policy = policy
        self._page = page

    @activity.defn(name=OPEN_PERIOD)
    def open(self, asked: OpenPeriod) -> PeriodOpened:
        """Open what is owed in the period that an instant belongs to, once, and return what was opened."""
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
