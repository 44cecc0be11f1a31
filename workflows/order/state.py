"""All that changes about a running order: one object of plain values.

Assumes one writer, the `Case`; everything here can be serialised as it is.
"""

from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import ClassVar

from domain.office.responsibility import Owner
from domain.office.words import OrderClass, Tier
from domain.order.deadlines import Basis
from domain.order.lifecycle import Progress, TaskKind
from domain.order.words import Ending, Stage
from messages.matter.step import ClockRequest, GivenWord, PromiseRequest
from messages.matter.tasks import RestTaken
from messages.office.directory import Routing
from messages.order.step import OrderAnswer
from messages.order.workflow import StartOrder

from workflows.matter.clock import Deadline
from workflows.matter.state import Decided, HumanTask, MatterState, Wait, as_begun


@dataclass(slots=True, kw_only=True)
class Rest:
    """Work that rests until its limit, `resume`, or the resident's answer; `clock` is what goes on afterwards.

    `is_late`: its limit had passed before, and had its consequence.
    """

    began: datetime
    clock: ClockRequest | None
    asks: bool
    is_moved: ClassVar[bool] = False
    is_last: ClassVar[bool] = False
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

    is_moved: ClassVar[bool] = True
    is_last: ClassVar[bool] = True
    key: str = "window"
    deadline: Deadline = field(default_factory=lambda: Deadline(reminds=False))


@dataclass(slots=True)
class Led:
    """A joined order's wait for its leading one: it is told, or looks again after a while; owned by nobody here."""

    is_moved: ClassVar[bool] = False
    is_last: ClassVar[bool] = False
    key: str = "led"
    deadline: Deadline = field(default_factory=lambda: Deadline(reminds=False))


OrderWait = HumanTask | Rest | Window | Led
"""What an order may wait for."""


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


class Withdrawn(Exception):
    """The resident took the order back; raised at the one door, caught once in `run`."""


class Merged(Exception):
    """The order was joined to another one; raised at the one door, caught once in `run`."""


_OF_A_ROUND: dict[str, bool] = {"of a round": True}
"""Marks a field of the state that begins anew with every round."""


@dataclass(slots=True, kw_only=True)
class State(MatterState):
    """Where an order is: of every matter's also its class, promise, routing, rounds and rests.

    What is said of one round alone is declared so, and ends with it: see `begin_round`.
    `answers_before`: how many other orders had given this one when it joined. `joined` is what orders that joined this
    one were promised, the earliest first.
    """

    stage: Stage
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
    supervisions: int = field(default=0, metadata=_OF_A_ROUND)
    urged: Urged | None = field(default=None, metadata=_OF_A_ROUND)
    reworks: int = 0
    reclassified: bool = False
    is_split: bool = False
    returns: int = 0
    extensions: int = 0
    requested: set[str] = field(default_factory=set, metadata=_OF_A_ROUND)
    request: Decided | None = field(default=None, metadata=_OF_A_ROUND)
    rest: Rest | None = field(default=None, metadata=_OF_A_ROUND)
    window: Window | None = field(default=None, metadata=_OF_A_ROUND)
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

    @classmethod
    def of(cls, start: StartOrder) -> "State":
        """Begin with the first task, which the intake's transaction opened."""
        return cls(
            **as_begun(start.first_task, Basis.FIRST_CONTACT, start.holds) | {"tier": Tier.STREET},
            stage=Stage.FIRST_CONTACT,
            category=start.category,
            round_began_at=start.received_at,
            can_be_asked=start.can_be_called,
            rests=list(start.rests),
            routing=start.routing,
        )

    def enter(self, stage: str) -> None:
        """Go to a stage of an order's way."""
        self.stage = Stage(stage)

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
        return self.due_of(*self.waits)
