"""Comparing store and Temporal, both ways: every open order has its workflow, every workflow its order.

Assumes that both change during a look: a suspect is looked at again before it is reported.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from messages.kinds import wires_of
from messages.matter.step import MatterStep
from messages.names import LONG_HISTORY
from runtime.histories import RunStanding, Tail, read_tail, running_matters
from runtime.temporal import Orders
from store.database import Connection, Store
from store.matter.recorded import StepDiffers, answered_before
from store.mending import comparison
from store.mending.comparison import Known, OldRow

_PAGE = 200
_AT_ONCE = 8
_SECOND_LOOK = 2.0
_TOO_LONG = timedelta(minutes=1)
_REBUILD = "run: dingdan rebuild {}"
_RECONCILE = "Reconcile sends it; if it does not, see docs/operate.md, Runbook"


_LONG = "nothing is wrong yet: see docs/runbooks.md, A long history"
_NO_WORKFLOW = "no workflow of the order runs: once one does, Reconcile sends it within five minutes"
_NOT_STARTED = ("its workflow has not started yet", _RECONCILE)
_ABSENT = {
    RunStanding.MISSING: (
        "it is open in the store and has no workflow",
        "Reconcile starts it again if it never ran, otherwise see docs/operate.md",
    ),
    RunStanding.COMPLETED: ("it is open in the store and its workflow has ended", _REBUILD),
    RunStanding.ENDED_BY_FORCE: (
        "it is open and its workflow was ended by force",
        "nobody is reminded any more: reset the workflow (docs/operate.md), then " + _REBUILD,
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A fault of one order, and what to do about it."""

    order_no: str
    what: str
    remedy: str

    def __str__(self) -> str:
        """Write it in one line."""
        return f"{self.order_no}: {self.what}; {self.remedy}"


class Comparison:
    """Looks at orders from both sides, a page at a time, and changes nothing."""

    def __init__(self, store: Store, orders: Orders, now: Callable[[], datetime]) -> None:
        """Keep store, the way to Temporal, and the clock."""
        self._store = store
        self._orders = orders
        self._now = now
        self.looked_at = 0

    async def findings(self, order_nos: Iterable[str] | None = None) -> AsyncGenerator[Finding]:
        """Compare these orders, or all that are open on either side, and find rows that have waited too long.

        Raises:
            TemporalAway: it refused or did not answer.
            StoreUnavailable: the store does not answer.
        """
        named = None if order_nos is None else list(order_nos)
        async for each in self._compare_all() if named is None else self._compare(named):
            yield each
        async for each in self._waits_too_long(named):
            yield each

    async def _compare_all(self) -> AsyncGenerator[Finding]:
        async for page in self._open_orders():
            async for each in self._compare(page):
                yield each
        async for page in self._running_matters():
            closed = await asyncio.to_thread(self._not_open, page)
            async for each in self._compare(closed):
                yield each

    async def _open_orders(self) -> AsyncGenerator[list[str]]:
        after = ""
        while page := await asyncio.to_thread(self._page, after):
            yield page
            after = page[-1]

    async def _running_matters(self) -> AsyncGenerator[list[str]]:
        page: list[str] = []
        async for order_no in running_matters(await self._orders.client()):
            page.append(order_no)
            if len(page) == _PAGE:
                yield page
                page = []
        if page:
            yield page

    async def _compare(self, order_nos: list[str]) -> AsyncGenerator[Finding]:
        """Look at each order, and after a moment look again at the suspects."""
        self.looked_at += len(order_nos)
        suspects = [each.order_no for each in await self._look(order_nos)]
        if suspects:
            await asyncio.sleep(_SECOND_LOOK)
            for each in await self._look(suspects):
                yield each

    async def _look(self, order_nos: list[str]) -> list[Finding]:
        client = await self._orders.client()
        turn = asyncio.Semaphore(_AT_ONCE)

        async def tail(order_no: str) -> Tail:
            async with turn:
                return await read_tail(client, order_no)

        tails = await asyncio.gather(*(tail(each) for each in order_nos))
        return await asyncio.to_thread(self._judge, dict(zip(order_nos, tails, strict=True)))

    def _judge(self, tails: dict[str, Tail]) -> list[Finding]:
        findings = []
        with self._store.read() as connection:
            known = comparison.known_matters(connection, tails)
            for order_no, tail in tails.items():
                step = _last_step(connection, tail)
                is_recorded = step is None or _is_recorded(connection, step)
                if seen := _look_at(known.get(order_no), tail, step, is_recorded=is_recorded):
                    what, remedy = seen
                    findings.append(Finding(order_no=order_no, what=what, remedy=remedy.format(order_no)))
        return findings

    def _page(self, after: str) -> list[str]:
        with self._store.read() as connection:
            return comparison.page_of_numbers(connection, after=after, limit=_PAGE, only_open=True)

    def _not_open(self, order_nos: list[str]) -> list[str]:
        with self._store.read() as connection:
            known = comparison.known_matters(connection, order_nos)
        return [each for each in order_nos if each not in known or not known[each].is_open]

    async def _waits_too_long(self, named: list[str] | None) -> AsyncGenerator[Finding]:
        before = self._now() - _TOO_LONG
        said = ("", "")
        while decisions := await asyncio.to_thread(self._old_decisions, before, said, named):
            for order_no, said_id in decisions:
                yield _waiting(order_no, f"decision {said_id} has been pending too long")
            said = decisions[-1]
        row_id = 0
        while rows := await asyncio.to_thread(self._old_outbox_rows, before, row_id, named):
            for row in rows:
                yield _unsent(row)
            row_id = rows[-1].id

    def _old_decisions(
        self, before: datetime, after: tuple[str, str], named: list[str] | None
    ) -> list[tuple[str, str]]:
        with self._store.read() as connection:
            return comparison.old_decisions(connection, before=before, after=after, limit=_PAGE, only=named)

    def _old_outbox_rows(self, before: datetime, after: int, named: list[str] | None) -> list[OldRow]:
        with self._store.read() as connection:
            return comparison.old_outbox_rows(connection, before=before, after=after, limit=_PAGE, only=named)


