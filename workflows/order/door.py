"""The one door at which an order waits: for a decision, an action, or the next of its clocks.

Assumes one coroutine, the story's. After every wait the state is looked at again: what was said goes
before any clock, and an automatic step is taken only after `record` has found nothing pending against it.
"""

from collections.abc import Callable
from datetime import datetime

from temporalio import workflow

from workflows.order import holding, visibility
from workflows.order.expiry import expiry_of
from workflows.order.judge import Judge
from workflows.order.ledger import Ledger
from workflows.order.state import (
    Answer,
    Expired,
    HumanTask,
    Interrupted,
    Led,
    Merged,
    State,
    Wait,
    Window,
    Withdrawn,
)

with workflow.unsafe.imports_passed_through():
    from domain.matter.numbers import order_number
    from domain.matter.tasks import SYSTEM
    from domain.order.actions import ActionName
    from domain.order.events import EventName
    from domain.order.lifecycle import LEADING, TaskKind
    from domain.order.templates import Template
    from domain.text import is_visible
    from messages.matter.signals import Said
    from messages.matter.tasks import OfficeHold
    from messages.order.step import LeadingStands, MergeRequest, OrderAnswer


_MERGES = frozenset({"mark_duplicate", "merge"})


class Door:
    """Where everything that happens to an order comes in."""

    def __init__(self, state: State, ledger: Ledger, judge: Judge) -> None:
        """Keep what waiting needs."""
        self._state = state
        self._ledger = ledger
        self._judge = judge

    async def answer(self, *waits: Wait) -> Answer:
        """Wait until one of these is decided, its limit passes, or an action changes the course.

        Raises:
            Withdrawn: the resident took the order back.
            Merged: it was joined to another one.
        """
        while True:
            holding.begin(self._state, self._ledger)
            if (answer := await self._next_answer(waits)) is not None:
                if not await self._is_settled(answer, waits):
                    return answer
                continue
            holding.begin(self._state, self._ledger)
            if not self._ledger.is_empty:
                # Signals may come while this is awaited; they wait in the inbox and are judged next.
                await self._flush(waits)
                continue
            now = workflow.now()
            if (hold := self._state.hold) is not None:
                await self._hold(hold, waits, now)
                continue
            due = min(
                (wait for wait in waits if wait.deadline.is_due(now)),
                key=lambda wait: wait.deadline.due_at or now,
                default=None,
            )
            if isinstance(due, Window) and self._ledger.is_delivering:
                # An order is archived only after its messages went out, or their time is used up.
                await self._stir(lambda: not self._ledger.is_delivering)
                continue
            if due is not None:
                if (expired := await self._expire(due)) is not None:
                    return expired
                continue
            if self._remind(waits, now):
                continue
            await self._sleep(waits, now)

    async def route(self) -> None:
        """Record, and learn which unit is responsible now; signals that arrive meanwhile stay in the inbox."""
        self._ledger.route()
        await self._flush(())

    async def leading(self) -> LeadingStands:
        """Record, and hear how the order stands that this one was joined to; what is said meanwhile waits."""
        self._ledger.ask_leading()
        return (await self._flush(())).leading or LeadingStands(answered=True)

    async def settle(self) -> None:
        """Record all that is left and let the messages go out; nothing is open any more."""
        while not (self._ledger.is_empty and not self._state.inbox and not self._ledger.is_delivering):
            await self._next_answer(())
            if not self._ledger.is_empty:
                await self._flush(())
            else:
                await self._stir(lambda: not self._ledger.is_delivering)

    async def _hold(self, hold: OfficeHold, waits: tuple[Wait, ...], now: datetime) -> None:
        """Let no clock run while the office holds: wait for its end, its release, or anything that is said."""
        if hold.until <= now:
            holding.lift(self._state, self._ledger, hold, waits)
            return
        try:
            await workflow.wait_condition(
                lambda: bool(self._state.inbox) or not self._ledger.is_empty,
                timeout=hold.until - now,
                timeout_summary="the office holds its clocks · 全所暂停计时",
            )
        except TimeoutError:
            # The caller looks again: the hold is over now.
            return

    async def _next_answer(self, waits: tuple[Wait, ...]) -> Answer | None:
        while True:
            while (answer := self._judge.next()) is not None:
                if isinstance(answer, Interrupted) or answer.task in waits:
                    return answer
            if (asked := self._judge.to_look_up()) is None:
                return None
            self._judge.vouch(asked, await self._ledger.look_up(asked))

    async def _is_settled(self, answer: Answer, waits: tuple[Wait, ...]) -> bool:
        """Do here what is the same at every step, and what the store decides; `False`: it is for the story.

        Raises:
            Merged: the order was joined to another one.
            Withdrawn: its resident took it back, and nobody else waits for it.
        """
        if isinstance(answer, Expired):
            return False
        if answer.said.said_name == ActionName.WITHDRAW:
            await self._withdraw(waits)
        elif answer.said.said_name in _MERGES:
            await self._merge(answer.said, waits)
        else:
            return False
        return True

    async def _withdraw(self, waits: tuple[Wait, ...]) -> None:
        self._ledger.withdraw()
        if not (await self._flush(waits)).goes_on:
            raise Withdrawn
        self._state.requester_left = True
        self._ledger.event(EventName.REQUESTER_LEFT, actor=SYSTEM)

    async def _merge(self, said: Said, waits: tuple[Wait, ...]) -> None:
        leading = order_number(said.fields[LEADING.name]) or ""
        reasoned = "reason" in said.stored or is_visible(str(said.fields.get("reason") or said.comment or ""))
        self._ledger.merge(
            MergeRequest(
                leading_order_no=leading,
                said_id=said.said_id,
                actor=said.actor,
                reasoned=reasoned,
                promise=self._state.promise_at(workflow.now(), rested=True),
            )
        )
        answer = await self._flush(waits)
        if (refused := answer.merge_refused) is None:
            self._state.answers_before = answer.answers
            raise Merged(leading)
        data = {"leading": leading, "reason": refused.reason}
        self._ledger.event(EventName.MERGE_REFUSED, actor=SYSTEM, data=data)

    async def _flush(self, waits: tuple[Wait, ...]) -> OrderAnswer:
        """Record, and return what the store said."""
        asked_at = workflow.now()
        answer = await self._ledger.flush()
        clocks = {wait.key: wait.deadline for wait in (*self._state.open_tasks.values(), *waits)}
        for key, reading in answer.clocks.items():
            if key in clocks:
                clocks[key].set(reading, at=asked_at)
        self._ledger.show()
        return answer

    async def _stir(self, ended: Callable[[], bool]) -> None:
        """Wait for an activity that is bounded itself, or for anything to be said."""
        await workflow.wait_condition(lambda: ended() or bool(self._state.inbox) or not self._ledger.is_empty)

    async def _sleep(self, waits: tuple[Wait, ...], now: datetime) -> None:
        """Sleep until somebody says something, a hold begins, or the nearest of reminder and due time has come."""
        nearest = min(
            (wait for wait in waits if wait.deadline.next_at), key=lambda wait: wait.deadline.next_at or now
        )
        until = min((nearest.deadline.next_at or now, *(hold.since for hold in self._state.holds)))
        try:
            await workflow.wait_condition(
                lambda: bool(self._state.inbox) or not self._ledger.is_empty,
                timeout=until - now,
                timeout_summary=visibility.timer_summary(
                    nearest, reminder=nearest.deadline.remind_at is not None
                ),
            )
        except TimeoutError:
            # Whatever fired: the caller looks at inbox and clocks again, so a decision wins here too.
            return

    # Clocks.

    def _remind(self, waits: tuple[Wait, ...], now: datetime) -> bool:
        reminded = False
        for task in waits:
            if isinstance(task, HumanTask) and task.deadline.reminder_is_due(now):
                task.deadline.remind_at = None
                self._ledger.event(
                    EventName.TASK_REMINDED,
                    actor=SYSTEM,
                    task_id=task.task_id,
                    data={"kind": task.kind, "unit": task.unit},
                )
                self._ledger.write(task.unit, Template.REMINDER, kind=task.kind, task_id=task.task_id)
                reminded = True
        return reminded

    async def _expire(self, wait: Wait) -> Expired | None:
        """Take the automatic step, or hear what the store has pending against it."""
        if isinstance(wait, Led):
            # A look follows, nothing else.
            return Expired(wait)
        stays = isinstance(wait, HumanTask) and self._stays_open(wait)
        expiry = expiry_of(wait, self._ledger, stays=stays)
        # This record asks; what follows from it is told by the next one, since the answer says who is responsible.
        facts = expiry.facts(self._ledger)
        answer = await self._ledger.expire(wait.key, expiry.event, expiry.closed, facts)
        if answer.pending:
            self._judge.hear_first(answer.pending)
            return None
        if answer.hold is not None:
            # The order to hold is on its way: nothing is taken that it forbids.
            holding.expect(self._state, answer.hold)
            return None
        self._state.hear_routing(answer.routing)
        expiry.apply(self._state)
        wait.deadline.expired = True
        self._ledger.show()
        # Under supervision the limit of the work is noted; what follows is the leader's to say.
        return None if stays and self._state.supervised else Expired(wait)

    def _stays_open(self, task: HumanTask) -> bool:
        """Work goes on beside its supervision: at the district, for an explanation, and under a leader's eye."""
        if task.kind is TaskKind.HANDLE:
            return task.tier.above is None or self._state.supervised
        return task.kind is TaskKind.EXPLAIN
