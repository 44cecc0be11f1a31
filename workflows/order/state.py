"""All that changes about a running order: one object of plain values.

Assumes one writer, the `Case`; everything here can be serialised as it is.
"""

from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import datetime, timedelta

from domain.office.responsibility import Owner
from domain.office.words import OrderClass, Role, Tier
from domain.order.actions import ACTIONS, ActionName
from domain.order.deadlines import Basis
from domain.order.lifecycle import Progress, TaskKind
from domain.order.words import Ending, Stage
from messages.matter.signals import CompleteTask, OrderAction
from messages.matter.step import ClockRequest, GivenWord, PromiseRequest, TaskClosed
from messages.matter.tasks import OfficeHold, RefusedSignal, RestTaken
from messages.names import is_the_offices_id
from messages.office.directory import Routing, UnitFacts, Vouched
from messages.order.step import OrderAnswer
from messages.order.workflow import StartOrder

from workflows.matter.clock import Deadline


@dataclass(slots=True, kw_only=True)
class HumanTask:
    """A task that somebody of `role` in `unit` has to finish; see `TaskOpened` for `withheld` and `not_by`."""

    task_id: str
    kind: TaskKind
    unit: str
    tier: Tier
    role: Role
    opened_at: datetime
    deadline: Deadline = field(default_factory=Deadline)
    withheld: frozenset[str] = frozenset()
    not_by: tuple[str, ...] = ()
    evidence: int = 0

    @property
    def key(self) -> str:
        """The name of its clock."""
        return self.task_id

    @property
    def limit(self) -> dict[str, str]:
        """Say in an event which limit of it has passed."""
        return {"kind": self.kind, "unit": self.unit, "due_at": str(self.deadline.due_at)}

    @property
    def owner(self) -> Owner:
        """Whose it is."""
        return Owner(unit=self.unit, tier=self.tier, role=self.role)


@dataclass(slots=True, kw_only=True)
class Rest:
    """Work that rests until its limit, `resume`, or the resident's answer; `clock` is what goes on afterwards.

    `is_late`: its limit had passed before, and had its consequence.
    """

    began: datetime
    clock: ClockRequest | None
    asks: bool
    is_late: bool = False
    key: str = "rest"
    deadline: Deadline = field(default_factory=lambda: Deadline(reminds=False))


@dataclass(frozen=True, slots=True)
class Stood:
    """A unit's clock that stands still while a proposal is reviewed."""

    began: datetime
    clock: ClockRequest | None


@dataclass(frozen=True, slots=True)
class Urged:
    """The last notice to a unit that somebody urges, and how many have urged `since`."""

    unit: str
    told_at: datetime
    since: int = 0


@dataclass(slots=True)
class Window:
    """The reopening window of a closed order: the last clock, owned by nobody."""

    key: str = "window"
    deadline: Deadline = field(default_factory=lambda: Deadline(reminds=False))


@dataclass(slots=True)
class Led:
    """A joined order's wait for its leading one: it is told, or looks again after a while; owned by nobody here."""

    key: str = "led"
    deadline: Deadline = field(default_factory=lambda: Deadline(reminds=False))


Wait = HumanTask | Rest | Window | Led


@dataclass(frozen=True, slots=True)
class Malformed:
    """A signal that could not be read."""

    signal: str


@dataclass(frozen=True, slots=True)
class Unsealed:
    """What was said without the store's seal; `digest` names its content, should the store be asked for it.

    `only_if_kept`: enough was typed by hand already, so that it is heard only if the store has it.
    """

    said: CompleteTask | OrderAction
    digest: str
    only_if_kept: bool = False

    @property
    def claims(self) -> bool:
        """Whether it says or does anything that only the store can."""
        said = self.said
        return bool(said.stored or said.decided_at or said.vouched or said.seal) or is_the_offices(said)

    def as_typed(self, vouched: Vouched | None = None) -> "Typed":
        """Leave out what nobody has confirmed."""
        nothing = {"stored": (), "decided_at": None, "vouched": vouched, "seal": None}
        return Typed(self.said.model_copy(update=nothing))


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed by hand, with what the store says of the codes that it names."""

    said: CompleteTask | OrderAction


@dataclass(frozen=True, slots=True)
class Ignored:
    """A signal typed by hand that is not heard, because too many were."""


def is_the_offices(said: CompleteTask | OrderAction) -> bool:
    """Tell whether nobody sends this but the office's own programs: by what it does, or by its id."""
    return is_the_offices_id(said.said_id) or (
        isinstance(said, OrderAction)
        and said.action in ACTIONS
        and ACTIONS[ActionName(said.action)].is_the_offices
    )


