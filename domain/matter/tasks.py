"""What a human task is made of: its states, its outcomes, and the fields in which somebody answers.

Assumes nothing of the kind of matter: which tasks it has, and which outcomes they offer, stands in its own table.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from domain.office.directory import MAX_EVIDENCE


class TaskState(StrEnum):
    """Where a task is; `waiting` is kept for work that rests."""

    OPEN = "open"
    WAITING = "waiting"
    DONE = "done"
    SUPERSEDED = "superseded"


class FieldType(StrEnum):
    """What a field of an outcome or action holds; texts and parts live in the store and are named by the signal.

    Units and categories are codes of the office's directory (`domain.office.directory`).
    """

    TEXT = "text"
    CODE = "code"
    UNIT = "unit"
    CATEGORY = "category"
    UNITS = "units"
    INSTANT = "instant"
    ORDER = "order"
    PARTS = "parts"
    ISSUES = "issues"
    NUMBER = "number"
    ATTACHMENTS = "attachments"


class Silence(StrEnum):
    """What follows when nobody reviews a proposal in time."""

    APPROVES = "approves"
    DENIES = "denies"
    CLIMBS = "climbs"


STORED = frozenset({FieldType.TEXT, FieldType.PARTS, FieldType.ISSUES})
"""What people write: kept with the decision's row, never in a signal."""

CODED = frozenset({FieldType.UNIT, FieldType.UNITS, FieldType.CATEGORY, FieldType.PARTS, FieldType.ISSUES})
"""What names units or categories of the office's directory."""

FARTHEST = timedelta(days=366)
"""How far a date may lie from today: beyond a year it is a slip of the pen, and no calendar reaches there."""

MAX_PARTS = 5
"""Into how many orders one may be split, itself not counted."""

MAX_ISSUES = 20
"""How many issues one meeting brings at most: about 5 are usual."""

MAX_NUMBER = 10_000
"""Largest number that somebody types, of people at a meeting."""

MAX_ORDER_NO = 40
"""Longest number of an order that is looked for, in characters."""

MAX_TEXT = 4_000
"""Longest text of a decision, in characters."""
MAX_ATTACHMENTS: Final = MAX_EVIDENCE
"""Most files of one request or one decision: as many as a category may ask for."""
ID_PATTERN: Final = "^[0-9a-f]{32}$"
"""How the id of an attachment looks: 128 random bits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One field of an outcome or action; `codes` is the closed set of a `CODE`.

    An instant of the `future` or the `past` lies there, and within `FARTHEST` of now; one of the past may lie ahead by
    `CLOCK_SKEW`. Of all that staff write only a text that `goes_to_resident` is ever sent to one.
    """

    name: str
    label: str
    type: FieldType
    required: bool = True
    codes: tuple[str, ...] = ()
    future: bool = False
    past: bool = False
    goes_to_resident: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """One way to answer a task; one that does not `close` it leaves the task to its owner.

    With `silence` it is a proposal that somebody else reviews: the word says what silence means then. One that
    `leads_back` to where the order was is taken so often as its policy says, lest somebody fills its history. One that
    `is_evidenced` comes with as many pictures as its category asks for.
    """

    name: str
    label: str
    fields: tuple[Field, ...] = ()
    closes: bool = True
    silence: Silence | None = None
    leads_back: bool = False
    is_evidenced: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One row of a kind's table of tasks; `stage` is where a matter with this as its main task is.

    `reminds`: whether its owner is told before the limit; not where silence does no harm.
    """

    kind: str
    label: str
    stage: str
    outcomes: tuple[Outcome, ...]
    on_expiry: str
    reminds: bool = True


@dataclass(frozen=True, slots=True)
class Tables:
    """What may be said to a kind of matter: its tasks by their kinds, and the fields of its actions."""

    tasks: Mapping[str, Task]
    action_fields: Callable[[str], tuple[Field, ...]]

    def outcome(self, kind: str, name: str) -> Outcome | None:
        """Find an outcome of a kind of task; `None` for what nobody knows."""
        return next((each for each in self.outcomes(kind) if each.name == name), None)

    def outcomes(self, kind: str, *, without: Collection[str] = ()) -> tuple[Outcome, ...]:
        """List the outcomes that a kind of task offers; none for a kind that nobody knows."""
        row = self.tasks.get(kind)
        return tuple(each for each in row.outcomes if each.name not in without) if row else ()


def text_field(label: str, *, name: str = "text", required: bool = True) -> Field:
    """Describe a text; the store keeps it."""
    return Field(name=name, label=label, type=FieldType.TEXT, required=required)


def answer_field(label: str) -> Field:
    """Describe a text that goes to the resident; the store keeps it."""
    return Field(name="text", label=label, type=FieldType.TEXT, goes_to_resident=True)


def code_field(
    name: str, label: str, codes: type[StrEnum] | tuple[str, ...], *, required: bool = True
) -> Field:
    """Describe a choice from a closed set."""
    return Field(
        name=name,
        label=label,
        type=FieldType.CODE,
        codes=tuple(str(code) for code in codes),
        required=required,
    )


def number_field(name: str, label: str) -> Field:
    """Describe a count of people, from one on."""
    return Field(name=name, label=label, type=FieldType.NUMBER)


def past_field(name: str, label: str) -> Field:
    """Describe an instant that lies behind."""
    return Field(name=name, label=label, type=FieldType.INSTANT, past=True)


ATTACHMENTS = Field(name="attachments", label="附件", type=FieldType.ATTACHMENTS, required=False)
"""Pictures and documents that come with somebody's words."""


def unit_field(name: str, *, required: bool) -> Field:
    """Describe a unit that an order can be dispatched to."""
    return Field(name=name, label="承办单位", type=FieldType.UNIT, required=required)


def future_field(name: str, label: str) -> Field:
    """Describe an instant that lies ahead."""
    return Field(name=name, label=label, type=FieldType.INSTANT, future=True)


SYSTEM = "system"
"""The actor of automatic steps and of what nobody signed."""
