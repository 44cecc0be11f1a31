"""When things are due.

Assumes aware instants; answers in UTC. Intervals are half-open: an instant equal to the due time
is late. In this version a day is 24 hours and every clock runs by the wall (ADR-0006); the statutory
calendar and office hours come in behind these same functions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.errors import DomainError
from domain.orders import OrderClass
from domain.policy import PolicyBook

_OFFICE_ZONE = ZoneInfo("Asia/Shanghai")
_FIRST_YEAR, _LAST_YEAR = 2000, 2199


class NaiveDatetime(DomainError):
    """An instant came without a zone."""

    code = "naive_datetime"


class Basis(StrEnum):
    """What a clock is reckoned from: the reason behind a due time."""

    FIRST_CONTACT = "first_contact"
    DESK = "desk"
    ACKNOWLEDGE = "acknowledge"
    PROMISE = "promise"
    ESCALATED = "escalated"
    EXPLAIN = "explain"
    FOLLOW_UP = "follow_up"
    SUPERVISION = "supervision"
    GIVEN = "given"
    WINDOW = "window"


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """When something is due and when its owner is reminded, both UTC; reminded before due."""

    due_at: datetime
    remind_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockFacts:
    """What a clock is reckoned from; `repetition` counts from 1, `promised_at` is the order's."""

    basis: Basis
    since: datetime
    order_class: OrderClass | None = None
    promised_at: datetime | None = None
    repetition: int = 1
    given: datetime | None = None


def promise(received_at: datetime, order_class: OrderClass, book: PolicyBook) -> datetime:
    """Reckon the instant promised to the resident when the order is classed.

    Source: the published class limits, counted from receipt (our decision, ADR-0006).
    """
    return _utc(received_at) + book.class_limits[order_class]


def round_promise(started_at: datetime, book: PolicyBook) -> datetime:
    """Reckon the promise of a later round, after a call-back that said no or a reopening."""
    return _utc(started_at) + book.rework


def clock(facts: ClockFacts, book: PolicyBook) -> Clock:
    """Reckon due time and reminder of one clock.

    Raises:
        NaiveDatetime: an instant has no zone.
    """
    since = _utc(facts.since)
    due_at = _due(facts, since, book)
    remind_at = since + (due_at - since) * book.reminder_percent / 100
    return Clock(due_at=due_at, remind_at=min(remind_at, due_at))


def supervision_limit(repetition: int, book: PolicyBook) -> timedelta:
    """Give the time a leader has for the n-th supervision in a row: doubled each time, capped.

    Source: our decision, ADR-0006 ("again after twice the time, up to a week").
    """
    doubled: timedelta = book.supervision_first * (1 << min(repetition - 1, 16))
    return min(doubled, book.supervision_longest)


def _due(facts: ClockFacts, since: datetime, book: PolicyBook) -> datetime:
    if facts.basis is Basis.PROMISE:
        return _handling_due(facts, since, book)
    if facts.basis is Basis.GIVEN:
        # A date that has passed by the time it is taken up means "now", never a negative wait.
        return max(_utc(facts.given), since) if facts.given else since
    return since + _LIMITS[facts.basis](facts, book)


def _handling_due(facts: ClockFacts, since: datetime, book: PolicyBook) -> datetime:
    """A late desk is the desk's breach: the unit has at least the minimum remainder of the class.

    In a later round (`repetition`) never more than the rework limit, which is the promise itself.
    """
    remainder = book.minimum_remainder[facts.order_class or OrderClass.GENERAL]
    floor = since + (remainder if facts.repetition == 1 else min(remainder, book.rework))
    return max(_utc(facts.promised_at), floor) if facts.promised_at else floor


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise NaiveDatetime("an instant without a zone cannot be reckoned with; give it an offset")
    return instant.astimezone(UTC)


def is_reckonable(instant: datetime) -> bool:
    """Tell whether an instant has a zone and lies where every database and calendar can reckon with it."""
    return instant.tzinfo is not None and _FIRST_YEAR <= instant.year <= _LAST_YEAR


def local(instant: datetime) -> datetime:
    """Give an instant as the office's clocks show it."""
    return instant.astimezone(_OFFICE_ZONE)


_LIMITS: Mapping[Basis, Callable[[ClockFacts, PolicyBook], timedelta]] = {
    Basis.FIRST_CONTACT: lambda _, book: book.first_contact,
    Basis.DESK: lambda _, book: book.desk,
    Basis.ACKNOWLEDGE: lambda _, book: book.acknowledge,
    Basis.ESCALATED: lambda facts, book: book.escalated[facts.order_class or OrderClass.GENERAL],
    Basis.EXPLAIN: lambda _, book: book.explain,
    Basis.FOLLOW_UP: lambda _, book: book.follow_up,
    Basis.SUPERVISION: lambda facts, book: supervision_limit(facts.repetition, book),
    Basis.WINDOW: lambda _, book: book.reopening_window,
}
"""How long each clock runs from its beginning; `PROMISE` and `GIVEN` have their own rules."""
