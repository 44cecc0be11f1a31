"""What counts in the office's figures: which orders, on which day, on time or late, and who is satisfied.

Assumes aware instants. A day is one of the office's zone (Asia/Shanghai), half-open. A window is a number of
whole days that ends with today. Source: our decision, ADR-0022.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from typing import Final

from domain.calendar.instants import local
from domain.calendar.workdays import OFFICE_ZONE
from domain.order.words import ANSWERED, OPEN, Ending, Satisfied, Stage

OWED: Final = tuple(stage for stage in OPEN if stage not in {*ANSWERED, Stage.PAUSED, Stage.JOINED})
"""Stages in which the answer is owed and the promise runs. A joined order is not counted here: the order that
leads it answers, by its own promise."""
COUNTED: Final = (Ending.RESOLVED_ON_THE_SPOT, Ending.RESOLVED, Ending.EXPLAINED, Ending.UNRESOLVED)
"""Endings for which an answer was owed; an order that was withdrawn, joined or not accepted is owed none."""


class DayWindow(IntEnum):
    """How many days a reader may look back, today included."""

    WEEK = 7
    MONTH = 30
    QUARTER = 90


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """A day of the office, half-open; the instants may be in UTC or any other zone."""

    on: date
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its numerator and denominator."""

    part: int = 0
    whole: int = 0

    def __add__(self, other: "Rate") -> "Rate":
        """Add up two shares of different orders."""
        return Rate(self.part + other.part, self.whole + other.whole)

    @property
    def percent(self) -> str | None:
        """The share in per cent with one decimal; `None` if the denominator is zero.

        It is rounded down, so that 100.0 means all.
        """
        if not self.whole:
            return None
        tenths = self.part * 1_000 // self.whole
        return f"{tenths // 10}.{tenths % 10}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Owing:
    """What decides whether an order kept its promise; `answered_at` is the last answer to the resident."""

    stage: Stage
    ending: Ending | None = None
    held: bool = False
    promised_at: datetime | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether an order is on time, and since when that is certain."""

    at: datetime
    on_time: bool


def judge(order: Owing, *, now: datetime) -> Judged | None:
    """Judge whether the office answered an order before its promise.

    Return `None` while that is open, or if no answer was owed. An answer on time counts when it was given, a
    missed promise when it passed, answered or not. So an order counts in only one of several windows side by
    side, and an office that never answers is late. An order settled at first contact has no promise and is on
    time. While a clock stands still, no promise is missed.
    """
    promised_at, answered_at = order.promised_at, order.answered_at
    if order.stage in ANSWERED:
        if order.ending not in COUNTED or answered_at is None:
            return None
        if promised_at is None or answered_at < promised_at:
            return Judged(answered_at, on_time=True)
        return Judged(promised_at, on_time=False)
    owes = order.stage in OWED and not order.held
    if owes and promised_at is not None and promised_at <= now:
        return Judged(promised_at, on_time=False)
    return None


def is_overdue(stage: Stage, *, overdue: bool, due_at: datetime | None, now: datetime) -> bool:
    """Tell whether an open order has missed a limit of its handling, or its present limit.

    The list of orders uses the same rule.
    """
    return stage in OPEN and (overdue or (due_at is not None and due_at <= now))


def is_due(stage: Stage, due_at: datetime | None, *, until: datetime, now: datetime) -> bool:
    """Tell whether the present limit of an open order still lies ahead, but before `until`."""
    return stage in OPEN and due_at is not None and now < due_at < until


def satisfaction(answers: Mapping[Satisfied, int]) -> Rate:
    """Return the share of satisfied residents among those who answered; 基本满意 (basically) counts."""
    content = sum(count for answer, count in answers.items() if answer is not Satisfied.NO)
    return Rate(content, sum(answers.values()))


def window(length: int, *, now: datetime) -> tuple[Day, ...]:
    """List the days of a window, today last."""
    today = local(now).date()
    return tuple(_day(today - timedelta(days=back)) for back in reversed(range(length)))


def _day(on: date) -> Day:
    begins, ends = (datetime.combine(each, time(), OFFICE_ZONE) for each in (on, on + timedelta(days=1)))
    return Day(on=on, begins=begins, ends=ends)


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """Counts of the orders of one unit, tier and stage; orders that are over count in `on_time` only."""

    stage: str
    tier: str
    unit: str
    open: int = 0
    due_today: int = 0
    overdue: int = 0
    on_time: Rate = Rate()


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of a table: open, still due today and overdue now, and the share on time in the window."""

    key: str
    open: int
    due_today: int
    overdue: int
    on_time: Rate


@dataclass(frozen=True, kw_only=True, slots=True)
class DayLine:
    """How many orders were received and closed on a day."""

    on: date
    received: int
    closed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """The figures of the office; `unrated` counts the call-backs of the window that got no answer."""

    days: tuple[DayLine, ...]
    all: Line
    by_unit: tuple[Line, ...]
    by_tier: tuple[Line, ...]
    by_stage: tuple[Line, ...]
    satisfied: Mapping[Satisfied, int]
    unrated: int

    @property
    def today(self) -> DayLine:
        """The last day of the window."""
        return self.days[-1]

    @property
    def satisfaction(self) -> Rate:
        """The share of satisfied residents."""
        return satisfaction(self.satisfied)


def lines(counts: Iterable[Count], key: Callable[[Count], str]) -> tuple[Line, ...]:
    """Add up the counts by a key, sorted by key."""
    found: dict[str, list[Count]] = {}
    for each in counts:
        found.setdefault(key(each), []).append(each)
    return tuple(
        Line(
            key=name,
            open=sum(each.open for each in some),
            due_today=sum(each.due_today for each in some),
            overdue=sum(each.overdue for each in some),
            on_time=sum((each.on_time for each in some), Rate()),
        )
        for name, some in sorted(found.items())
    )
