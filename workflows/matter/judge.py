"""Judge the signals to a matter, one after the other, against the state as it then is.

Assumes that signal handlers only append to the inbox: every signal is judged at the matter's one door, in the
order of arrival. That is why a decision and a deadline can never both win, whichever of them wakes the
workflow.
"""

from dataclasses import replace
from enum import StrEnum
from typing import Any, Protocol

from temporalio import workflow

from workflows import options
from workflows.matter.ledger import Ledger
from workflows.matter.signals import Reader
from workflows.matter.state import (
    Decided,
    Heard,
    HumanTask,
    Ignored,
    Interrupted,
    Malformed,
    MatterState,
    Typed,
    Unsealed,
)

with workflow.unsafe.imports_passed_through():
    from domain.matter.events import MatterEvent
    from domain.matter.judging import Codes, Refusal, Submission, named_codes
    from domain.matter.normal import normal
    from domain.matter.tasks import STORED, SYSTEM, Field, Outcome, TaskState
    from messages.matter.signals import CompleteTask, MatterAction, Said
    from messages.matter.step import Verdict
    from messages.matter.tasks import RefusedSignal
    from messages.names import COMPLETE_TASK, is_the_offices_id
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


_NO_OUTCOME = Refusal(
    code="unknown_outcome", reason="a task of this kind has no such outcome", field="outcome"
)


class Rules(Protocol):
    """The rules of a kind of matter: its tables, and the immediate effects of actions."""

    action_signal: str

    def outcome(self, task: HumanTask, name: str) -> Outcome | None:
        """Find an outcome of a kind of task; return `None` if it is unknown."""

    def judge(self, task: HumanTask, wanted: Submission) -> Refusal | None:
        """Judge a decision on an open task."""

    def action_fields(self, name: str) -> tuple[Field, ...]:
        """Return the fields of an action; none for an unknown name."""

    def judge_action(self, wanted: Submission) -> Refusal | None:
        """Judge an action on the matter."""

    def action_event(self, name: str) -> StrEnum:
        """Return the event of an action that is in order."""

    def voice(self, actor: str) -> str:
        """Return the voice that an action counts for."""

    def act(self, said: MatterAction) -> Interrupted | None:
        """Take the immediate effect of an action; return it if it changes the course, for the story."""