def _waiting(order_no: str, what: str) -> Finding:
    return Finding(order_no=order_no, what=what, remedy=_RECONCILE)


def _unsent(row: OldRow) -> Finding:
    what = f"a {row.kind} has waited in the outbox too long"
    if row.reason is not None:
        what = f"a {row.kind} was set aside ({row.reason})"
        return Finding(
            order_no=row.order_no, what=what, remedy=f"once it is fixed, run: dingdan outbox retry {row.id}"
        )
    if row.lacks_workflow:
        return Finding(order_no=row.order_no, what=what, remedy=_NO_WORKFLOW)
    return _waiting(row.order_no, what)


def _last_step(connection: Connection, tail: Tail) -> MatterStep | None:
    """Return the step that the rows have to show: one that is under way may have been committed already."""
    if tail.under_way is not None and _is_recorded(connection, tail.under_way):
        return tail.under_way
    return tail.step


def _is_recorded(connection: Connection, step: MatterStep) -> bool:
    try:
        return answered_before(connection, step, wires_of(step.matter_no).answer) is not None
    except StepDiffers:
        return False


def _look_at(
    known: Known | None, tail: Tail, step: MatterStep | None, *, is_recorded: bool
) -> tuple[str, str] | None:
    """Say what is wrong with an order, and what to do about it; return `None` if all is well."""
    match tail.standing:
        case RunStanding.MISSING if known is None:
            return "it is in neither store nor Temporal", "look for the right number"
        case _ if known is None:
            return (
                "its workflow has no row in the store",
                f"restore the store from a backup, then {_REBUILD}",
            )
        case RunStanding.RUNNING if tail.fails:
            return "its workflow task fails", "nothing is lost: see docs/operate.md, Runbook"
        case RunStanding.RUNNING:
            differs = _differs(known, step, is_recorded=is_recorded)
            return (differs, _REBUILD) if differs else _too_long(tail)
        case _ if not known.is_open:
            return None
        case standing:
            waits = standing is RunStanding.MISSING and known.waits_in_outbox
            return _NOT_STARTED if waits else _ABSENT[standing]


def _too_long(tail: Tail) -> tuple[str, str] | None:
    return (f"its history has {tail.length} events", _LONG) if tail.length >= LONG_HISTORY else None


def _differs(known: Known, step: MatterStep | None, *, is_recorded: bool) -> str | None:
    if not known.is_open:
        return "it is archived in the store and its workflow runs"
    if not is_recorded:
        return "its last step is not in the store"
    if step is None:
        return (
            "its history is older than the store: it has recorded nothing yet" if known.recorded_seq else None
        )
    return known.differs_from(step)
