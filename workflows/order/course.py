"""How an order treats an event at its door: joins and withdrawals, which the store decides, and limits.

Assumes the one door, which asks here before the story sees an answer.
"""

from typing import assert_never

from temporalio import workflow

from workflows.matter.door import Door
from workflows.matter.ledger import Ledger
from workflows.matter.state import Decided, Expiry, HumanTask, Interrupted, Wait
from workflows.order import visibility
from workflows.order.asking import Asking
from workflows.order.state import Led, Merged, OrderWait, Rest, State, Window, Withdrawn

with workflow.unsafe.imports_passed_through():
    from domain.matter.events import MatterEvent
    from domain.matter.numbers import order_number
    from domain.matter.tasks import SYSTEM
    from domain.order.actions import ActionName
    from domain.order.events import EventName
    from domain.order.lifecycle import LEADING, TaskKind
    from domain.order.words import Stage
    from domain.text import is_visible
    from messages.matter.signals import Said
    from messages.matter.tasks import OfficeHold
    from messages.order.step import MergeRequest, OrderAnswer, OrderStep

_MERGES = frozenset({"mark_duplicate", "merge"})


class OrderCourse:
    """The course of one order, between its door and its story."""

    door: Door[OrderStep, OrderAnswer]
    """The door by which it records; `Case` sets it, since the door needs the course first."""

    def __init__(self, state: State, asking: Asking, ledger: Ledger[OrderStep, OrderAnswer]) -> None:
        """Keep the order and its way to the store."""
        self._state = state
        self._asking = asking
        self._ledger = ledger

    async def settles(self, answer: Decided | Interrupted, waits: tuple[Wait, ...]) -> bool:
        """Join the order or take it back, as the store decides; `False` leaves the answer to the story.

        Raises:
            Merged: the order was joined to another one.
            Withdrawn: its resident took it back, and no other resident waits for it.
        """
        if answer.said.said_name == ActionName.WITHDRAW:
            await self._withdraw(waits)
        elif answer.said.said_name in _MERGES:
            await self._merge(answer.said, waits)
        else:
            return False
        return True

    async def _withdraw(self, waits: tuple[Wait, ...]) -> None:
        self._asking.withdraw()
        if not (await self.door.flush(waits)).goes_on:
            raise Withdrawn
        self._state.requester_left = True
        self._ledger.event(EventName.REQUESTER_LEFT, actor=SYSTEM)

    async def _merge(self, said: Said, waits: tuple[Wait, ...]) -> None:
        leading = order_number(said.fields[LEADING.name]) or ""
        reasoned = "reason" in said.stored or is_visible(str(said.fields.get("reason") or said.comment or ""))
        self._asking.merge(
            MergeRequest(
                leading_order_no=leading,
                said_id=said.said_id,
                actor=said.actor,
                reasoned=reasoned,
                promise=self._state.promise_at(workflow.now(), rested=True),
            )
        )
        answer = await self.door.flush(waits)
        if (refused := answer.merge_refused) is None:
            self._state.answers_before = answer.answers
            raise Merged(leading)
        data = {"leading": leading, "reason": refused.reason}
        self._ledger.event(EventName.MERGE_REFUSED, actor=SYSTEM, data=data)

    def was_held(self, hold: OfficeHold) -> None:
        """Count a hold against the promise, up to a rest that began in it: the rest counts by itself."""
        rest = self._state.rest
        self._asking.rested(hold.since, hold.until if rest is None else min(hold.until, rest.began))

    def timer(self, wait: Wait) -> str:
        """Return a name for the timer of a wait, for people."""
        return visibility.timer_summary(_known(wait))

    def expiry(self, wait: Wait) -> Expiry | None:
        """Return what follows from a passed limit; `None` if the story only looks again."""
        wait, ledger = _known(wait), self._ledger
        match wait:
            case Led():
                return None
            case Window():
                return Expiry(event=ledger.numbered(MatterEvent.ARCHIVED, actor=SYSTEM), stage=Stage.ARCHIVED)
            case Rest():
                data = {"asked": wait.asks}
                return Expiry(event=ledger.numbered(EventName.REST_ENDED, actor=SYSTEM, data=data))
            case HumanTask():
                stays = self._stays_open(wait)
                # Under supervision the passed limit is only noted; the leader decides what follows.
                is_told = not (stays and self._state.supervised)
                is_late = wait.kind == TaskKind.HANDLE
                return ledger.expiry_of(wait, stays=stays, is_late=is_late, is_told=is_told)
            case _:
                assert_never(wait)

    def _stays_open(self, task: HumanTask) -> bool:
        """Tell whether a task stays open past its limit: `explain`, or work at the top or supervised."""
        if task.kind == TaskKind.HANDLE:
            return task.tier.above is None or self._state.supervised
        return task.kind == TaskKind.EXPLAIN


def _known(wait: Wait) -> OrderWait:
    """Narrow the type of a wait that the door hands back: an order has no other waits."""
    if isinstance(wait, HumanTask | Rest | Window | Led):
        return wait
    raise TypeError(f"an order does not wait for {wait.key}")