Heard = CompleteTask | OrderAction | Unsealed | Typed | Malformed | Ignored
"""What waits in the inbox. What bears the store's seal, or came back from `record`, is as the store has it."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Somebody decided a task; `at` is when they did, which may lie before the instant it was heard."""

    task: HumanTask
    said: CompleteTask

    at: datetime

    @property
    def outcome(self) -> str:
        """The outcome that was chosen."""
        return self.said.outcome

    def chosen(self, name: str) -> str | None:
        """Give the code in one field of the outcome."""
        value = self.said.fields.get(name)
        return str(value) if value else None


@dataclass(frozen=True, slots=True)
class Expired:
    """A limit passed and nothing was pending against it."""

    wait: Wait


@dataclass(frozen=True, slots=True)
class Interrupted:
    """An action on the order that changes the course of the step that waits."""

    said: OrderAction


Answer = Decided | Expired | Interrupted


@dataclass(frozen=True, slots=True)
class Concluded:
    """A leader ended the order as it is; the text goes to the resident."""

    decided: Decided


@dataclass(frozen=True, slots=True)
class Moved:
    """The order goes to another unit, by a transfer that was granted or because the desk or a leader says so."""

    unit: str
    rule: str


@dataclass(frozen=True, slots=True)
class TakenOver:
    """A leader's office becomes the lead."""

    owner: Owner


class NotForeseen(Exception):
    """The tables allow what this step of the story has no branch for.

    The workflow task fails, `dingdan check` names the order, and it goes on with a version that has the branch.
    """

    def __init__(self, step: str, answer: Answer) -> None:
        """Say where, and what came."""
        match answer:
            case Decided():
                what = f"{answer.task.kind} {answer.outcome}"
            case Interrupted():
                what = answer.said.action
            case Expired():
                what = f"the limit of {answer.wait.key}"
        super().__init__(f"{step} has no branch for {what}")


class Withdrawn(Exception):
    """The resident took the order back; raised at the one door, caught once in `run`."""


class Merged(Exception):
    """The order was joined to another one; raised at the one door, caught once in `run`."""


_OF_A_ROUND: dict[str, bool] = {"of a round": True}
"""Marks a field of the state that begins anew with every round."""


