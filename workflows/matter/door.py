"""The one door at which a matter waits: for a decision, an action, or the next of its clocks.

Assumes one coroutine, the story's. After every wait it looks at the state again: signals go before any clock,
and an automatic step is taken only after `record` has found nothing pending against it.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Generic, Protocol

from temporalio import workflow

from workflows.matter import holding
from workflows.matter.judge import Judge
from workflows.matter.ledger import Answer as Recorded
from workflows.matter.ledger import Ledger, Step
from workflows.matter.state import Answer, Decided, Expired, Expiry, HumanTask, Interrupted, MatterState, Wait

with workflow.unsafe.imports_passed_through():
    from domain.matter.events import REMINDER, MatterEvent
    from domain.matter.tasks import SYSTEM
    from messages.matter.tasks import OfficeHold


class Course(Protocol):
    """How a kind of matter treats an event at the door, before its story sees it."""

    async def settles(self, answer: Decided | Interrupted, waits: tuple[Wait, ...]) -> bool:
        """Handle an answer that is alike at every step, or the store's to decide; else return `False`."""

    def expiry(self, wait: Wait) -> Expiry | None:
        """Return what follows from a passed limit; `None` if the story only looks again."""

    def was_held(self, hold: OfficeHold) -> None:
        """Count a hold that is over."""

    def timer(self, wait: Wait) -> str:
        """Return a name for the timer of a wait, for people."""


class Door(Generic[Step, Recorded]):
    """The one place where decisions, actions and passed limits reach a matter."""

    def __init__(
        self, state: MatterState, ledger: Ledger[Step, Recorded], judge: Judge, course: Course
    ) -> None:
        """Keep the parts that waiting needs."""
        self._state = state
        self._ledger = ledger
        self._judge = judge
        self._course = course

    async def answer(self, *waits: Wait) -> Answer:
        """Wait until one of these is decided, its limit passes, or an action changes the course.

        An exception by which the kind's course ends the matter early passes through.
        """
        while True:
            holding.begin(self._state, self._ledger)
            if (answer := await self._next_answer(waits)) is not None:
                if not await self._course.settles(answer, waits):
                    return answer
                continue
            holding.begin(self._state, self._ledger)
            if not self._ledger.is_empty:
                # Signals that arrive during this wait stay in the inbox and are judged next.
                await self.flush(waits)
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
            if due is not None and due.is_last and self._ledger.is_delivering:
                # Archive a matter only after its messages went out, or their time is used up.
                await self._stir(lambda: not self._ledger.is_delivering)
                continue
            if due is not None:
                if (expired := await self._expire(due)) is not None:
                    return expired
                continue
            if self._remind(waits, now):
                continue
            await self._sleep(waits, now)

    async def settle(self) -> None:
        """Record the rest and wait for the messages to go out; no task is open any more."""
        while not (self._ledger.is_empty and not self._state.inbox and not self._ledger.is_at_work):
            await self._next_answer(())
            if not self._ledger.is_empty:
                await self.flush()
            else:
                await self._stir(lambda: not self._ledger.is_at_work)

    async def flush(self, waits: tuple[Wait, ...] = ()) -> Recorded:
        """Record, and return the store's answer; signals that arrive meanwhile stay in the inbox."""
        asked_at = workflow.now()
        answer = await self._ledger.flush()
        clocks = {wait.key: wait.deadline for wait in (*self._state.open_tasks.values(), *waits)}
        for key, reading in answer.clocks.items():
            if key in clocks:
                clocks[key].set(reading, at=asked_at)
        self._ledger.show()
        return answer

    async def _hold(self, hold: OfficeHold, waits: tuple[Wait, ...], now: datetime) -> None:
        """Wait, with all clocks stopped, for the end of a hold, its release, or any signal."""
        if hold.until <= now:
            holding.lift(self._state, self._ledger, hold, waits)
            self._course.was_held(hold)
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

    async def _next_answer(self, waits: tuple[Wait, ...]) -> Decided | Interrupted | None:
        while True:
            while (answer := self._judge.next()) is not None:
                if isinstance(answer, Interrupted) or answer.task in waits:
                    return answer
            if (asked := self._judge.to_look_up()) is None:
                return None
            self._judge.vouch(asked, await self._ledger.look_up(asked))

    async def _stir(self, ended: Callable[[], bool]) -> None:
        """Wait for an activity, which has a time limit of its own, or for any signal."""
        await workflow.wait_condition(lambda: ended() or bool(self._state.inbox) or not self._ledger.is_empty)

    async def _sleep(self, waits: tuple[Wait, ...], now: datetime) -> None:
        """Sleep until a signal arrives, a hold begins, or the nearest reminder or due time has come."""
        nearest = min(
            (wait for wait in waits if wait.deadline.next_at), key=lambda wait: wait.deadline.next_at or now
        )
        until = min((nearest.deadline.next_at or now, *(hold.since for hold in self._state.holds)))
        try:
            await workflow.wait_condition(
                lambda: bool(self._state.inbox) or not self._ledger.is_empty,
                timeout=until - now,
                timeout_summary=self._course.timer(nearest),
            )
        except TimeoutError:
            # The caller looks at the inbox before the clocks, so a decision wins here too.
            return

    # Clocks.

    def _remind(self, waits: tuple[Wait, ...], now: datetime) -> bool:
        reminded = False
        for task in waits:
            if isinstance(task, HumanTask) and task.deadline.reminder_is_due(now):
                task.deadline.remind_at = None
                self._ledger.event(
                    MatterEvent.TASK_REMINDED,
                    actor=SYSTEM,
                    task_id=task.task_id,
                    data={"kind": task.kind, "unit": task.unit},
                )
                self._ledger.write(task.unit, REMINDER, kind=task.kind, task_id=task.task_id)
                reminded = True
        return reminded

    async def _expire(self, wait: Wait) -> Expired | None:
        """Take the automatic step, or put the decisions pending against it into the inbox."""
        expiry = self._course.expiry(wait)
        if expiry is None:
            return Expired(wait)
        # This record only asks. Its answer says which unit is responsible, so the next record tells the rest.
        answer = await self._ledger.expire(wait.key, expiry)
        if answer.pending:
            self._judge.hear_first(answer.pending)
            return None
        if answer.hold is not None:
            # The signal to hold is on its way: take no step that it forbids.
            holding.expect(self._state, answer.hold)
            return None
        self._ledger.hear(answer)
        expiry.apply(self._state)
        wait.deadline.expired = True
        self._ledger.show()
        return Expired(wait) if expiry.is_told else None
