"""The state that every running matter keeps: its tasks, the signals that it heard, and those that it refused.

Assumes plain values that can be serialised as they are. A kind adds its own facts in a state of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

from domain.matter.tasks import TaskState
from domain.office.responsibility import Owner
from domain.office.words import Role, Tier
from messages.matter.signals import CompleteTask, MatterAction
from messages.matter.step import ClockRequest, EventRecord, GivenWord, TaskClosed
from messages.matter.tasks import OfficeHold, OpenTask, RefusedSignal, TaskStatus
from messages.office.directory import UnitFacts, Vouched

from workflows.matter.clock import Deadline


class Wait(Protocol):
    """One wait of a matter: the name of its clock, and the clock.

    `is_moved`: a hold of the office moves it. `is_last`: nothing follows it, so messages must be out before.
    """

    is_moved: ClassVar[bool]
    is_last: ClassVar[bool]
    deadline: Deadline

    @property
    def key(self) -> str:
        """The name of its clock."""


@dataclass(slots=True, kw_only=True)
class HumanTask:
    """A task for staff with `role` in `unit`; see `TaskOpened` for `withheld` and `not_by`.

    `evidence`: how many pictures its result needs.
    """

    is_moved: ClassVar[bool] = True
    is_last: ClassVar[bool] = False
    task_id: str
    kind: str
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
        """The data of the event that says that its limit has passed."""
        return {"kind": self.kind, "unit": self.unit, "due_at": str(self.deadline.due_at)}

    def shown(self, matter_no: str, *, rests: bool = False) -> TaskStatus:
        """Return it as the query `status` shows it."""
        return TaskStatus(
            task_id=self.task_id,
            matter_no=matter_no,
            kind=self.kind,
            state=TaskState.WAITING if rests else TaskState.OPEN,
            unit=self.unit,
            tier=self.tier,
            role=self.role,
            opened_at=self.opened_at,
            due_at=self.deadline.due_at,
            remind_at=self.deadline.remind_at,
        )

    @property
    def owner(self) -> Owner:
        """The unit, tier and role that own the task."""
        return Owner(unit=self.unit, tier=self.tier, role=self.role)


@dataclass(frozen=True, slots=True)
class Malformed:
    """A signal that could not be read."""

    signal: str


@dataclass(frozen=True, slots=True)
class Unsealed:
    """A signal without the store's seal; by `digest` the store can be asked for its content.

    `claims`: it says or does something that only the store may. `only_if_kept`: too many signals were typed
    by hand already, so this one is heard only if the store has it.
    """

    said: CompleteTask | MatterAction
    digest: str
    claims: bool
    only_if_kept: bool = False

    def as_typed(self, vouched: Vouched | None = None) -> "Typed":
        """Return the signal as typed by hand, without the values that the store has not confirmed."""
        nothing = {"stored": (), "decided_at": None, "vouched": vouched, "seal": None}
        return Typed(self.said.model_copy(update=nothing))


@dataclass(frozen=True, slots=True)
class Typed:
    """A signal typed by hand, with the store's word on the codes that it names."""

    said: CompleteTask | MatterAction


@dataclass(frozen=True, slots=True)
class Ignored:
    """A signal typed by hand that is not heard, because too many came before."""


Heard = CompleteTask | MatterAction | Unsealed | Typed | Malformed | Ignored
"""An entry of the inbox. Under the store's seal, or handed back by `record`, it is as the store has it."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision on a task; `at` is when it was made, which may be before the matter heard of it."""

    task: HumanTask
    said: CompleteTask

    at: datetime

    @property
    def outcome(self) -> str:
        """The outcome that was chosen."""
        return self.said.outcome

    def chosen(self, name: str) -> str | None:
        """Return the code in one field of the outcome."""
        value = self.said.fields.get(name)
        return str(value) if value else None


@dataclass(frozen=True, slots=True)
class Expired:
    """A limit passed and nothing was pending against it."""

    wait: Wait


@dataclass(frozen=True, slots=True)
class Interrupted:
    """An action on the matter that changes the course of the step that waits."""

    said: MatterAction


Answer = Decided | Expired | Interrupted


