"""The case: the only way to change an order, and the one door at which it waits.

Assumes one coroutine, the story's. Signal handlers only append to the inbox; everything that was
said is judged here, in the order in which it arrived, against the state as it then is. That is why a
decision and a deadline can never both win, whichever of them wakes the workflow.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow

from workflows import options
from workflows.order import visibility
from workflows.order.ledger import Ledger
from workflows.order.state import (
    Answer,
    Decided,
    Expired,
    HumanTask,
    Interrupted,
    Malformed,
    State,
    Wait,
    Window,
    Withdrawn,
)

with workflow.unsafe.imports_passed_through():
    from domain.deadlines import Basis
    from domain.lifecycle import (
        ACTIONS,
        SYSTEM,
        TASKS,
        ActionName,
        FieldType,
        Refusal,
        Submission,
        TaskKind,
        TaskState,
        judge_action,
        judge_outcome,
    )
    from domain.orders import Ending, OrderClass, Role, Stage, Tier
    from domain.policy import policy
    from messages.names import COMPLETE_TASK, ORDER_ACTION
    from messages.orders import OpenTask, OrderStatus, RefusedSignal, StartOrder
    from messages.records import (
        ClockRequest,
        EventRecord,
        MessageWritten,
        PromiseRequest,
        TaskClosed,
        TaskOpened,
        Verdict,
    )
    from messages.signals import CompleteTask, OrderAction, Said

_ID_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SHOWN_REFUSALS = 20
_UNKNOWN = "unknown"
REQUESTER = "requester"
"""The recipient of what is said to the resident."""


class Case:
    """One order: its state, what may be done to it, and its wait."""

    def __init__(self, start: StartOrder) -> None:
        """Begin where the intake left the order: the first task is open."""
        self.start = start
        self.state = State.of(start)
        self.book = policy(start.policy)
        self._ledger = Ledger(start, self.state)

    # What the story does to an order.

    def enter(self, stage: Stage) -> None:
        """Go to a stage."""
        self.state.stage = stage

    def note(self, type_: str, *, actor: str = SYSTEM, **data: Any) -> int:
        """Write an event, in the past tense; gives its number."""
        return self._ledger.event(type_, actor=actor, data=data)

    def write(self, recipient: str, template: str, *, text_of: str | None = None, **data: Any) -> None:
        """Write a message; its text, if any, is that of the decision named."""
        self._ledger.message(
            MessageWritten(
                event_seq=self.state.seq, recipient=recipient, template=template, data=data, text_of=text_of
            )
        )

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
            self._close(task, TaskState.SUPERSEDED, "superseded", SYSTEM, workflow.now())

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
        return OrderStatus(
            order_no=self.start.order_no,
            stage=state.stage,
            ending=state.ending,
            round=state.round,
            tier=state.tier,
            unit=state.unit,
            order_class=state.order_class,
            received_at=self.start.received_at,
            promised_at=state.promised_at,
            escalations=state.escalations,
            overdue=state.overdue,
            open_tasks=tuple(
                OpenTask(
                    task_id=task.task_id,
                    kind=task.kind,
                    unit=task.unit,
                    tier=task.tier,
                    role=task.role,
                    opened_at=task.opened_at,
                    due_at=task.deadline.due_at,
                    remind_at=task.deadline.remind_at,
                )
                for task in state.open_tasks.values()
            ),
            refused=tuple(state.refused),
        )

    def _next_round(self, cause: str) -> None:
        self.state.round += 1
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

    # The one door.

    async def answer(self, *waits: Wait) -> Answer:
        """Wait until one of these is decided, its limit passes, or an action changes the course.

        Raises:
            Withdrawn: the resident took the order back.
        """
        while True:
            if (answer := self._next_answer(waits)) is not None:
                return answer
            if not self._ledger.is_empty:
                # Signals may come while this is awaited; they wait in the inbox and are judged next.
                await self._flush(waits)
                continue
            now = workflow.now()
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

    async def settle(self) -> None:
        """Record all that is left and let the messages go out; nothing is open any more."""
        while not (self._ledger.is_empty and not self.state.inbox and not self._ledger.is_delivering):
            self._next_answer(())
            if not self._ledger.is_empty:
                await self._flush(())
            else:
                await self._stir(lambda: not self._ledger.is_delivering)

    def _next_answer(self, waits: tuple[Wait, ...]) -> Answer | None:
        # Never more at once than one `record` can carry, whatever has piled up meanwhile.
        while self.state.inbox and self._ledger.verdicts < options.JUDGED_AT_ONCE:
            answer = self._judge(self.state.inbox.pop(0))
            if isinstance(answer, Interrupted) or (isinstance(answer, Decided) and answer.task in waits):
                return answer
        return None

    async def _flush(self, waits: tuple[Wait, ...]) -> None:
        answer = await self._ledger.flush()
        clocks = {wait.key: wait.deadline for wait in (*self.state.open_tasks.values(), *waits)}
        for key, reading in answer.clocks.items():
            if key in clocks:
                clocks[key].set(reading)
        self._ledger.show()

    async def _stir(self, ended: Callable[[], bool]) -> None:
        """Wait for an activity that is bounded itself, or for anything to be said."""
        await workflow.wait_condition(lambda: ended() or bool(self.state.inbox) or not self._ledger.is_empty)

    async def _sleep(self, waits: tuple[Wait, ...], now: datetime) -> None:
        """Sleep until somebody says something or the nearest of reminder and due time has come."""
        nearest = min(
            (wait for wait in waits if wait.deadline.next_at), key=lambda wait: wait.deadline.next_at or now
        )
        until = nearest.deadline.next_at or now
        task = nearest if isinstance(nearest, HumanTask) else None
        try:
            await workflow.wait_condition(
                lambda: bool(self.state.inbox) or not self._ledger.is_empty,
                timeout=until - now,
                timeout_summary=visibility.timer_summary(
                    task, reminder=nearest.deadline.remind_at is not None
                ),
            )
        except TimeoutError:
            # Whatever fired: the caller looks at inbox and clocks again, so a decision wins here too.
            return

    # Clocks.

    def _ask_for_clock(
        self,
        task: HumanTask,
        basis: Basis,
        *,
        since: datetime | None = None,
        repetition: int = 1,
        given: datetime | None = None,
    ) -> None:
        self._ledger.clock(
            ClockRequest(
                key=task.key,
                basis=basis,
                since=since or workflow.now(),
                order_class=self.state.order_class,
                promised_at=self.state.promised_at,
                repetition=repetition,
                given=given,
            )
        )

    def _remind(self, waits: tuple[Wait, ...], now: datetime) -> bool:
        reminded = False
        for task in waits:
            if isinstance(task, HumanTask) and task.deadline.reminder_is_due(now):
                task.deadline.remind_at = None
                self._ledger.event(
                    "TaskReminded",
                    actor=SYSTEM,
                    task_id=task.task_id,
                    data={"kind": task.kind, "unit": task.unit},
                )
                self.write(task.unit, "reminder", kind=task.kind, task_id=task.task_id)
                reminded = True
        return reminded

    async def _expire(self, wait: Wait) -> Expired | None:
        """Take the automatic step, or hear what the store has pending against it."""
        now = workflow.now()
        stays = isinstance(wait, HumanTask) and self._stays_open(wait)
        event, closed, changes = self._expiry(wait, now, stays=stays)
        answer = await self._ledger.expire(wait.key, event, closed, self._ledger.facts(**changes))
        if answer.pending:
            self._hear_first(answer.pending)
            return None
        self.state.seq = event.seq
        wait.deadline.expired = True
        for name, value in changes.items():
            setattr(self.state, name, value)
        if closed is not None:
            del self.state.open_tasks[closed.task_id]
            self.state.finished[closed.task_id] = "its limit had passed"
        self._ledger.show()
        # Under supervision the limit of the work is noted; what follows is the leader's to say.
        return None if stays and self.state.supervised else Expired(wait)

    def _expiry(
        self, wait: Wait, now: datetime, *, stays: bool
    ) -> tuple[EventRecord, TaskClosed | None, dict[str, Any]]:
        seq = self.state.seq + 1
        if isinstance(wait, Window):
            event = EventRecord(seq=seq, at=now, type="OrderArchived", actor=SYSTEM)
            return event, None, {"stage": Stage.ARCHIVED}
        event = EventRecord(
            seq=seq,
            at=now,
            type="LimitPassed",
            actor=SYSTEM,
            task_id=wait.task_id,
            data={"kind": wait.kind, "unit": wait.unit, "due_at": str(wait.deadline.due_at)},
        )
        changes = {"overdue": True} if wait.kind is TaskKind.HANDLE else {}
        if stays:
            return event, None, changes
        closed = TaskClosed(
            task_id=wait.task_id, state=TaskState.DONE, outcome="expired", actor=SYSTEM, at=now
        )
        return event, closed, changes

    def _stays_open(self, task: HumanTask) -> bool:
        """Work goes on beside its supervision: at the district, for an explanation, and under a leader's eye."""
        if task.kind is TaskKind.HANDLE:
            return task.tier.above is None or self.state.supervised
        return task.kind is TaskKind.EXPLAIN

    def _hear_first(self, pending: tuple[Said, ...]) -> None:
        """What was committed before the automatic step goes before anything that came since."""
        for said in reversed(pending):
            if _id_of(said) in self.state.heard:
                # Judged already, and its row was not settled with it: settle it, never loop.
                self._refuse(
                    said, Refusal(code="judged_already", reason="this id was used and judged before")
                )
            else:
                self.state.inbox.insert(0, said)

    # Judging what was said.

    def _judge(self, said: Said | Malformed) -> Answer | None:
        if isinstance(said, Malformed):
            self._refuse(
                said,
                Refusal(
                    code="malformed",
                    reason="the signal needs exactly one JSON object with the documented fields",
                ),
            )
            return None
        heard = self.state.heard.get(_id_of(said), 0)
        self.state.heard[_id_of(said)] = heard + 1
        if heard:
            if heard == 1:
                self._ledger.event("SignalRepeated", actor=said.actor, said_id=_id_of(said))
            return None
        return self._decide(said) if isinstance(said, CompleteTask) else self._act(said)

    def _decide(self, said: CompleteTask) -> Decided | None:
        task = self.state.open_tasks.get(said.task_id)
        if task is None:
            self._refuse(said, self._why_not_open(said.task_id))
            return None
        refusal = judge_outcome(
            task.kind,
            _submission(said, said.outcome),
            opened_at=task.opened_at,
            reclassified=self.state.reclassified,
            handled_by=self.state.handled_by,
        )
        if refusal:
            self._refuse(said, refusal)
            return None
        outcome = next(each for each in TASKS[task.kind].outcomes if each.name == said.outcome)
        codes = {each.name for each in outcome.fields if each.type is not FieldType.TEXT}
        self._ledger.event(
            "TaskCompleted" if outcome.closes else "TaskAnswered",
            actor=said.actor,
            task_id=task.task_id,
            said_id=said.decision_id,
            data={
                "kind": task.kind,
                "outcome": said.outcome,
                "due_at": str(task.deadline.due_at) if task.deadline.due_at else None,
                **{
                    name: value
                    for name, value in said.fields.items()
                    if name in codes and isinstance(value, str)
                },
            },
        )
        self._ledger.verdict(Verdict(said=said, applied=True, at=workflow.now()))
        if outcome.closes:
            self._close(task, TaskState.DONE, said.outcome, said.actor, workflow.now())
        return Decided(task, said)

    def _act(self, said: OrderAction) -> Interrupted | None:
        refusal = judge_action(
            _submission(said, said.action),
            stage=self.state.stage,
            reopened=self.state.reopened,
            supervised=self.state.supervised,
        )
        if refusal:
            self._refuse(said, refusal)
            return None
        action = ACTIONS[ActionName(said.action)]
        codes = {each.name for each in action.fields if each.type is not FieldType.TEXT}
        self._ledger.event(
            _ACTION_EVENTS[action.name],
            actor=said.actor,
            said_id=said.action_id,
            data={name: value for name, value in said.fields.items() if name in codes},
        )
        self._ledger.verdict(Verdict(said=said, applied=True, at=workflow.now()))
        match action.name:
            case ActionName.WITHDRAW:
                raise Withdrawn
            case ActionName.URGE:
                self.write(self.state.unit, "urged")
                return None
            case ActionName.SUPPLEMENT:
                return None
            case ActionName.RATE if self.state.stage is Stage.CLOSED:
                return None
            case _:
                return Interrupted(said)

    def _refuse(self, said: Said | Malformed, refusal: Refusal) -> None:
        """Note a refusal; a flood is counted only, so that it cannot fill the history."""
        self.state.refusals += 1
        signal_id = "" if isinstance(said, Malformed) else _id_of(said)
        actor = _UNKNOWN if isinstance(said, Malformed) else said.actor
        self.state.refused.append(
            RefusedSignal(
                at=workflow.now(),
                signal=_signal_of(said),
                signal_id=signal_id,
                actor=actor,
                code=refusal.code,
                reason=refusal.reason,
            )
        )
        del self.state.refused[:-_SHOWN_REFUSALS]
        if self.state.refusals <= options.REFUSALS_RECORDED:
            self._ledger.event(
                "SignalRefused",
                actor=actor,
                said_id=signal_id or None,
                data={"signal": _signal_of(said), "code": refusal.code, "reason": refusal.reason},
            )
        if not isinstance(said, Malformed):
            # What is refused keeps its ids only: its words are nobody's concern, and a flood stays small.
            said = said.model_copy(update={"fields": {}, "comment": None})
            self._ledger.verdict(
                Verdict(said=said, applied=False, at=workflow.now(), code=refusal.code, reason=refusal.reason)
            )

    def _why_not_open(self, task_id: str) -> Refusal:
        if task_id in self.state.finished:
            return Refusal(
                code="task_done", reason=f"the task is not open any more: {self.state.finished[task_id]}"
            )
        return Refusal(code="unknown_task", reason="this order has no such task")

    def _close(self, task: HumanTask, state: TaskState, outcome: str, actor: str, at: datetime) -> None:
        # Taken out at once: whatever is said of it from here on is late.
        self.state.open_tasks.pop(task.task_id, None)
        self.state.finished[task.task_id] = f"{outcome} by {actor} at {at:%Y-%m-%d %H:%M:%S}Z"
        self._ledger.closed(
            TaskClosed(task_id=task.task_id, state=state, outcome=outcome, actor=actor, at=at)
        )

    @staticmethod
    def _suffix() -> str:
        """Make a task's id differ after an operator's reset, when its number comes again."""
        return "".join(workflow.random().choices(_ID_LETTERS, k=4))


_ACTION_EVENTS = {
    ActionName.SUPPLEMENT: "OrderSupplemented",
    ActionName.URGE: "OrderUrged",
    ActionName.WITHDRAW: "OrderWithdrawn",
    ActionName.SUPERVISE: "SupervisionOrdered",
    ActionName.RATE: "OrderRated",
    ActionName.REOPEN: "OrderReopened",
}


def _id_of(said: Said) -> str:
    return said.decision_id if isinstance(said, CompleteTask) else said.action_id


def _signal_of(said: Said | Malformed) -> str:
    if isinstance(said, Malformed):
        return said.signal
    return COMPLETE_TASK if isinstance(said, CompleteTask) else ORDER_ACTION


def _submission(said: Said, name: str) -> Submission:
    at = said.decided_at if said.decided_at and said.decided_at.tzinfo else workflow.now()
    return Submission(
        name=name,
        actor=said.actor,
        at=at,
        fields=said.fields,
        stored=frozenset(said.stored),
        comment=said.comment,
    )
