"""The whole changing state of a running order: one object of plain values.

Assumes one writer, the `Case`; every value can be serialised as it is.
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
    """Work that rests until its limit, `resume`, or the resident's answer; then `clock` goes on.

    `is_late`: the limit of the work had passed before, and had its consequence.
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
    """The last notice of urging to a unit, and how many more urged it `since`."""

    unit: str
    told_at: datetime
    since: int = 0


@dataclass(slots=True)
class Window:
    """The reopening window of a closed order: the last clock, without an owner."""

    is_moved: ClassVar[bool] = True
    is_last: ClassVar[bool] = True
    key: str = "window"
    deadline: Deadline = field(default_factory=lambda: Deadline(reminds=False))


@dataclass(slots=True)
class Led:
    """A joined order's wait for its leading one, without an owner: a signal ends it, or its limit."""

    is_moved: ClassVar[bool] = False
    is_last: ClassVar[bool] = False
    key: str = "led"
    deadline: Deadline = field(default_factory=lambda: Deadline(reminds=False))


OrderWait = HumanTask | Rest | Window | Led
"""The waits of an order."""


@dataclass(frozen=True, slots=True)
class Concluded:
    """A leader ended the order as it stands; the text goes to the resident."""

    decided: Decided


@dataclass(frozen=True, slots=True)
class Moved:
    """The order goes to another unit, by a granted transfer or by order of the desk or a leader."""

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
"""Marks a field of the state that starts again with every round."""


@dataclass(slots=True, kw_only=True)
class State(MatterState):
    """The state of an order: that of any matter, and its class, promise, routing, rounds and rests.

    A field that belongs to one round is marked so, and ends with the round: see `begin_round`.
    `answers_before`: how many answers other orders had given this one when it joined. `joined`: the promises
    of orders that joined this one, the earliest first.
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
        """Enter a stage of an order."""
        self.stage = Stage(stage)

    def urge(self, at: datetime, *, gap: timedelta) -> int | None:
        """Count an urging; return the number for a notice to the unit, `None` if one went within the gap."""
        last = self.urged if self.urged and self.urged.unit == self.unit else None
        if last is not None and at < last.told_at + gap:
            self.urged = replace(last, since=last.since + 1)
            return None
        self.urged = Urged(self.unit, told_at=at)
        return 1 + (last.since if last else 0)

    def begin_round(self, at: datetime) -> None:
        """Begin another round: reset every field that belongs to one round."""
        for each in fields(self):
            if each.metadata == _OF_A_ROUND:
                made = each.default if each.default_factory is MISSING else each.default_factory()
                setattr(self, each.name, made)
        self.round += 1
        self.round_began_at = at

    def hear_promise(self, answer: OrderAnswer, *, at: datetime) -> None:
        """Keep the promise from the store; once firm it becomes the word, and is never earlier."""
        if answer.promised_at is None:
            return
        self.promised_at, self.promise_is_provisional = answer.promised_at, answer.promise_is_provisional
        if self.promise is not None and not answer.promise_is_provisional:
            word = GivenWord(at=answer.promised_at, said_at=at)
            self.promise = self.promise.model_copy(update={"word": word})

    def hear_routing(self, routing: Routing | None) -> None:
        """Keep the units that answer, as the store says; `None` brings nothing new."""
        self.routing = routing or self.routing

    @property
    def progress(self) -> Progress:
        """The facts that limit the outcomes that may still be chosen."""
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
        """All tasks that an order at work waits for, and its rest."""
        rest = (self.rest,) if self.rest else ()
        return (*self.open_tasks.values(), *rest)

    @property
    def clocks(self) -> tuple[Wait, ...]:
        """All clocks that run, at work or closed."""
        return (*self.waits, *((self.window,) if self.window else ()))

    @property
    def runs_from(self) -> datetime:
        """Since when the promise of this round has run without a rest."""
        return max((self.round_began_at, *(rest.ended for rest in self.rests)))

    def promise_at(self, at: datetime, *, rested: bool = False) -> PromiseRequest | None:
        """Return the promise as it stands at an instant, moved by a hold that goes on until then.

        `rested`: move it also by a rest that goes on; leave that out for a clock, which counts its own.
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
