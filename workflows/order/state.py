"""All that changes about a running order: one object of plain values.

Assumes one writer, the `Case`; everything here can be serialised as it is.
"""

from dataclasses import dataclass, field
from datetime import datetime

from domain.deadlines import Basis
from domain.lifecycle import Progress, TaskKind
from domain.orders import Ending, OrderClass, Role, Stage, Tier
from domain.responsibility import Owner
from messages.directory import Routing, UnitFacts
from messages.orders import OfficeHold, RefusedSignal, StartOrder
from messages.records import ClockRequest, PromiseRequest, RestTaken
from messages.signals import CompleteTask, OrderAction

from workflows.order.clock import Deadline


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
    """Work that rests until its limit, `resume`, or the resident's answer; `clock` is what goes on afterwards."""

    began: datetime
    clock: ClockRequest | None
    asks: bool
    key: str = "rest"
    deadline: Deadline = field(default_factory=lambda: Deadline(reminds=False))


@dataclass(frozen=True, slots=True)
class Stood:
    """A unit's clock that stands still while a proposal is reviewed."""

    began: datetime
    clock: ClockRequest | None


@dataclass(slots=True)
class Window:
    """The reopening window of a closed order: the last clock, owned by nobody."""

    key: str = "window"
    deadline: Deadline = field(default_factory=lambda: Deadline(reminds=False))


Wait = HumanTask | Rest | Window


@dataclass(frozen=True, slots=True)
class Malformed:
    """A signal that could not be read."""

    signal: str


Heard = CompleteTask | OrderAction | Malformed


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


class Withdrawn(Exception):
    """The resident took the order back; raised at the one door, caught once in `run`."""


class Merged(Exception):
    """The order was joined to another one; raised at the one door, caught once in `run`."""


@dataclass(slots=True, kw_only=True)
class State:
    """Where an order is; instants UTC, `seq` the last event's number, `heard` every id ever judged."""

    stage: Stage
    tier: Tier
    unit: str
    category: str | None
    ending: Ending | None = None
    round: int = 1
    lead: str | None = None
    order_class: OrderClass | None = None
    suggested_class: OrderClass | None = None
    suggested_unit: str | None = None
    promised_at: datetime | None = None
    promise: PromiseRequest | None = None
    promise_is_provisional: bool = False
    escalations: int = 0
    supervisions: int = 0
    taken: dict[str, int] = field(default_factory=dict)
    reworks: int = 0
    overdue: bool = False
    reclassified: bool = False
    is_split: bool = False
    returns: int = 0
    extensions: int = 0
    requested: set[str] = field(default_factory=set)
    request: Decided | None = None
    rest: Rest | None = None
    holds: list[OfficeHold] = field(default_factory=list)
    rests: list[RestTaken] = field(default_factory=list)
    not_later_than: datetime | None = None
    helping: list[str] = field(default_factory=list)
    stood: Stood | None = None
    reviewed_by: str | None = None
    can_be_asked: bool = True
    reopened: bool = False
    leads: bool = False
    counts_only: bool = False
    supervised_from_start: bool = False
    handled_by: str | None = None
    answered_by: str | None = None
    seq: int = 1
    tasks_opened: int = 1
    records: int = 0
    open_tasks: dict[str, HumanTask] = field(default_factory=dict)
    finished: dict[str, str] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)
    inbox: list[Heard] = field(default_factory=list)
    refused: list[RefusedSignal] = field(default_factory=list)
    refusals: int = 0
    routing: Routing | None = None
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
                asked=ClockRequest(key=first.task_id, basis=Basis.FIRST_CONTACT, since=first.opened_at),
            ),
        )
        return cls(
            stage=Stage.FIRST_CONTACT,
            tier=Tier.STREET,
            unit=first.unit,
            category=start.category,
            can_be_asked=start.can_be_called,
            holds=[start.hold] if start.hold else [],
            open_tasks={task.task_id: task},
            routing=start.routing,
        )

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
    def hold(self) -> OfficeHold | None:
        """The hold that is in force, or has ended and is not lifted yet; the next ones wait behind it."""
        return self.holds[0] if self.holds else None

    @property
    def waits(self) -> tuple[Wait, ...]:
        """All that an order at work may wait for."""
        rest = (self.rest,) if self.rest else ()
        return (*self.open_tasks.values(), *rest)

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