@dataclass(frozen=True, kw_only=True, slots=True)
class Expiry:
    """The consequence of a passed limit: its event, the task that it closes, and the changes to the matter.

    It is built before it is known whether it may be taken, and applied once it was. `is_told`: the story
    hears of it.
    """

    event: EventRecord
    closed: TaskClosed | None = None
    is_late: bool = False
    stage: str | None = None
    is_told: bool = True

    @property
    def changes(self) -> Mapping[str, Any]:
        """The facts of the matter that will change, with their new values."""
        changes: dict[str, Any] = {"overdue": True} if self.is_late else {}
        return changes if self.stage is None else {**changes, "stage": self.stage}

    def apply(self, state: "MatterState") -> None:
        """Apply the consequence to the state."""
        state.seq = self.event.seq
        state.overdue |= self.is_late
        if self.stage is not None:
            state.enter(self.stage)
        if self.closed is not None:
            state.finish(self.closed, "its limit had passed")


class KeptHold(OfficeHold):
    """A hold as a matter keeps it, without the time that another one covers; `known_by` is its own beginning."""

    known_by: datetime

    @classmethod
    def of(cls, hold: OfficeHold) -> "KeptHold":
        """Keep a hold whole."""
        return cls(since=hold.since, until=hold.until, known_by=hold.since)


def as_begun(first: OpenTask, basis: str, holds: Sequence[OfficeHold]) -> dict[str, Any]:
    """Return the common part of a new state: the first task, in the store already, and the office's holds.

    `basis`: the basis of that task's clock.
    """
    word = GivenWord(at=first.due_at, said_at=first.opened_at) if first.due_at else None
    asked = ClockRequest(
        key=first.task_id,
        basis=basis,
        since=first.opened_at,
        word=None if first.is_provisional else word,
    )
    task = HumanTask(
        task_id=first.task_id,
        kind=first.kind,
        unit=first.unit,
        tier=Tier(first.tier),
        role=Role(first.role),
        opened_at=first.opened_at,
        deadline=Deadline(
            due_at=first.due_at, remind_at=first.remind_at, is_provisional=first.is_provisional, asked=asked
        ),
    )
    kept = [KeptHold.of(each) for each in holds]
    in_force = next((each for each in kept if each.since <= first.opened_at), None)
    return {
        "unit": first.unit,
        "tier": task.tier,
        "hold": in_force,
        "holds": [each for each in kept if each is not in_force],
        "holds_heard": {each.since for each in holds},
        "open_tasks": {task.task_id: task},
    }


class NotForeseen(Exception):
    """The tables allow an answer for which this step of the story has no branch.

    The workflow task fails, `dingdan check` names the matter, and it goes on under a version that has the
    branch.
    """

    def __init__(self, step: str, answer: Answer) -> None:
        """Write the step, and the answer that it got."""
        match answer:
            case Decided():
                what = f"{answer.task.kind} {answer.outcome}"
            case Interrupted():
                what = answer.said.action
            case Expired():
                what = f"the limit of {answer.wait.key}"
        super().__init__(f"{step} has no branch for {what}")


@dataclass(slots=True, kw_only=True)
class MatterState:
    """The state of a matter; instants are in UTC.

    `seq`: the number of the last event. `heard`: every id ever judged. `taken`: how often each action was
    taken, by voice. `answered`: how often each outcome was taken. `hold` is in force, or has ended and is not
    lifted yet. `holds` are to come. `holds_heard`: the beginnings of all holds that the matter ever heard of.
    `units`: the units that signals named, as the store vouched for them.
    """

    stage: str
    tier: Tier
    unit: str
    escalations: int = 0
    overdue: bool = False
    taken: dict[str, dict[str, int]] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    by_hand: int = 0
    asked_beyond: int = 0
    ignored: int = 0
    ignored_since: datetime | None = None
    hold: KeptHold | None = None
    holds: list[KeptHold] = field(default_factory=list)
    holds_heard: set[datetime] = field(default_factory=set)
    held_until: datetime | None = None
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

    def enter(self, stage: str) -> None:
        """Go to a stage."""
        self.stage = stage

    def finish(self, closed: TaskClosed, why: str) -> None:
        """Take out a closed task; `why` is the reason by which later signals about it are refused."""
        self.open_tasks.pop(closed.task_id, None)
        self.finished[closed.task_id] = why

    def ignore(self) -> None:
        """Count a signal that is not heard."""
        self.refusals += 1
        self.ignored += 1

    def due_of(self, *waits: Wait) -> datetime | None:
        """Return the earliest due time among waits whose limit has not passed."""
        instants = [each.deadline.due_at for each in waits if not each.deadline.expired]
        return min((each for each in instants if each is not None), default=None)
