"""The rules by which an order judges a signal, and the immediate effects of actions.

Assumes that tables and rules are in `domain/order`; this module asks them about the order as it is.
"""

from enum import StrEnum
from typing import Final, assert_never

from temporalio import workflow

from workflows.matter import holding
from workflows.matter.ledger import Ledger
from workflows.matter.state import HumanTask, Interrupted
from workflows.order import promises
from workflows.order.asking import Asking
from workflows.order.state import State

with workflow.unsafe.imports_passed_through():
    from domain.calendar.instants import instant
    from domain.matter.events import MatterEvent
    from domain.matter.judging import Refusal, Submission
    from domain.matter.tasks import Field, Outcome
    from domain.order import voices
    from domain.order.actions import ACTIONS, ActionName, action_fields
    from domain.order.events import EventName
    from domain.order.judgement import OrderSituation, TaskFacts, judge_action, judge_outcome
    from domain.order.lifecycle import TaskKind, find_outcome
    from domain.order.policy import PolicyBook
    from domain.order.templates import Template
    from domain.order.words import Stage
    from messages.matter.signals import MatterAction
    from messages.names import ORDER_ACTION
    from messages.order.step import OrderAnswer, OrderStep

THE_OFFICES: Final = frozenset(name for name, action in ACTIONS.items() if action.is_the_offices)
"""Actions that only the office's own programs send."""
_EVENTS: Final = {
    ActionName.SUPPLEMENT: EventName.ORDER_SUPPLEMENTED,
    ActionName.URGE: EventName.ORDER_URGED,
    ActionName.WITHDRAW: EventName.ORDER_WITHDRAWN,
    ActionName.SUPERVISE: EventName.SUPERVISION_ORDERED,
    ActionName.REASSIGN: EventName.REASSIGNMENT_ORDERED,
    ActionName.RESUME: EventName.RESUMPTION_ORDERED,
    ActionName.MERGE: EventName.MERGE_ORDERED,
    ActionName.RATE: EventName.ORDER_RATED,
    ActionName.REOPEN: EventName.ORDER_REOPENED,
    ActionName.RECALCULATE: MatterEvent.DUE_TIMES_RECALCULATED,
    ActionName.HOLD: MatterEvent.HOLD_ORDERED,
    ActionName.RELEASE: MatterEvent.RELEASE_ORDERED,
    ActionName.ANSWER: EventName.LEADING_ANSWERED,
}


class OrderRules:
    """The rules of orders, applied to one order."""

    action_signal = ORDER_ACTION

    def __init__(
        self,
        order_no: str,
        state: State,
        asking: Asking,
        ledger: Ledger[OrderStep, OrderAnswer],
        book: PolicyBook,
    ) -> None:
        """Keep the order, and the book that judges it."""
        self._order_no = order_no
        self._state = state
        self._asking = asking
        self._ledger = ledger
        self._book = book

    def outcome(self, task: HumanTask, name: str) -> Outcome | None:
        """Find an outcome of a kind of task; return `None` if it is unknown."""
        return find_outcome(task.kind, name)

    def judge(self, task: HumanTask, wanted: Submission) -> Refusal | None:
        """Judge a decision on an open task."""
        state = self._state
        facts = TaskFacts(
            kind=TaskKind(task.kind),
            order_no=self._order_no,
            unit=state.unit,
            order_class=state.order_class,
            opened_at=task.opened_at,
            # While the office holds, no limit passes.
            due_at=task.deadline.due_at if state.hold is None else None,
            withheld=task.withheld,
            not_by=task.not_by,
            evidence=task.evidence,
            taken=state.answered.get(wanted.name, 0),
        )
        return judge_outcome(facts, wanted, self._book)

    def action_fields(self, name: str) -> tuple[Field, ...]:
        """Return the fields of an action; none for an unknown name."""
        return action_fields(name)

    def judge_action(self, wanted: Submission) -> Refusal | None:
        """Judge an action on the order."""
        state = self._state
        situation = OrderSituation(
            stage=state.stage,
            order_no=self._order_no,
            unit=state.unit,
            ending=state.ending,
            left=state.requester_left,
            reopened=state.reopened,
            supervised=state.supervised,
            taken=state.taken,
            book=self._book,
            handled_by=state.handled_by,
        )
        return judge_action(situation, wanted)

    def action_event(self, name: str) -> StrEnum:
        """Return the event of an action that is in order."""
        return _EVENTS[ActionName(name)]

    def voice(self, actor: str) -> str:
        """Return the voice that an action counts for: each follower has one, all other actors share one."""
        return voices.voice(actor)

    def act(self, said: MatterAction) -> Interrupted | None:
        """Take the immediate effect of an action; return it if it changes the course, for the story."""
        state, name = self._state, ActionName(said.action)
        match name:
            case ActionName.URGE:
                self._urge()
            case ActionName.RECALCULATE:
                self._recalculate(said)
            case ActionName.HOLD:
                holding.hear(state, said)
            case ActionName.RELEASE:
                holding.release(state, said)
            case ActionName.SUPPLEMENT:
                asks = state.rest is not None and state.rest.asks
                is_answer = asks and voices.answers_the_question(said.actor, left=state.requester_left)
                return Interrupted(said) if is_answer else None
            case ActionName.RATE:
                return Interrupted(said) if state.stage is Stage.FOLLOW_UP else None
            case ActionName.ANSWER:
                # The order may have asked the store by itself before this signal arrived.
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
        """Tell the unit how often it is urged, unless a notice went there within the gap."""
        if (count := self._state.urge(workflow.now(), gap=self._book.urge_gap)) is not None:
            self._ledger.write(self._state.unit, Template.URGED, count=count)

    def _recalculate(self, said: MatterAction) -> None:
        state, asking, ledger = self._state, self._asking, self._ledger
        if (earlier := instant(said.fields.get("not_later_than"))) is not None:
            promises.bring_forward(state, asking, ledger, at=earlier)
        promises.reckon_again(state, asking, ledger, changed_from=instant(said.fields.get("changed_from")))
