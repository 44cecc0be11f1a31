"""The duty book: the rhythm, limits and caps of duties, in immutable versions like those of orders.

Assumes that a published version is never edited: its hash is pinned by a test, and a running duty keeps the version
that its start input names. What each row means, and why: `DUTY_RULES`.
"""

from dataclasses import dataclass
from datetime import time, timedelta

from domain.calendar.workdays import Limit, OfficeTime, Wall, Workdays
from domain.duty.periods import Every, Monthly, Rhythm
from domain.errors import DomainError


class UnknownDutyBook(DomainError):
    """There is no duty book of the version that the caller named."""

    code = "unknown_policy"


@dataclass(frozen=True, slots=True)
class DayOfMonth:
    """An instant within a month: a day and a time of the office's zone."""

    day: int
    at: time


@dataclass(frozen=True, slots=True)
class Before:
    """An instant this long before the end of a period, by the wall clock or in working days."""

    limit: Wall | Workdays


@dataclass(frozen=True, kw_only=True, slots=True)
class DutyBook:
    """One version of the rules of duties."""

    version: str
    rhythm: Rhythm
    reminder: DayOfMonth | Before
    shortage: Before
    postponements: int
    review: Limit
    free_entry: Limit
    last_entry: Wall
    supervision_first: Limit
    supervision_longest: Limit
    supervision_climbs_at: int
    answer_cap: int


@dataclass(frozen=True, slots=True)
class DutyRule:
    """What a row of the book means, the reason for its value, and the document that it comes from."""

    name: str
    meaning: str
    reason: str
    source: str = "our decision, ADR-0033"


DUTY_RULES: tuple[DutyRule, ...] = (
    DutyRule(
        "rhythm",
        "the period in which one meeting is owed (每月一次)",
        "each team goes into its community at least once a month",
        source="the office's published procedure (“1+1+n”、院坝寻单)",
    ),
    DutyRule("reminder", "when the team is reminded (提醒)", "a third of the month is left to find a day"),
    DutyRule(
        "shortage",
        "when the street's leaders hear that a meeting is not reported yet (预警)",
        "a leader can still make room in the last week",
    ),
    DutyRule("postponements", "how often a meeting may be postponed (延期)", "a third time is a refusal"),
    DutyRule(
        "review",
        "time for a leader to answer a request for an excuse or a late entry (审批)",
        "silence means no: only a leader excuses",
    ),
    DutyRule(
        "free_entry",
        "time after the period in which a meeting held in time is entered without approval (补录)",
        "paper reaches the desk some days later; a refused late entry stays on paper for ever",
    ),
    DutyRule(
        "last_entry",
        "time after the period in which a late entry may still be approved, by the wall clock",
        "an older meeting cannot be checked any more, so the duty ends as missed",
    ),
    DutyRule(
        "supervision_first",
        "time for a leader to deal with a missed duty (督办)",
        "a leader decides within a day",
    ),
    DutyRule(
        "supervision_longest",
        "longest time for a leader to decide, after doubling",
        "a leader is asked less and less often, but always again",
    ),
    DutyRule(
        "supervision_climbs_at",
        "repetition from which the district is asked",
        "two silences at the street are enough",
    ),
    DutyRule(
        "answer_cap",
        "how often one duty accepts an answer that leads back to where it was",
        "nobody needs it more often, and nobody can fill a duty's history",
    ),
)
"""Every row of the book but its version."""

STANDARD_DUTIES = DutyBook(
    version="duties-standard",
    rhythm=Monthly(),
    reminder=DayOfMonth(20, time(9)),
    shortage=Before(Workdays(5)),
    postponements=2,
    review=OfficeTime(timedelta(hours=8)),
    free_entry=Workdays(3),
    last_entry=Wall(timedelta(days=60)),
    supervision_first=Workdays(1),
    supervision_longest=Workdays(5),
    supervision_climbs_at=3,
    answer_cap=20,
)

SECONDS_DUTIES = DutyBook(
    version="duties-seconds",
    rhythm=Every(timedelta(seconds=30)),
    reminder=Before(Wall(timedelta(seconds=15))),
    shortage=Before(Wall(timedelta(seconds=10))),
    postponements=2,
    review=Wall(timedelta(seconds=15)),
    free_entry=Wall(timedelta(seconds=5)),
    last_entry=Wall(timedelta(seconds=60)),
    supervision_first=Wall(timedelta(seconds=5)),
    supervision_longest=Wall(timedelta(seconds=15)),
    supervision_climbs_at=3,
    answer_cap=20,
)

DUTY_BOOKS: dict[str, DutyBook] = {book.version: book for book in (STANDARD_DUTIES, SECONDS_DUTIES)}


def duty_book(version: str) -> DutyBook:
    """Find the duty book of a version.

    Raises:
        UnknownDutyBook: no such version was ever published.
    """
    try:
        return DUTY_BOOKS[version]
    except KeyError:
        known = ", ".join(sorted(DUTY_BOOKS))
        raise UnknownDutyBook(f"there is no duty book {version!r}; known: {known}") from None


def duty_book_beside(policy: str) -> DutyBook:
    """Return the newest duty book for a policy of orders: its own for `seconds`, the standard for others.

    Source: our decision, ADR-0033.
    """
    return SECONDS_DUTIES if policy == "seconds" else STANDARD_DUTIES
