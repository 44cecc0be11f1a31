"""Judging what was said to an order, one message after the other, against the state as it then is.

Assumes that signal handlers only append to the inbox: everything is judged at the order's one door, in
the order in which it arrived. That is why a decision and a deadline can never both win, whichever of
them wakes the workflow.
"""

from typing import assert_never

from temporalio import workflow

from workflows import options
from workflows.order import holding
from workflows.order.ledger import Ledger
from workflows.order.state import (
    Decided,
    Heard,
    HumanTask,
    Ignored,
    Interrupted,
    Malformed,
    State,
    Typed,
    Unsealed,
    is_the_offices,
)

with workflow.unsafe.imports_passed_through():
    from domain.calendar.instants import instant
    from domain.matter.judging import Codes, Refusal, Submission, named_codes
    from domain.matter.tasks import STORED, SYSTEM, Field, TaskState
    from domain.order.actions import ACTIONS, ActionName, action_fields
    from domain.order.events import EventName
    from domain.order.judgement import OrderSituation, TaskFacts, judge_action, judge_outcome
    from domain.order.lifecycle import outcome_fields, outcome_named
    from domain.order.policy import PolicyBook
    from domain.order.templates import Template
    from domain.order.voices import answers_the_question, voice
    from domain.order.words import Stage
    from messages.matter.signals import CompleteTask, OrderAction, Said
    from messages.matter.step import Verdict
    from messages.matter.tasks import RefusedSignal
    from messages.names import COMPLETE_TASK, ORDER_ACTION, is_the_offices_id
    from messages.office.directory import Claim, LookedUp, LookUp, Vouched

_SHOWN_REFUSALS = 20
_UNKNOWN = "unknown"
_NOT_BY_HAND = Refusal(
    code="not_by_hand",
    reason="this is sent by the office's own programs alone: dingdan hold, dingdan calendar load",
    field="action",
)

