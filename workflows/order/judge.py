"""Judging what was said to an order, one message after the other, against the state as it then is.

Assumes that signal handlers only append to the inbox: everything is judged at the order's one door, in
the order in which it arrived. That is why a decision and a deadline can never both win, whichever of
them wakes the workflow.
"""

from temporalio import workflow

from workflows import options
from workflows.order import holding
from workflows.order.ledger import Ledger
from workflows.order.state import Decided, HumanTask, Interrupted, Malformed, State, Withdrawn

with workflow.unsafe.imports_passed_through():
    from domain.actions import ACTIONS, ActionName, fields_of
    from domain.first_directory import FIRST
    from domain.judgement import (
        Codes,
        OrderSituation,
        Refusal,
        Submission,
        TaskFacts,
        instant,
        judge_action,
        judge_outcome,
        named_codes,
    )
    from domain.lifecycle import STORED, TaskState, outcome_named
    from domain.orders import Ending, Stage
    from domain.policy import PolicyBook
    from messages.directory import LookUp, Vouched
    from messages.names import COMPLETE_TASK, ORDER_ACTION
    from messages.orders import RefusedSignal
    from messages.records import Verdict
    from messages.signals import CompleteTask, OrderAction, Said

_SHOWN_REFUSALS = 20
_UNKNOWN = "unknown"


class Judge:
    """Takes, recognises or refuses what was said, and notes each."""

    def __init__(self, order_no: str, state: State, ledger: Ledger, book: PolicyBook) -> None:
        """Keep what judging changes, and the rules by which it judges."""
        self._order_no = order_no
        self._state = state
        self._ledger = ledger
        self._book = book

    def next(self) -> Decided | Interrupted | None:
        """Judge what waits in the inbox, up to the first that the story has to know of.

        Never more at once than one `record` can carry, whatever has piled up meanwhile, and nothing whose codes nobody
        has vouched for yet.

        Raises:
            Withdrawn: the resident took the order back.
        """
        while self._state.inbox and self._ledger.verdicts < options.JUDGED_AT_ONCE:
            if self._unvouched(self._state.inbox[0]) != LookUp():
                return None
            if (answer := self._judge(self._state.inbox.pop(0))) is not None:
                return answer
        return None

    def unvouched(self) -> LookUp | None:
        """Say which codes were named by signals typed by hand, so that nobody has said yet what they are."""
        named = [self._unvouched(said) for said in self._state.inbox[: options.JUDGED_AT_ONCE]]
        units = sorted({code for each in named for code in each.units})
        categories = sorted({code for each in named for code in each.categories})
        return LookUp(units=tuple(units), categories=tuple(categories)) if units or categories else None

    def vouch(self, vouched: Vouched) -> None:
        """Keep with each of these signals what the store said of its codes."""
        inbox = self._state.inbox
        for place, said in enumerate(inbox[: options.JUDGED_AT_ONCE]):
            if not isinstance(said, Malformed) and said.vouched is None:
                inbox[place] = said.model_copy(update={"vouched": vouched})

    def _unvouched(self, said: Said | Malformed) -> LookUp:
        """An order that began before directories were loaded knows the first one, and asks nobody."""
        if isinstance(said, Malformed) or said.vouched is not None or self._state.routing is None:
            return LookUp()
        units, categories = named_codes(fields_of(said.said_name), said.fields)
        return LookUp(units=tuple(units), categories=tuple(categories))

    def hear_first(self, pending: tuple[Said, ...]) -> None:
        """Put what was committed before an automatic step before anything that came since."""
        for said in reversed(pending):
            if said.said_id in self._state.heard:
                # Judged already, and its row was not settled with it: settle it, never loop.
                self._refuse(
                    said, Refusal(code="judged_already", reason="this id was used and judged before")
                )
            else:
                self._state.inbox.insert(0, said)

    def _judge(self, said: Said | Malformed) -> Decided | Interrupted | None:
        if isinstance(said, Malformed):
            self._refuse(
                said,
                Refusal(
                    code="malformed",
                    reason="the signal needs exactly one JSON object with the documented fields",
                ),
            )
            return None
        heard = self._state.heard.get(said.said_id, 0)
        self._state.heard[said.said_id] = heard + 1
        if heard:
            if heard == 1:
                self._ledger.event("SignalRepeated", actor=said.actor, said_id=said.said_id)
            return None
        return self._decide(said) if isinstance(said, CompleteTask) else self._act(said)

    def _decide(self, said: CompleteTask) -> Decided | None:
        task = self._state.open_tasks.get(said.task_id)
        if task is None:
            self._refuse(said, self._why_not_open(said.task_id))
            return None
        wanted = _submission(said, said.outcome)
        refusal = judge_outcome(self._facts(task), wanted, self._book)
        if refusal:
            self._refuse(said, refusal)
            return None
        outcome = outcome_named(task.kind, said.outcome)
        codes = {each.name for each in outcome.fields if each.type not in STORED}
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
                **{name: value for name, value in said.fields.items() if name == "helping_units" and value},
            },
        )
        self._accept(said)
        if outcome.closes:
            self._ledger.close(task, TaskState.DONE, said.outcome, said.actor)
        return Decided(task, said, wanted.at)

    def _facts(self, task: HumanTask) -> TaskFacts:
        return TaskFacts(
            kind=task.kind,
            order_no=self._order_no,
            unit=self._state.unit,
            order_class=self._state.order_class,
            opened_at=task.opened_at,
            # While the office holds, no limit passes.
            due_at=task.deadline.due_at if self._state.hold is None else None,
            withheld=task.withheld,
            not_by=task.not_by,
            evidence=task.evidence,
        )

    def _act(self, said: OrderAction) -> Interrupted | None:
        refusal = judge_action(
            OrderSituation(
                stage=self._state.stage,
                order_no=self._order_no,
                unit=self._state.unit,
                is_merged=self._state.ending is Ending.MERGED,
                leads=self._state.leads,
                reopened=self._state.reopened,
                supervised=self._state.supervised,
                taken=self._state.taken.get(said.action, 0),
                handled_by=self._state.handled_by,
            ),
            _submission(said, said.action),
        )
        if refusal:
            self._refuse(said, refusal)
            return None
        action = ACTIONS[ActionName(said.action)]
        self._state.taken[said.action] = self._state.taken.get(said.action, 0) + 1
        codes = {each.name for each in action.fields if each.type not in STORED}
        self._ledger.event(
            _ACTION_EVENTS[action.name],
            actor=said.actor,
            said_id=said.action_id,
            data={name: value for name, value in said.fields.items() if name in codes},
        )
        self._accept(said)
        return self._effect(action.name, said)

    def _accept(self, said: Said) -> None:
        """Settle what was said, and keep what is known now of the units it names."""
        self._ledger.verdict(Verdict(said=said, applied=True, at=workflow.now()))
        for unit in said.vouched.units if said.vouched else ():
            self._state.units[unit.code] = unit

    def _effect(self, name: ActionName, said: OrderAction) -> Interrupted | None:
        """Do what needs nobody's step; what changes the course of a step is given to the story."""
        state = self._state
        match name:
            case ActionName.WITHDRAW:
                raise Withdrawn
            case ActionName.URGE:
                self._ledger.write(state.unit, "urged")
            case ActionName.RECALCULATE:
                state.leads |= "joined" in said.fields
                self._ledger.reckon_again(not_later_than=instant(said.fields.get("not_later_than")))
            case ActionName.HOLD:
                holding.hear(state, said)
            case ActionName.RELEASE:
                holding.release(state, instant(said.fields.get("at")) or workflow.now())
            case ActionName.SUPPLEMENT if not (state.rest and state.rest.asks):
                pass
            case ActionName.RATE if state.stage is Stage.CLOSED:
                pass
            case _:
                return Interrupted(said)
        return None

    def _refuse(self, said: Said | Malformed, refusal: Refusal) -> None:
        """Note a refusal; a flood is counted only, so that it cannot fill the history."""
        self._state.refusals += 1
        signal_id = "" if isinstance(said, Malformed) else said.said_id
        actor = _UNKNOWN if isinstance(said, Malformed) else said.actor
        self._state.refused.append(
            RefusedSignal(
                at=workflow.now(),
                signal=_signal_of(said),
                signal_id=signal_id,
                actor=actor,
                code=refusal.code,
                reason=refusal.reason,
            )
        )
        del self._state.refused[:-_SHOWN_REFUSALS]
        if self._state.refusals <= options.REFUSALS_RECORDED:
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
        if task_id in self._state.finished:
            return Refusal(
                code="task_done", reason=f"the task is not open any more: {self._state.finished[task_id]}"
            )
        return Refusal(code="unknown_task", reason="this order has no such task")


