"""The parts of a human task: its states, its outcomes, and the fields of an answer.

Assumes nothing about the kind of matter: each kind lists its tasks and their outcomes in a table of its own.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from domain.office.directory import MAX_EVIDENCE


class TaskState(StrEnum):
    """Where a task is; `waiting` is for work that rests."""

    OPEN = "open"
    WAITING = "waiting"
    DONE = "done"
    SUPERSEDED = "superseded"


class FieldType(StrEnum):
    """The type of a field of an outcome or action.

    Texts, parts and issues stay in the store; the signal only names them.

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
    """What follows if the reviewer of a proposal does not answer in time."""

    APPROVES = "approves"
    DENIES = "denies"
    CLIMBS = "climbs"


STORED = frozenset({FieldType.TEXT, FieldType.PARTS, FieldType.ISSUES})
"""Types for people's own words: kept with the decision's row, never in a signal."""

CODED = frozenset({FieldType.UNIT, FieldType.UNITS, FieldType.CATEGORY, FieldType.PARTS, FieldType.ISSUES})
"""Types that name units or categories of the office's directory."""

FARTHEST = timedelta(days=366)
"""How far a date may be from now: beyond a year it is a typing error, and no calendar reaches there."""

MAX_PARTS = 5
"""Into how many further orders one order may be split."""

MAX_ISSUES = 20
"""Most issues of one meeting; about 5 are usual."""

MAX_NUMBER = 10_000
"""Largest number that a clerk may type, for people at a meeting."""

MAX_ORDER_NO = 40
"""Longest text that is read as the number of an order, in characters."""

MAX_TEXT = 4_000
"""Longest text of a decision, in characters."""
MAX_ATTACHMENTS: Final = MAX_EVIDENCE
"""Most files of one request or one decision: as many as a category may ask for."""
ID_PATTERN: Final = "^[0-9a-f]{32}$"
"""How the id of an attachment looks: 128 random bits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One field of an outcome or action; `codes` is the closed set of a `CODE`.

    An instant of the `future` or the `past` lies there, within `FARTHEST` of now; a past one may lie ahead by
    `CLOCK_SKEW`. Of all texts and pictures that staff send in, a resident only ever sees those that
    `goes_to_resident` marks.
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
    """One way to answer a task.

    `closes`: the task ends; otherwise it stays with its owner. `silence`: the outcome is a proposal for a
    reviewer, and the word says what the reviewer's silence means. `leads_back`: the matter is where it was
    before, so the policy caps how often the outcome is taken, and no actor can fill the history.
    `is_evidenced`: the outcome comes with as many pictures as the order's category asks for.
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
    """One row of a kind's table of tasks; a matter with this main task is in `stage`.

    `reminds`: whether the owner is reminded before the limit; not where silence does no harm.
    """

    kind: str
    label: str
    stage: str
    outcomes: tuple[Outcome, ...]
    on_expiry: str
    reminds: bool = True


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a kind of matter: its tasks by their kinds, and the fields of its actions."""

    tasks: Mapping[str, Task]
    action_fields: Callable[[str], tuple[Field, ...]]

    def outcome(self, kind: str, name: str) -> Outcome | None:
        """Find an outcome of a kind of task; return `None` if either is unknown."""
        return next((each for each in self.outcomes(kind) if each.name == name), None)

    def outcomes(self, kind: str, *, without: Collection[str] = ()) -> tuple[Outcome, ...]:
        """List the outcomes that a kind of task offers; none for an unknown kind."""
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
    """Describe a count of people, at least one."""
    return Field(name=name, label=label, type=FieldType.NUMBER)


def past_field(name: str, label: str) -> Field:
    """Describe an instant in the past."""
    return Field(name=name, label=label, type=FieldType.INSTANT, past=True)


ATTACHMENTS = Field(name="attachments", label="附件", type=FieldType.ATTACHMENTS, required=False)
"""Pictures and documents that are attached to an answer or action."""
FOR_RESIDENT = Field(
    name="for_resident",
    label="给居民看的照片",
    type=FieldType.ATTACHMENTS,
    required=False,
    goes_to_resident=True,
)
"""Pictures that the resident sees beside the answer, once it has passed its review; never documents."""


def unit_field(name: str, *, required: bool) -> Field:
    """Describe a unit that an order can be dispatched to."""
    return Field(name=name, label="承办单位", type=FieldType.UNIT, required=required)


def future_field(name: str, label: str) -> Field:
    """Describe an instant in the future."""
    return Field(name=name, label=label, type=FieldType.INSTANT, future=True)


SYSTEM = "system"
"""The actor of automatic steps and of unsigned signals."""