class Judge:
    """Accepts, recognises or refuses signals, and notes each."""

    def __init__(
        self, matter_no: str, state: MatterState, ledger: Ledger[Any, Any], rules: Rules, reader: Reader
    ) -> None:
        """Keep the state that judging changes, and the rules."""
        self._matter_no = matter_no
        self._state = state
        self._ledger = ledger
        self._rules = rules
        self._reader = reader

    def hear(self, said: Heard) -> None:
        """Put a signal into the inbox; the handlers call this and do nothing else.

        Only a limited number of signals typed by hand is heard, so that a flood costs no more than its own
        signals.
        """
        state = self._state
        if isinstance(said, Unsealed | Malformed):
            if state.by_hand < options.HEARD_BY_HAND:
                state.by_hand += 1
            elif isinstance(said, Unsealed) and said.claims and state.asked_beyond < options.ASKED_BEYOND:
                state.asked_beyond += 1
                said = replace(said, only_if_kept=True)
            elif state.ignored:
                # The matter has recorded that already, and need not wake again.
                state.ignore()
                self._ledger.tell_operators()
                return
            else:
                said = Ignored()
        state.inbox.append(said)

    def next(self) -> Decided | Interrupted | None:
        """Judge the signals in the inbox up to the first that the story must know, and return that one.

        It never judges more at once than one `record` can carry, whatever has piled up, and stops before a
        signal that the store has to be asked about.
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
        """Return what to ask the store about signals typed by hand: the codes in them, and their claims."""
        asked = [self._asked_of(said) for said in self._state.inbox[: options.JUDGED_AT_ONCE]]
        if all(each == LookUp() for each in asked):
            return None
        return LookUp(
            matter_no=self._matter_no,
            units=tuple(sorted({code for each in asked for code in each.units})),
            categories=tuple(sorted({code for each in asked for code in each.categories})),
            claims=tuple(claim for each in asked for claim in each.claims),
        )

    def vouch(self, asked: LookUp, answer: LookedUp) -> None:
        """Take signals as the store has them, or as typed by hand with the store's word on their codes.

        A signal that arrived during the look-up waits for the next one.
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
        """Take a signal that the store has out of the count of typed ones; a repetition stays counted."""
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
            return self._rules.action_fields(said.action)
        task = self._state.open_tasks.get(said.task_id)
        outcome = self._rules.outcome(task, said.outcome) if task else None
        return outcome.fields if outcome else ()

    def hear_first(self, pending: tuple[Said, ...]) -> None:
        """Put the decisions committed before an automatic step ahead of all later signals."""
        for said in reversed(pending):
            if said.said_id in self._state.heard:
                # It was judged already, but its row was not settled then: settle it, never loop.
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
            if self._reader.is_the_offices(said.said):
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
                self._ledger.event(MatterEvent.SIGNAL_REPEATED, actor=said.actor, said_id=said.said_id)
            return None
        return self._decide(said) if isinstance(said, CompleteTask) else self._act(said)

    def _decide(self, said: CompleteTask) -> Decided | None:
        task = self._state.open_tasks.get(said.task_id)
        if task is None:
            self._refuse(said, self._why_not_open(said.task_id))
            return None
        wanted = _submission(said, said.outcome)
        outcome = self._rules.outcome(task, said.outcome)
        refusal = self._rules.judge(task, wanted)
        if refusal or outcome is None:
            self._refuse(said, refusal or _NO_OUTCOME)
            return None
        # However it was typed, from here on it has the form in which the store keeps it.
        said = said.model_copy(update={"fields": normal(outcome.fields, said.fields)})
        self._state.answered[said.outcome] = self._state.answered.get(said.outcome, 0) + 1
        self._ledger.event(
            MatterEvent.TASK_COMPLETED if outcome.closes else MatterEvent.TASK_ANSWERED,
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

    def _act(self, said: MatterAction) -> Interrupted | None:
        refusal = self._rules.judge_action(_submission(said, said.action))
        if refusal:
            self._refuse(said, refusal)
            return None
        taken, mine = self._state.taken.setdefault(said.action, {}), self._rules.voice(said.actor)
        taken[mine] = taken.get(mine, 0) + 1
        self._ledger.event(
            self._rules.action_event(said.action),
            actor=said.actor,
            said_id=said.action_id,
            data=_chosen(self._rules.action_fields(said.action), said),
        )
        self._accept(said)
        return self._rules.act(said)

    def _accept(self, said: Said) -> None:
        """Settle a signal as applied, and keep the facts about the units that it names."""
        self._ledger.verdict(Verdict(said=said, applied=True, at=workflow.now()))
        for unit in said.vouched.units if said.vouched else ():
            self._state.units[unit.code] = unit

    def _ignore(self) -> None:
        """Count a signal that is not heard; an event says so once."""
        state = self._state
        state.ignore()
        if state.ignored_since is None:
            state.ignored_since = workflow.now()
            self._ledger.event(
                MatterEvent.SIGNALS_IGNORED, actor=SYSTEM, data={"heard": options.HEARD_BY_HAND}
            )
        self._ledger.tell_operators()

    def _refuse_by_hand(self, said: Said) -> None:
        """Refuse a signal that only the office may send.

        Its id is not used up and no row is settled, since the real signal may still arrive.
        """
        self._note_refusal(said, _NOT_THIS_ID if is_the_offices_id(said.said_id) else _NOT_BY_HAND)

    def _refuse(self, said: Said | Malformed, refusal: Refusal) -> None:
        self._note_refusal(said, refusal)
        if not isinstance(said, Malformed):
            # A refused signal keeps only its ids: its words serve no purpose, and a flood stays small.
            said = said.model_copy(update={"fields": {}, "comment": None})
            self._ledger.verdict(
                Verdict(said=said, applied=False, at=workflow.now(), code=refusal.code, reason=refusal.reason)
            )

    def _note_refusal(self, said: Said | Malformed, refusal: Refusal) -> None:
        """Note a refusal; past a limit only count it, so that a flood cannot fill the history."""
        self._state.refusals += 1
        signal_id = "" if isinstance(said, Malformed) else said.said_id
        actor = _UNKNOWN if isinstance(said, Malformed) else said.actor
        self._state.refused.append(
            RefusedSignal(
                at=workflow.now(),
                signal=self._signal_of(said),
                signal_id=signal_id,
                actor=actor,
                code=refusal.code,
                reason=refusal.reason,
            )
        )
        del self._state.refused[:-_SHOWN_REFUSALS]
        if self._state.refusals <= options.REFUSALS_RECORDED:
            self._ledger.event(
                MatterEvent.SIGNAL_REFUSED,
                actor=actor,
                said_id=signal_id or None,
                data={"signal": self._signal_of(said), "code": refusal.code, "reason": refusal.reason},
            )

    def _signal_of(self, said: Said | Malformed) -> str:
        if isinstance(said, Malformed):
            return said.signal
        return COMPLETE_TASK if isinstance(said, CompleteTask) else self._rules.action_signal

    def _why_not_open(self, task_id: str) -> Refusal:
        if task_id in self._state.finished:
            return Refusal(
                code="task_done", reason=f"the task is not open any more: {self._state.finished[task_id]}"
            )
        return Refusal(code="unknown_task", reason="there is no such task here")


def refused_unheard(state: MatterState) -> tuple[RefusedSignal, ...]:
    """Return one refusal that counts the signals typed by hand but not heard; none if all were heard."""
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
    """Tell whether a look-up covers all codes and claims of one signal."""
    return (
        {*of_one.units} <= {*asked.units}
        and {*of_one.categories} <= {*asked.categories}
        and {each.digest for each in of_one.claims} <= {each.digest for each in asked.claims}
    )


def _chosen(fields: tuple[Field, ...], said: Said) -> dict[str, str]:
    """Return the codes of a signal for its event: texts stay in the store, and lists with the decision."""
    names = {each.name for each in fields if each.type not in STORED}
    return {name: value for name, value in said.fields.items() if name in names and isinstance(value, str)}


def _submission(said: Said, name: str) -> Submission:
    now = workflow.now()
    # A signal may date itself back, but never ahead.
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
    """Return the codes that a signal may name: those that the store vouched for."""
    vouched = said.vouched or Vouched()
    return Codes(units={unit.code for unit in vouched.units}, categories=vouched.categories)