@dataclass(slots=True, kw_only=True)
class State:
    """Where an order is; instants UTC, `seq` the last event's number, `heard` every id ever judged.

    What is said of one round alone is declared so, and ends with it: see `begin_round`.
    `taken`: how often each action was taken, by voice (`domain/order/voices.py`).
    `hold` is in force, or has ended and is not lifted yet; `holds` are to come, and `holds_heard` the beginnings of all
    that the order ever heard of. `answers_before`: how many other orders had given this one when it joined. `joined` is
    what orders that joined this one were promised, the earliest first.
    """

    stage: Stage
    tier: Tier
    unit: str
    category: str | None
    routing: Routing
    round_began_at: datetime
    ending: Ending | None = field(default=None, metadata=_OF_A_ROUND)
    round: int = 1
    lead: str | None = None
    order_class: OrderClass | None = None
    suggested_class: OrderClass | None = None
    suggested_unit: str | None = None
    promised_at: datetime | None = field(default=None, metadata=_OF_A_ROUND)
    promise: PromiseRequest | None = field(default=None, metadata=_OF_A_ROUND)
    promise_is_provisional: bool = field(default=False, metadata=_OF_A_ROUND)
    extended: GivenWord | None = field(default=None, metadata=_OF_A_ROUND)
    escalations: int = 0
    supervisions: int = field(default=0, metadata=_OF_A_ROUND)
    urged: Urged | None = field(default=None, metadata=_OF_A_ROUND)
    taken: dict[str, dict[str, int]] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    by_hand: int = 0
    asked_beyond: int = 0
    ignored: int = 0
    ignored_since: datetime | None = None
    reworks: int = 0
    overdue: bool = False
    reclassified: bool = False
    is_split: bool = False
    returns: int = 0
    extensions: int = 0
    requested: set[str] = field(default_factory=set, metadata=_OF_A_ROUND)
    request: Decided | None = field(default=None, metadata=_OF_A_ROUND)
    rest: Rest | None = field(default=None, metadata=_OF_A_ROUND)
    window: Window | None = field(default=None, metadata=_OF_A_ROUND)
    hold: OfficeHold | None = None
    holds: list[OfficeHold] = field(default_factory=list)
    holds_heard: set[datetime] = field(default_factory=set)
    held_until: datetime | None = None
    rests: list[RestTaken] = field(default_factory=list, metadata=_OF_A_ROUND)
    joined: tuple[GivenWord, ...] = field(default=(), metadata=_OF_A_ROUND)
    helping: list[str] = field(default_factory=list, metadata=_OF_A_ROUND)
    stood: Stood | None = field(default=None, metadata=_OF_A_ROUND)
    reviewed_by: str | None = None
    can_be_asked: bool = True
    reopened: bool = False
    merged_into: str | None = field(default=None, metadata=_OF_A_ROUND)
    answers_before: int = field(default=0, metadata=_OF_A_ROUND)
    led_to: Ending | None = field(default=None, metadata=_OF_A_ROUND)
    requester_left: bool = False
    counts_only: bool = False
    supervised_from_start: bool = field(default=False, metadata=_OF_A_ROUND)
    handled_by: str | None = None
    answered_by: str | None = field(default=None, metadata=_OF_A_ROUND)
    seq: int = 1
    tasks_opened: int = 1
    records: int = 0
    open_tasks: dict[str, HumanTask] = field(default_factory=dict)
    finished: dict[str, str] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)
    inbox: list[Heard] = field(default_factory=list)
    refused: list[RefusedSignal] = field(default_factory=list)
    refusals: int = 0
    units: dict[str, UnitFacts] = field(default_factory=dict)

    @classmethod
    def of(cls, start: StartOrder) -> "State":
        """Begin with the first task, which the intake's transaction opened."""
        first = start.first_task
        task = HumanTask(
            task_id=first.task_id,
            kind=TaskKind(first.kind),
            unit=first.unit,
            tier=Tier(first.tier),
            role=Role(first.role),
            opened_at=first.opened_at,
            deadline=Deadline(
                due_at=first.due_at,
                remind_at=first.remind_at,
                is_provisional=first.is_provisional,
                asked=ClockRequest(
                    key=first.task_id,
                    basis=Basis.FIRST_CONTACT,
                    since=first.opened_at,
                    word=None
                    if first.is_provisional or first.due_at is None
                    else GivenWord(at=first.due_at, said_at=first.opened_at),
                ),
            ),
        )
        return cls(
            stage=Stage.FIRST_CONTACT,
            tier=Tier.STREET,
            unit=first.unit,
            category=start.category,
            round_began_at=start.received_at,
            can_be_asked=start.can_be_called,
            hold=next((each for each in start.holds if each.since <= start.first_task.opened_at), None),
            holds=[each for each in start.holds if each.since > start.first_task.opened_at],
            holds_heard={each.since for each in start.holds},
            rests=list(start.rests),
            open_tasks={task.task_id: task},
            routing=start.routing,
        )

    def finish(self, closed: TaskClosed, why: str) -> None:
        """Take a task out that is closed: whatever is said of it from here on is late, and hears why."""
        self.open_tasks.pop(closed.task_id, None)
        self.finished[closed.task_id] = why

    def ignore(self) -> None:
        """Count a signal that is not heard."""
        self.refusals += 1
        self.ignored += 1

    def urge(self, at: datetime, *, gap: timedelta) -> int | None:
        """Count one who urges, and return of how many a notice tells the unit, `None` if one went there just before."""
        last = self.urged if self.urged and self.urged.unit == self.unit else None
        if last is not None and at < last.told_at + gap:
            self.urged = replace(last, since=last.since + 1)
            return None
        self.urged = Urged(self.unit, told_at=at)
        return 1 + (last.since if last else 0)

    def begin_round(self, at: datetime) -> None:
        """Begin another round: whatever was said of the last one alone is over."""
        for each in fields(self):
            if each.metadata == _OF_A_ROUND:
                made = each.default if each.default_factory is MISSING else each.default_factory()
                setattr(self, each.name, made)
        self.round += 1
        self.round_began_at = at

    def hear_promise(self, answer: OrderAnswer, *, at: datetime) -> None:
        """Keep what the store says was promised; once it is firm that is a word, and it is never earlier."""
        if answer.promised_at is None:
            return
        self.promised_at, self.promise_is_provisional = answer.promised_at, answer.promise_is_provisional
        if self.promise is not None and not answer.promise_is_provisional:
            word = GivenWord(at=answer.promised_at, said_at=at)
            self.promise = self.promise.model_copy(update={"word": word})

    def hear_routing(self, routing: Routing | None) -> None:
        """Keep what the store says of who answers; `None` says nothing new."""
        self.routing = routing or self.routing

    @property
    def progress(self) -> Progress:
        """What lies behind the order, as far as it says what may still be chosen."""
        return Progress(
            reclassified=self.reclassified,
            is_split=self.is_split,
            returns=self.returns,
            extensions=self.extensions,
            requested=frozenset(self.requested),
            can_be_asked=self.can_be_asked,
            is_busy=self.request is not None or self.rest is not None,
            is_at_the_top=self.supervised and self.tier.above is None,
        )

    @property
    def waits(self) -> tuple[Wait, ...]:
        """All that an order at work may wait for."""
        rest = (self.rest,) if self.rest else ()
        return (*self.open_tasks.values(), *rest)

    @property
    def clocks(self) -> tuple[Wait, ...]:
        """All that runs, at work or closed."""
        return (*self.waits, *((self.window,) if self.window else ()))

    @property
    def runs_from(self) -> datetime:
        """Since when the promise of this round has run without a rest."""
        return max((self.round_began_at, *(rest.ended for rest in self.rests)))

    def promise_at(self, at: datetime, *, rested: bool = False) -> PromiseRequest | None:
        """Give the promise as it stands at an instant: with what a hold that goes on has taken until then.

        `rested`: also with what a rest has that goes on; a clock counts its own.
        """
        promise, stands = self.promise, []
        if self.hold is not None:
            stands.append((self.hold.since, min(self.hold.until, at)))
        if rested and self.rest is not None:
            stands.append((self.rest.began, at))
        for began, ended in sorted(stands):
            promise = promise and promise.rested(began, ended)
        return promise

    @property
    def supervised(self) -> bool:
        """Whether a supervision is open."""
        return any(task.kind is TaskKind.SUPERVISE for task in self.open_tasks.values())

    @property
    def is_provisional(self) -> bool:
        """Whether an instant that people see rests on a year that is not announced yet."""
        return self.promise_is_provisional or any(
            task.deadline.is_provisional for task in self.open_tasks.values()
        )

    @property
    def due_at(self) -> datetime | None:
        """The present task's due time: the earliest among open tasks that has not passed."""
        instants = [
            wait.deadline.due_at for wait in self.waits if wait.deadline.due_at and not wait.deadline.expired
        ]
        return min(instants) if instants else None
