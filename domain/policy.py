"""The policy book: every limit, cap and window of the procedure, in immutable versions.

Assumes that a published version is never edited: its hash is pinned by a test, a running order
keeps the version that its start input names. Supersede, never edit.

Source of the three class limits: the office's published procedure (分类接单、统一派单、限时办结:
urgent 1 day, general 5 days, complex 10 days). Every other row is our decision, ADR-0006.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from domain.errors import DomainError
from domain.orders import OrderClass


class UnknownPolicy(DomainError):
    """The policy version that was named does not exist."""

    code = "unknown_policy"


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyBook:
    """One version of the rules; all limits are durations, counted as `domain.deadlines` says."""

    version: str
    first_contact: timedelta
    desk: timedelta
    acknowledge: timedelta
    class_limits: Mapping[OrderClass, timedelta]
    minimum_remainder: Mapping[OrderClass, timedelta]
    escalated: Mapping[OrderClass, timedelta]
    explain: timedelta
    rework: timedelta
    rework_cap: int
    follow_up: timedelta
    follow_up_gap: timedelta
    follow_up_attempts: int
    supervision_first: timedelta
    supervision_longest: timedelta
    supervision_climbs_at: int
    reopening_window: timedelta
    reminder_percent: int


def _by_class(urgent: timedelta, general: timedelta, complex_: timedelta) -> Mapping[OrderClass, timedelta]:
    return MappingProxyType(
        {OrderClass.URGENT: urgent, OrderClass.GENERAL: general, OrderClass.COMPLEX: complex_}
    )


STANDARD = PolicyBook(
    version="standard",
    first_contact=timedelta(hours=2),
    desk=timedelta(hours=2),
    acknowledge=timedelta(hours=4),
    class_limits=_by_class(timedelta(days=1), timedelta(days=5), timedelta(days=10)),
    minimum_remainder=_by_class(timedelta(hours=4), timedelta(days=2), timedelta(days=4)),
    escalated=_by_class(timedelta(hours=4), timedelta(days=2), timedelta(days=3)),
    explain=timedelta(days=2),
    rework=timedelta(days=3),
    rework_cap=2,
    follow_up=timedelta(days=1),
    follow_up_gap=timedelta(hours=4),
    follow_up_attempts=3,
    supervision_first=timedelta(days=1),
    supervision_longest=timedelta(days=7),
    supervision_climbs_at=3,
    reopening_window=timedelta(days=10),
    reminder_percent=80,
)

SECONDS = PolicyBook(
    version="seconds",
    first_contact=timedelta(seconds=20),
    desk=timedelta(seconds=10),
    acknowledge=timedelta(seconds=5),
    class_limits=_by_class(timedelta(seconds=15), timedelta(seconds=30), timedelta(seconds=60)),
    minimum_remainder=_by_class(*[timedelta(seconds=10)] * 3),
    escalated=_by_class(*[timedelta(seconds=10)] * 3),
    explain=timedelta(seconds=10),
    rework=timedelta(seconds=15),
    rework_cap=2,
    follow_up=timedelta(seconds=15),
    follow_up_gap=timedelta(0),
    follow_up_attempts=3,
    supervision_first=timedelta(seconds=15),
    supervision_longest=timedelta(seconds=60),
    supervision_climbs_at=3,
    reopening_window=timedelta(seconds=5),
    reminder_percent=80,
)

BOOKS: dict[str, PolicyBook] = {book.version: book for book in (STANDARD, SECONDS)}


def policy(version: str) -> PolicyBook:
    """Find the book of a version.

    Raises:
        UnknownPolicy: no such version was ever published.
    """
    try:
        return BOOKS[version]
    except KeyError:
        known = ", ".join(sorted(BOOKS))
        raise UnknownPolicy(f"there is no policy version {version!r}; known: {known}") from None