_ACTION_EVENTS = {
    ActionName.SUPPLEMENT: "OrderSupplemented",
    ActionName.URGE: "OrderUrged",
    ActionName.WITHDRAW: "OrderWithdrawn",
    ActionName.SUPERVISE: "SupervisionOrdered",
    ActionName.REASSIGN: "ReassignmentOrdered",
    ActionName.RESUME: "ResumptionOrdered",
    ActionName.MERGE: "MergeOrdered",
    ActionName.RATE: "OrderRated",
    ActionName.REOPEN: "OrderReopened",
    ActionName.RECALCULATE: "DueTimesRecalculated",
    ActionName.HOLD: "OrderHeld",
    ActionName.RELEASE: "OrderReleased",
}


def _signal_of(said: Said | Malformed) -> str:
    if isinstance(said, Malformed):
        return said.signal
    return COMPLETE_TASK if isinstance(said, CompleteTask) else ORDER_ACTION


def _submission(said: Said, name: str) -> Submission:
    now = workflow.now()
    # What a signal says of its time is believed only as far as it lies behind us.
    at = min(said.decided_at, now) if said.decided_at and said.decided_at.tzinfo else now
    return Submission(
        name=name,
        actor=said.actor,
        at=at,
        fields=said.fields,
        stored=frozenset(said.stored),
        comment=said.comment,
        codes=_codes(said),
    )


def _codes(said: Said) -> Codes:
    """Say which codes may stand in what was said: those that the store vouched for."""
    vouched = said.vouched
    if vouched is None:
        return Codes.of(FIRST)
    return Codes(units={unit.code for unit in vouched.units}, categories=vouched.categories)
