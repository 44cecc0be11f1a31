"""The activity `drain_outbox`: starts and signals that did not get through at once.

Assumes a client of its own loop: database work goes to a thread, calls to Temporal are awaited here.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from temporalio import activity

from activities.figures import UNCOUNTED, Figures
from messages.names import DRAIN_OUTBOX
from messages.orders import Drained, StartOrder
from messages.signals import CompleteTask, OrderAction
from runtime.histories import Standing, read_tail
from runtime.temporal import OrderGone, Orders, TemporalAway
from store import comparison, outbox
from store.database import Store
from store.decisions import reject_unsent

_BATCH = 50
_AT_ONCE = 8
_SLICE = 50
_SURELY_STARTED = timedelta(minutes=1)
_TIME_TO_LOOK = timedelta(seconds=20)
_TIME_USED_UP = timedelta(seconds=60)

_log = structlog.get_logger("reconcile")


class OutboxDrain:
    """Empties the outbox, or stops when its time is used up."""

    def __init__(
        self, store: Store, orders: Orders, now: Callable[[], datetime], figures: Figures = UNCOUNTED
    ) -> None:
        """Keep store, the way to Temporal, clock and counters."""
        self._store = store
        self._orders = orders
        self._now = now
        self._figures = figures
        self._looked_up_to = ""

    @activity.defn(name=DRAIN_OUTBOX)
    async def drain(self) -> Drained:
        """Send what is ready, an order's start before its signals; first look for starts that were lost."""
        await self._look_for_lost_starts()
        started = signalled = 0
        until = self._now() + _TIME_USED_UP
        while self._now() < until:
            claimed = await asyncio.to_thread(self._claim)
            if not claimed:
                break
            # No two of one order are claimed together, so their sequence is kept.
            turn = asyncio.Semaphore(_AT_ONCE)
            sent = await asyncio.gather(*(self._send(each, turn) for each in claimed))
            kinds = [each.kind for each, was_sent in zip(claimed, sent, strict=True) if was_sent]
            started += kinds.count(outbox.OutboxKind.START)
            signalled += kinds.count(outbox.OutboxKind.SIGNAL)
        return Drained(started=started, signalled=signalled, waiting=await asyncio.to_thread(self._backlog))

    async def _look_for_lost_starts(self) -> None:
        """Let orders start again whose workflow counts as started, has recorded nothing, and is not there.

        A slice each round: Temporal may have been restored from a time before these starts.
        """
        until = self._now() + _TIME_TO_LOOK
        for order_no in await asyncio.to_thread(self._slice):
            if self._now() >= until:
                return
            try:
                tail = await read_tail(await self._orders.client(), order_no)
            except TemporalAway:
                return
            if tail.standing is Standing.MISSING:
                await asyncio.to_thread(self._start_again, order_no)
                _log.warning("order_starts_again", order_no=order_no)
            elif tail.standing is not Standing.RUNNING:
                _log.warning("workflow_has_ended", order_no=order_no, standing=tail.standing)

    async def _send(self, waiting: outbox.Waiting, turn: asyncio.Semaphore) -> bool:
        async with turn:
            result = await self._try(waiting)
            await asyncio.to_thread(self._settle, waiting, result)
        self._figures.drained(waiting.kind, result)
        return result == "sent"

    async def _try(self, waiting: outbox.Waiting) -> str | None:
        """Send one; gives its result, `None` if it has to wait."""
        try:
            if waiting.kind is outbox.OutboxKind.START:
                await self._orders.start(StartOrder.model_validate(waiting.payload))
            elif waiting.payload.get("kind") == "decision":
                await self._orders.complete_task(
                    waiting.order_no, CompleteTask.model_validate(waiting.payload)
                )
            else:
                await self._orders.act(waiting.order_no, OrderAction.model_validate(waiting.payload))
        except TemporalAway:
            return None
        except OrderGone:
            return "order_archived"
        return "sent"

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

    def _claim(self) -> list[outbox.Waiting]:
        with self._store.write() as connection:
            return outbox.claim(connection, now=self._now(), limit=_BATCH)

    def _settle(self, waiting: outbox.Waiting, result: str | None) -> None:
        with self._store.write() as connection:
            outbox.settle(connection, waiting, now=self._now(), result=result)
            said_id = waiting.payload.get("decision_id") or waiting.payload.get("action_id")
            if result == "order_archived" and said_id:
                reject_unsent(connection, waiting.order_no, said_id, now=self._now())

    def _backlog(self) -> int:
        with self._store.read() as connection:
            return outbox.backlog(connection)[0]
