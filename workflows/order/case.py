"""The case: the only way to change an order.

Assumes one coroutine, the story's. The steps say here what happens to the order; waiting is behind
`answer`, the one door.
"""

from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow

from workflows.order.clock import Deadline
from workflows.order.door import Door
from workflows.order.judge import Judge
from workflows.order.ledger import Ledger
from workflows.order.state import Answer, Decided, HumanTask, Malformed, State, Wait, Window

with workflow.unsafe.imports_passed_through():
    from domain.deadlines import Basis
    from domain.lifecycle import SYSTEM, TASKS, TaskKind, TaskState
    from domain.orders import Ending, OrderClass, Role, Stage, Tier
    from domain.policy import policy
    from messages.names import REQUESTER
    from messages.orders import OrderStatus, StartOrder, TaskStatus
    from messages.records import ClockRequest, PromiseRequest, TaskOpened
    from messages.signals import Said

_ID_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Case:
    """One order: its state, what may be done to it, and its wait."""

    def __init__(self, start: StartOrder) -> None:
        """Begin where the intake left the order: the first task is open."""
        self.start = start
        self.state = State.of(start)
        self.book = policy(start.policy)
        self._ledger = Ledger(start, self.state)
        self._door = Door(self.state, self._ledger, Judge(self.state, self._ledger))

    # What the story does to an order.

    def enter(self, stage: Stage) -> None:
        """Go to a stage."""
        self.state.stage = stage

    def note(self, type_: str, *, actor: str = SYSTEM, **data: Any) -> int:
        """Write an event, in the past tense; gives its number."""
        return self._ledger.event(type_, actor=actor, data=data)

    def write(self, recipient: str, template: str, *, text_of: str | None = None, **data: Any) -> None:
        """Write a message; its text, if any, is that of the decision named."""
        self._ledger.write(recipient, template, text_of=text_of, **data)

    def begin(
        self,
        kind: TaskKind,
        basis: Basis,
        *,
        unit: str,
        tier: Tier,
        role: Role,
        repetition: int = 1,
        after: timedelta = timedelta(0),
    ) -> HumanTask:
        """Open a task, now or after a while. It is open here before `record` shows it: nobody is faster than we."""
        now = workflow.now() + after
        self.state.tasks_opened += 1
        task = HumanTask(
            task_id=f"{self.start.order_no}-{self.state.tasks_opened}-{self._suffix()}",
            kind=kind,
            unit=unit,
            tier=tier,
            role=role,
            opened_at=now,
            deadline=Deadline(reminds=TASKS[kind].reminds),
        )
        self.state.open_tasks[task.task_id] = task
        self._ledger.opened(
            TaskOpened(task_id=task.task_id, kind=kind, unit=unit, tier=tier, role=role, opened_at=now)
        )
        self._ask_for_clock(task, basis, since=now, repetition=repetition)
        return task

    def restart(self, task: HumanTask, basis: Basis, *, given: datetime | None = None) -> None:
        """Give an open task a new clock, from now."""
        task.deadline.clear()
        self._ask_for_clock(task, basis, given=given)

    def supersede(self, *tasks: HumanTask) -> None:
        """Close tasks that nobody has to finish any more."""
        for task in tasks:
            self._ledger.close(task, TaskState.SUPERSEDED, "superseded", SYSTEM)

    def classify(self, order_class: OrderClass, *, rule: str) -> None:
        """Class the order; in the first round this makes the promise, counted from receipt."""
        state = self.state
        state.order_class = order_class
        if state.round == 1:
            self._ledger.promise(PromiseRequest(since=self.start.received_at, order_class=order_class))
        self.note("OrderClassified", order_class=order_class, category=state.category, rule=rule)

    def assign(self, unit: str, tier: Tier, *, rule: str) -> None:
        """Make a unit responsible and tell the resident what is promised."""
        state = self.state
        state.unit, state.tier, state.lead = unit, tier, unit
        self.note("OrderDispatched", unit=unit, tier=tier, rule=rule)
        self.write(REQUESTER, "accepted", unit=unit)

    def end(self, ending: Ending, decided: Decided) -> None:
        """Settle how the order ends, by whose decision; the reply takes its text from there."""
        self.state.ending = ending
        self.state.handled_by = decided.said.actor
        self.state.answered_by = decided.said.decision_id

    def reply(self) -> None:
        """Answer the resident with the text of the decision that ended the work."""
        self.note("OrderReplied", ending=self.state.ending)
        self.write(REQUESTER, f"replied_{self.state.ending}", text_of=self.state.answered_by)

    def rework(self) -> None:
        """Begin another round with the last lead unit; past the cap under supervision, and for the last time."""
        state = self.state
        state.reworks += 1
        if state.reworks > self.book.rework_cap:
            state.counts_only = True
            state.supervised_from_start = True
        self._next_round("rework")

    def reopen(self) -> None:
        """Begin another round because the resident came back within the window."""
        self.state.reopened = True
        self._next_round("reopened")

    def withdraw(self) -> None:
        """End early: nobody has to do anything any more."""
        self.supersede(*self.state.open_tasks.values())
        self.state.ending = Ending.WITHDRAWN

    def status(self) -> OrderStatus:
        """Say how the order stands."""
        state = self.state
        return OrderStatus.model_validate(
            {
                "order_no": self.start.order_no,
                "stage": state.stage,
                "ending": state.ending,
                "round": state.round,
                "tier": state.tier,
                "unit": state.unit,
                "class": state.order_class,
                "category": state.category,
                "received_at": self.start.received_at,
                "promised_at": state.promised_at,
                "due_at": state.due_at,
                "escalations": state.escalations,
                "overdue": state.overdue,
                "provisional": state.is_provisional,
                "tasks": tuple(self._task_status(task) for task in state.open_tasks.values()),
                "refusals": tuple(state.refused),
            }
        )

    def _task_status(self, task: HumanTask) -> TaskStatus:
        return TaskStatus(
            task_id=task.task_id,
            order_no=self.start.order_no,
            kind=task.kind,
            unit=task.unit,
            tier=task.tier,
            role=task.role,
            opened_at=task.opened_at,
            due_at=task.deadline.due_at,
            remind_at=task.deadline.remind_at,
        )

    def _next_round(self, cause: str) -> None:
        self.state.round += 1
        self.state.supervisions = 0
        self.state.ending = None
        self._ledger.promise(PromiseRequest(since=workflow.now()))
        self.note("RoundBegan", cause=cause, round=self.state.round)

    def window(self) -> Window:
        """Open the reopening window."""
        window = Window()
        self._ledger.clock(ClockRequest(key=window.key, basis=Basis.WINDOW, since=workflow.now()))
        return window

    def hear(self, said: Said | Malformed) -> None:
        """Keep what a signal said; called by the handlers, which do nothing else."""
        self.state.inbox.append(said)

    async def answer(self, *waits: Wait) -> Answer:
        """Wait until one of these is decided, its limit passes, or an action changes the course.

        Raises:
            Withdrawn: the resident took the order back.
        """
        return await self._door.answer(*waits)

    async def settle(self) -> None:
        """Record all that is left and let the messages go out; nothing is open any more."""
        await self._door.settle()

    def _ask_for_clock(
        self,
        task: HumanTask,
        basis: Basis,
        *,
        since: datetime | None = None,
        repetition: int = 1,
        given: datetime | None = None,
    ) -> None:
        task.deadline.asked = ClockRequest(
            key=task.key,
            basis=basis,
            since=since or workflow.now(),
            order_class=self.state.order_class or self.state.suggested_class,
            promised_at=self.state.promised_at,
            promise_is_provisional=self.state.promise_is_provisional,
            repetition=repetition,
            given=given,
        )
        self._ledger.clock(task.deadline.asked)

    @staticmethod
    def _suffix() -> str:
        """Make a task's id differ after an operator's reset, when its number comes again."""
        return "".join(workflow.random().choices(_ID_LETTERS, k=4))
