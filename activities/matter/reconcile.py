"""The activities `drain_outbox` and `start_orders`: they send the rows that wait, and start orders just made.

They also continue an unfinished telling. Assumes a client of its own loop: database work goes to a thread,
calls to Temporal are awaited here.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from temporalio import activity

from activities.figures import UNCOUNTED, Figures
from messages.matter.outbox import Drained, StartMatter, StartOrders
from messages.matter.signals import CompleteTask
from messages.names import DRAIN_OUTBOX, START_ORDERS
from messages.wire import Wire
from runtime.histories import RunStanding, read_tail
from runtime.schedules import standing_of_meetings
from runtime.temporal import NotTaken, OrderGone, Orders, TemporalAway
from store.database import Store
from store.matter import outbox
from store.matter.outbox import SIGNALS, OutboxKind, Result, Unreadable
from store.matter.said.unheard import reject_if_archived
from store.mending import comparison
from store.order.joined.telling import tell_next

_BATCH = 50
_AT_ONCE = 8
_SLICE = 50
_REFUSED_FOR_GOOD = 5
"""After this many attempts a refusal by Temporal is taken as the row's fault, not the moment's."""
_SURELY_STARTED = timedelta(minutes=1)
_TIME_TO_LOOK = timedelta(seconds=20)
_TIME_USED_UP = timedelta(seconds=60)

_log = structlog.get_logger("reconcile")


class OutboxDrain:
    """Empties the outbox, or stops when its time is used up."""

    def __init__(
        self,
        store: Store,
        orders: Orders,
        now: Callable[[], datetime],
        figures: Figures = UNCOUNTED,
        *,
        inputs: Mapping[str, type[Wire]],
        interval: timedelta | None = None,
    ) -> None:
        """Keep store, the way to Temporal, clock and counters; `interval` is the pause wanted between two rounds.

        `inputs`: the input of each type of workflow that can be started.
        """
        self._inputs = inputs
        self._store = store
        self._orders = orders
        self._now = now
        self._figures = figures
        self._interval = interval
        self._looked_up_to = ""

    @activity.defn(name=DRAIN_OUTBOX)
    async def drain(self) -> Drained:
        """Look for lost starts, then send the rows that are ready, an order's start before its signals."""
        await self._look_for_lost_starts()
        started = signalled = 0
        until = self._now() + _TIME_USED_UP
        while self._now() < until:
            goes_on = await asyncio.to_thread(tell_next, self._store, now=self._now())
            claimed = await asyncio.to_thread(self._claim)
            if not claimed and not goes_on:
                break
            kinds = await self._send_all(claimed)
            started += kinds.count(OutboxKind.START)
            signalled += sum(kinds.count(each) for each in SIGNALS)
        await self._look_at_the_schedule()
        return Drained(
            started=started,
            signalled=signalled,
            waiting=await asyncio.to_thread(self._backlog),
            interval_seconds=self._interval.total_seconds() if self._interval else None,
        )

    @activity.defn(name=START_ORDERS)
    async def start(self, asked: StartOrders) -> Drained:
        """Start the orders that a step has made, and send their signals; the rest waits for a round."""
        kinds = await self._send_all(await asyncio.to_thread(self._claim_starts, asked.order_nos))
        await self._send_all(await asyncio.to_thread(self._claim_signals, asked.order_nos))
        return Drained(started=len(kinds), signalled=0, waiting=len(asked.order_nos) - len(kinds))

    async def _send_all(self, claimed: Sequence[outbox.WaitingRow]) -> list[str]:
        """Send the claimed rows, and return the kinds of those sent.

        No two rows of one order are claimed together, so their sequence is kept.
        """
        turn = asyncio.Semaphore(_AT_ONCE)
        sent = await asyncio.gather(*(self._send(each, turn) for each in claimed))
        return [each.kind for each, was_sent in zip(claimed, sent, strict=True) if was_sent]

    async def _look_for_lost_starts(self) -> None:
        """Start orders again whose workflow counts as started, but has recorded nothing and is gone.

        Each round looks at a slice: Temporal may have been restored to a time before these starts.
        """
        until = self._now() + _TIME_TO_LOOK
        for order_no in await asyncio.to_thread(self._slice):
            if self._now() >= until:
                return
            try:
                tail = await read_tail(await self._orders.client(), order_no)
            except TemporalAway:
                return
            if tail.standing is RunStanding.MISSING:
                await asyncio.to_thread(self._start_again, order_no)
                _log.warning("order_starts_again", order_no=order_no)
            elif tail.standing is not RunStanding.RUNNING:
                _log.warning("workflow_has_ended", order_no=order_no, standing=tail.standing)

    async def _look_at_the_schedule(self) -> None:
        """Show whether the meetings' schedule has lost a run, since that month would have no duties."""
        try:
            standing = await standing_of_meetings(await self._orders.client())
        except TemporalAway:
            return
        lost = standing.lost if standing else 0
        self._figures.schedule(lost=lost, is_stopped=standing is None or standing.is_paused)

    async def _send(self, waiting: outbox.WaitingRow, turn: asyncio.Semaphore) -> bool:
        async with turn:
            result, reason = await self._try(waiting)
            result = await asyncio.to_thread(self._settle, waiting, result, reason)
        self._figures.drained(waiting.kind, result)
        if result is Result.SET_ASIDE:
            _log.error("set_aside", order_no=waiting.matter_no, outbox_id=waiting.id, reason=reason)
        return result is Result.SENT

    async def _try(self, waiting: outbox.WaitingRow) -> tuple[Result, str | None]:
        """Send one row, and return its result, and the reason if it was refused."""
        try:
            match waiting.read(self._inputs):
                case StartMatter() as start if start.workflow_type not in self._inputs:
                    # A later version wrote this row: its workers will start it.
                    return Result.WAITS, None
                case StartMatter() as start:
                    await self._orders.start(start)
                case CompleteTask() as decided:
                    await self._orders.complete_task(waiting.matter_no, decided)
                case action:
                    await self._orders.act(waiting.matter_no, action)
        except Unreadable as unreadable:
            return Result.SET_ASIDE, str(unreadable)
        except NotTaken as refused:
            is_for_good = waiting.attempts >= _REFUSED_FOR_GOOD
            return Result.SET_ASIDE if is_for_good else Result.WAITS, str(refused)
        except TemporalAway:
            return Result.WAITS, None
        except OrderGone:
            return Result.NO_WORKFLOW, None
        return Result.SENT, None

    def _slice(self) -> list[str]:
        with self._store.read() as connection:
            page = comparison.never_recorded(
                connection, after=self._looked_up_to, before=self._now() - _SURELY_STARTED, limit=_SLICE
            )
        self._looked_up_to = page[-1] if len(page) == _SLICE else ""
        return page

    def _start_again(self, order_no: str) -> None:
        with self._store.write() as connection:
            comparison.start_again(connection, order_no, now=self._now())

    def _claim(self) -> list[outbox.WaitingRow]:
        with self._store.write() as connection:
            return outbox.claim(connection, now=self._now(), limit=_BATCH)

    def _claim_starts(self, order_nos: Collection[str]) -> list[outbox.WaitingRow]:
        with self._store.write() as connection:
            return outbox.claim_starts(connection, order_nos, now=self._now())

    def _claim_signals(self, order_nos: Collection[str]) -> list[outbox.WaitingRow]:
        with self._store.write() as connection:
            return outbox.claim_signals(connection, order_nos, now=self._now())

    def _settle(self, waiting: outbox.WaitingRow, result: Result, reason: str | None) -> Result:
        """Store the result; only the store knows whether an order without a workflow is archived."""
        with self._store.write() as connection:
            if result is Result.NO_WORKFLOW and reject_if_archived(
                connection, waiting.matter_no, waiting.said_id, now=self._now()
            ):
                result = Result.ORDER_ARCHIVED
            outbox.settle(connection, waiting, now=self._now(), result=result, reason=reason)
        return result

    def _backlog(self) -> int:
        with self._store.read() as connection:
            return outbox.backlog(connection, now=self._now()).rows