_NOT_THIS_ID = Refusal(
    code="not_by_hand", reason="an id with a blank in it is the office's own; give yours another one"
)


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

        Never more at once than one `record` can carry, whatever has piled up meanwhile, and nothing of which the store
        has to be asked first.
        """
        while self._state.inbox and self._ledger.verdicts < options.JUDGED_AT_ONCE:
            said = self._state.inbox[0]
            if self._asked_of(said) != LookUp():
                return None
            self._state.inbox.pop(0)
            if (answer := self._judge(said.as_typed() if isinstance(said, Unsealed) else said)) is not None:
                return answer
        return None

    def to_look_up(self) -> LookUp | None:
        """Say what the store has to be asked of signals typed by hand: codes that they name, and what they claim."""
        asked = [self._asked_of(said) for said in self._state.inbox[: options.JUDGED_AT_ONCE]]
        if all(each == LookUp() for each in asked):
            return None
        return LookUp(
            order_no=self._order_no,
            units=tuple(sorted({code for each in asked for code in each.units})),
            categories=tuple(sorted({code for each in asked for code in each.categories})),
            claims=tuple(claim for each in asked for claim in each.claims),
        )

    def vouch(self, asked: LookUp, answer: LookedUp) -> None:
        """Take signals as the store has them, or as typed by hand with what it said of their codes.

        One that came while the store was asked waits until it is asked of that one too.
        """
        inbox = self._state.inbox
        for place, said in enumerate(inbox[: options.JUDGED_AT_ONCE]):
            if isinstance(said, Unsealed) and _covers(asked, self._asked_of(said)):
                if said.claims and said.said.said_id in answer.kept:
                    self._count_out(said)
                    inbox[place] = said.said.model_copy(update={"seal": None})
                else:
                    inbox[place] = Ignored() if said.only_if_kept else said.as_typed(answer.vouched)

    def _count_out(self, said: Unsealed) -> None:
        """Count what the store has not as typed by hand; a repetition stays counted."""
        if said.said.said_id in self._state.heard:
            return
        if said.only_if_kept:
            self._state.asked_beyond -= 1
        else:
            self._state.by_hand -= 1

    def _asked_of(self, heard: Heard) -> LookUp:
        if not isinstance(heard, Unsealed):
            return LookUp()
        said = heard.said
        units, categories = named_codes(self._fields_of(said), said.fields)
        claims = (Claim(said_id=said.said_id, digest=heard.digest),) if heard.claims else ()
        return LookUp(units=tuple(units), categories=tuple(categories), claims=claims)

    def _fields_of(self, said: Said) -> tuple[Field, ...]:
        if not isinstance(said, CompleteTask):
            return action_fields(said.action)
        task = self._state.open_tasks.get(said.task_id)
        return outcome_fields(task.kind, said.outcome) if task else ()

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

    def _judge(self, said: Said | Typed | Malformed | Ignored) -> Decided | Interrupted | None:
        if isinstance(said, Ignored):
            self._ignore()
            return None
        if isinstance(said, Typed):
            if is_the_offices(said.said):
                self._refuse_by_hand(said.said)
                return None
            said = said.said
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
                self._ledger.event(EventName.SIGNAL_REPEATED, actor=said.actor, said_id=said.said_id)
            return None
        return self._decide(said) if isinstance(said, CompleteTask) else self._act(said)

    def _decide(self, said: CompleteTask) -> Decided | None:
        task = self._state.open_tasks.get(said.task_id)
        if task is None:
            self._refuse(said, self._why_not_open(said.task_id))
            return None
        wanted = _submission(said, said.outcome)
        refusal = judge_outcome(self._facts(task, said.outcome), wanted, self._book)
        if refusal:
            self._refuse(said, refusal)
            return None
        outcome = outcome_named(task.kind, said.outcome)
        self._state.answered[said.outcome] = self._state.answered.get(said.outcome, 0) + 1
        self._ledger.event(
            EventName.TASK_COMPLETED if outcome.closes else EventName.TASK_ANSWERED,
            actor=said.actor,
            task_id=task.task_id,
            said_id=said.decision_id,
            data={
                "kind": task.kind,
                "outcome": said.outcome,
                "due_at": str(task.deadline.due_at) if task.deadline.due_at else None,
                **_chosen(outcome.fields, said),
                **{name: value for name, value in said.fields.items() if name == "helping_units" and value},
            },
        )
        self._accept(said)
        if outcome.closes:
            self._ledger.close(task, TaskState.DONE, said.outcome, said.actor)
        return Decided(task, said, wanted.at)

    def _facts(self, task: HumanTask, outcome: str) -> TaskFacts:
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
            taken=self._state.answered.get(outcome, 0),
        )

    def _act(self, said: OrderAction) -> Interrupted | None:
        refusal = judge_action(
            OrderSituation(
                stage=self._state.stage,
                order_no=self._order_no,
                unit=self._state.unit,
                ending=self._state.ending,
                left=self._state.requester_left,
                reopened=self._state.reopened,
                supervised=self._state.supervised,
                taken=self._state.taken,
                book=self._book,
                handled_by=self._state.handled_by,
            ),
            _submission(said, said.action),
        )
        if refusal:
            self._refuse(said, refusal)
            return None
        action = ACTIONS[ActionName(said.action)]
        taken, mine = self._state.taken.setdefault(said.action, {}), voice(said.actor)
        taken[mine] = taken.get(mine, 0) + 1
        self._ledger.event(
            _ACTION_EVENTS[action.name],
            actor=said.actor,
            said_id=said.action_id,
            data=_chosen(action.fields, said),
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
            case ActionName.URGE:
                self._urge()
            case ActionName.RECALCULATE:
                if (earlier := instant(said.fields.get("not_later_than"))) is not None:
                    self._ledger.bring_forward(earlier)
                self._ledger.reckon_again(changed_from=instant(said.fields.get("changed_from")))
            case ActionName.HOLD:
                holding.hear(state, said)
            case ActionName.RELEASE:
                holding.release(state, said)
            case ActionName.SUPPLEMENT:
                asks = state.rest is not None and state.rest.asks
                is_answer = asks and answers_the_question(said.actor, left=state.requester_left)
                return Interrupted(said) if is_answer else None
            case ActionName.RATE:
                return Interrupted(said) if state.stage is Stage.FOLLOW_UP else None
            case ActionName.ANSWER:
                # It may have looked itself before it was told.
                return Interrupted(said) if state.stage is Stage.JOINED else None
            case (
                ActionName.WITHDRAW
                | ActionName.SUPERVISE
                | ActionName.REASSIGN
                | ActionName.RESUME
                | ActionName.MERGE
                | ActionName.REOPEN
            ):
                return Interrupted(said)
            case _:
                assert_never(name)
        return None

    def _urge(self) -> None:
        """Tell the unit how often it is urged, unless it was told just before."""
        if (count := self._state.urge(workflow.now(), gap=self._book.urge_gap)) is not None:
            self._ledger.write(self._state.unit, Template.URGED, count=count)

    def _ignore(self) -> None:
        """Count what is not heard; an event says so once."""
        state = self._state
        state.ignore()
        if state.ignored_since is None:
            state.ignored_since = workflow.now()
            self._ledger.event(EventName.SIGNALS_IGNORED, actor=SYSTEM, data={"heard": options.HEARD_BY_HAND})
        self._ledger.tell_operators()

    def _refuse_by_hand(self, said: Said) -> None:
        """Refuse what only the office sends. Its id is not used up and no row is settled: the real one may come yet."""
        self._note_refusal(said, _NOT_THIS_ID if is_the_offices_id(said.said_id) else _NOT_BY_HAND)

    def _refuse(self, said: Said | Malformed, refusal: Refusal) -> None:
        self._note_refusal(said, refusal)
        if not isinstance(said, Malformed):
            # What is refused keeps its ids only: its words are nobody's concern, and a flood stays small.
            said = said.model_copy(update={"fields": {}, "comment": None})
            self._ledger.verdict(
                Verdict(said=said, applied=False, at=workflow.now(), code=refusal.code, reason=refusal.reason)
            )

    def _note_refusal(self, said: Said | Malformed, refusal: Refusal) -> None:
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
                EventName.SIGNAL_REFUSED,
                actor=actor,
                said_id=signal_id or None,
                data={"signal": _signal_of(said), "code": refusal.code, "reason": refusal.reason},
            )

    def _why_not_open(self, task_id: str) -> Refusal:
        if task_id in self._state.finished:
            return Refusal(
                code="task_done", reason=f"the task is not open any more: {self._state.finished[task_id]}"
            )
        return Refusal(code="unknown_task", reason="this order has no such task")


_ACTION_EVENTS = {
    ActionName.SUPPLEMENT: EventName.ORDER_SUPPLEMENTED,
    ActionName.URGE: EventName.ORDER_URGED,
    ActionName.WITHDRAW: EventName.ORDER_WITHDRAWN,
    ActionName.SUPERVISE: EventName.SUPERVISION_ORDERED,
    ActionName.REASSIGN: EventName.REASSIGNMENT_ORDERED,
    ActionName.RESUME: EventName.RESUMPTION_ORDERED,
    ActionName.MERGE: EventName.MERGE_ORDERED,
    ActionName.RATE: EventName.ORDER_RATED,
    ActionName.REOPEN: EventName.ORDER_REOPENED,
    ActionName.RECALCULATE: EventName.DUE_TIMES_RECALCULATED,
    ActionName.HOLD: EventName.HOLD_ORDERED,
    ActionName.RELEASE: EventName.RELEASE_ORDERED,
    ActionName.ANSWER: EventName.LEADING_ANSWERED,
}


def _signal_of(said: Said | Malformed) -> str:
    if isinstance(said, Malformed):
        return said.signal
    return COMPLETE_TASK if isinstance(said, CompleteTask) else ORDER_ACTION


def refused_unheard(state: State) -> tuple[RefusedSignal, ...]:
    """Say how many signals typed by hand were not heard, as one refusal; none if all were."""
    if state.ignored_since is None:
        return ()
    return (
        RefusedSignal(
            at=state.ignored_since,
            signal=_UNKNOWN,
            signal_id="",
            actor=_UNKNOWN,
            code="not_heard",
            reason=f"{state.ignored} signals typed by hand were not heard: too many came before",
        ),
    )


def _covers(asked: LookUp, of_one: LookUp) -> bool:
    """Tell whether the store was asked all that one signal asks of it."""
    return (
        {*of_one.units} <= {*asked.units}
        and {*of_one.categories} <= {*asked.categories}
        and {each.digest for each in of_one.claims} <= {each.digest for each in asked.claims}
    )


def _chosen(fields: tuple[Field, ...], said: Said) -> dict[str, str]:
    """Take from what was said the codes of an event: texts stay in the store, and lists with the decision."""
    names = {each.name for each in fields if each.type not in STORED}
    return {name: value for name, value in said.fields.items() if name in names and isinstance(value, str)}


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
    vouched = said.vouched or Vouched()
    return Codes(units={unit.code for unit in vouched.units}, categories=vouched.categories)
