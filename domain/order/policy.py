"""The policy book: every limit, cap and window of the procedure, in immutable versions.

Assumes that a published version is never edited: its hash is pinned by a test, a running order
keeps the version that its start input names. Supersede, never edit: `standard-2` is the second
version of the book `standard`, and new orders get the newest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType

from domain.calendar.workdays import Limit, OfficeTime, Wall, Workdays
from domain.errors import DomainError
from domain.office.words import OrderClass


class UnknownPolicy(DomainError):
    """There is no policy version of the name that the caller gave."""

    code = "unknown_policy"


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyBook:
    """One version of the rules; limits run as their type says. What each row means, and why: `ROWS`."""

    version: str
    first_contact: Limit
    desk: Limit
    acknowledge: Limit
    class_limits: Mapping[OrderClass, Limit]
    minimum_remainder: Mapping[OrderClass, Limit]
    escalated: Mapping[OrderClass, Limit]
    explain: Limit
    rework: Limit
    rework_cap: int
    follow_up: Limit
    follow_up_gap: timedelta
    follow_up_attempts: int
    supervision_first: Limit
    supervision_longest: Limit
    supervision_climbs_at: int
    reopening_window: Limit
    reminder_percent: int
    review: Limit
    assist: Limit
    ask_resident: Limit
    pause_longest: timedelta
    extension_longest: timedelta
    extension_cap: int
    return_cap: int
    action_cap: int
    answer_cap: int
    followers_cap: int
    urge_gap: timedelta

    @property
    def needs_calendar(self) -> bool:
        """Whether any limit runs in office hours or working days."""
        rows = [getattr(self, row.name) for row in ROWS]
        limits = [limit for row in rows for limit in (row.values() if isinstance(row, Mapping) else (row,))]
        return any(isinstance(limit, OfficeTime | Workdays) for limit in limits)


@dataclass(frozen=True, slots=True)
class Row:
    """What a row of the book limits, the reason for its value, and the document that it comes from."""

    name: str
    meaning: str
    reason: str
    source: str = "our decision, ADR-0006"


ROWS: tuple[Row, ...] = (
    Row(
        "first_contact",
        "time to answer or refer (首问)",
        "the first officer to take the order answers at once (即接即办); half a morning is enough to know whether "
        "that is possible",
    ),
    Row(
        "desk",
        "time to classify, and again to dispatch (分类、派单)",
        "together half a working day, so that the unit keeps most of its time",
    ),
    Row(
        "acknowledge",
        "time to sign for an order (签收)",
        "half a working day; silence counts as accepted, so nothing is lost by a short limit",
    ),
    Row(
        "class_limits",
        "promise to the resident, counted from receipt (承诺时限)",
        "a resident counts from receipt, too",
        source="the office's published procedure (分类接单、统一派单、限时办结)",
    ),
    Row(
        "minimum_remainder",
        "least time that a unit has, however late the desk was",
        "a late desk is the desk's breach, not the unit's",
    ),
    Row(
        "escalated",
        "limit after a hand-up, a missed limit, or urging by a supervising leader",
        "counted from the hand-up, so that an order never falls through two tiers at once; shorter than the first "
        "limit, because the facts are known by then",
    ),
    Row(
        "explain",
        "time to explain why it cannot be done (解释说明)",
        "soon (及时解释), but with time to arrange a visit",
    ),
    Row(
        "rework",
        "promise of a later round: after a call-back that said no, or a reopening (重办、重开)",
        "shorter than a first round of a general order",
    ),
    Row(
        "rework_cap",
        "rounds of rework before supervision",
        "after two the unit will not solve it alone; the next rework is supervised, and is the last one",
    ),
    Row(
        "follow_up",
        "time for one attempt to call back (回访)",
        "a day for each attempt",
    ),
    Row(
        "follow_up_gap",
        "time before each further attempt opens, by the wall clock",
        "room to try at another hour of the day",
    ),
    Row(
        "follow_up_attempts",
        "attempts to call back",
        "three, as hotlines do; a resident who cannot be reached is not troubled further",
    ),
    Row(
        "supervision_first",
        "time for a leader to decide, the first time in a row (督办)",
        "a leader decides within a day or is asked again",
    ),
    Row(
        "supervision_longest",
        "longest time for a leader to decide, after doubling",
        "a leader is asked less and less often, but always again",
    ),
    Row(
        "supervision_climbs_at",
        "repetition from which the district is asked",
        "a leader who was silent twice is not asked alone a third time",
    ),
    Row(
        "reopening_window",
        "time between closing and archiving (重开)",
        "as long as the longest class limit",
    ),
    Row(
        "reminder_percent",
        "share of a clock, in percent, after which its owner is reminded (预警)",
        "a fifth of the time is left to act",
    ),
    Row(
        "review",
        "time to review a proposal (审核)",
        "half a working day: a result, a rejection or an explanation rests meanwhile, and the resident waits",
        source="our decision, ADR-0017",
    ),
    Row(
        "assist",
        "time for a helping unit (协办)",
        "shorter than the lead unit's, so that the lead unit can still use the help",
        source="our decision, ADR-0017",
    ),
    Row(
        "ask_resident",
        "time for the resident to answer a question (补充材料); then work goes on without the answer",
        "the matter must not stand still because a message is not read",
        source="our decision, ADR-0017",
    ),
    Row(
        "pause_longest",
        "longest pause that a unit may ask for, by the wall clock (暂停)",
        "long enough for an obstacle of the season; anything longer is explained to the resident",
        source="our decision, ADR-0017",
    ),
    Row(
        "extension_longest",
        "how far from now an extension may put the due time, by the wall clock (延期)",
        "anything longer is a pause, or is explained",
        source="our decision, ADR-0017",
    ),
    Row(
        "extension_cap",
        "extensions of one order; only the tier above grants the last (延期)",
        "the desk grants one, the tier above one more",
        source="our decision, ADR-0017",
    ),
    Row(
        "return_cap",
        "send-backs and transfers of one order, counted together; then the assignment binds (退单、转办)",
        "ends the passing back and forth between units (退单拉锯)",
        source="our decision, ADR-0017",
    ),
    Row(
        "action_cap",
        "how often one order accepts one action (补充、催办、督办等)",
        "nobody needs it more often, and nobody can fill an order's history",
        source="our decision, ADR-0008",
    ),
    Row(
        "answer_cap",
        "how often one order accepts an answer that leads back to where it was (并单、退回修改、限期等)",
        "another way always remains: to decide differently, to approve, to conclude",
        source="our decision, ADR-0008",
    ),
    Row(
        "followers_cap",
        "how often a leading order accepts one action from the residents of all joined orders together (补充、催办)",
        "each of them may act as often as the order's own resident, who is counted apart and never silenced by them; "
        "five can use up the cap",
        source="our decision, ADR-0008",
    ),
    Row(
        "urge_gap",
        "time between two urging messages to the same unit, by the wall clock (催办)",
        "a unit that gets a message for every call reads none; the next one says how often it was urged meanwhile",
    ),
)
"""Every row of the book but its version. A new row goes to the end, with a value in every book:
a published version keeps all its values."""


def _by_class(urgent: Limit, general: Limit, complex_: Limit) -> Mapping[OrderClass, Limit]:
    return MappingProxyType(
        {OrderClass.URGENT: urgent, OrderClass.GENERAL: general, OrderClass.COMPLEX: complex_}
    )


STANDARD = PolicyBook(
    version="standard",
    first_contact=Wall(timedelta(hours=2)),
    desk=Wall(timedelta(hours=2)),
    acknowledge=Wall(timedelta(hours=4)),
    class_limits=_by_class(Wall(timedelta(days=1)), Wall(timedelta(days=5)), Wall(timedelta(days=10))),
    minimum_remainder=_by_class(Wall(timedelta(hours=4)), Wall(timedelta(days=2)), Wall(timedelta(days=4))),
    escalated=_by_class(Wall(timedelta(hours=4)), Wall(timedelta(days=2)), Wall(timedelta(days=3))),
    explain=Wall(timedelta(days=2)),
    rework=Wall(timedelta(days=3)),
    rework_cap=2,
    follow_up=Wall(timedelta(days=1)),
    follow_up_gap=timedelta(hours=4),
    follow_up_attempts=3,
    supervision_first=Wall(timedelta(days=1)),
    supervision_longest=Wall(timedelta(days=7)),
    supervision_climbs_at=3,
    reopening_window=Wall(timedelta(days=10)),
    reminder_percent=80,
    review=Wall(timedelta(hours=4)),
    assist=Wall(timedelta(days=2)),
    ask_resident=Wall(timedelta(days=3)),
    pause_longest=timedelta(days=30),
    extension_longest=timedelta(days=30),
    extension_cap=2,
    return_cap=2,
    action_cap=20,
    answer_cap=20,
    followers_cap=100,
    urge_gap=timedelta(hours=2),
)

STANDARD_2 = replace(
    STANDARD,
    version="standard-2",
    first_contact=OfficeTime(timedelta(hours=2)),
    desk=OfficeTime(timedelta(hours=2)),
    acknowledge=OfficeTime(timedelta(hours=4)),
    class_limits=_by_class(Wall(timedelta(days=1)), Workdays(5), Workdays(10)),
    minimum_remainder=_by_class(Wall(timedelta(hours=4)), Workdays(2), Workdays(4)),
    escalated=_by_class(Wall(timedelta(hours=4)), Workdays(2), Workdays(3)),
    explain=Workdays(2),
    rework=Workdays(3),
    follow_up=Workdays(1),
    supervision_first=Workdays(1),
    supervision_longest=Workdays(5),
    review=OfficeTime(timedelta(hours=4)),
    assist=Workdays(2),
    ask_resident=Workdays(3),
)
"""The statutory calendar and office hours (ADR-0016): working days for what takes days, office hours for desks."""

SECONDS = PolicyBook(
    version="seconds",
    first_contact=Wall(timedelta(seconds=20)),
    desk=Wall(timedelta(seconds=10)),
    acknowledge=Wall(timedelta(seconds=5)),
    class_limits=_by_class(
        Wall(timedelta(seconds=15)), Wall(timedelta(seconds=30)), Wall(timedelta(seconds=60))
    ),
    minimum_remainder=_by_class(*[Wall(timedelta(seconds=10))] * 3),
    escalated=_by_class(*[Wall(timedelta(seconds=10))] * 3),
    explain=Wall(timedelta(seconds=10)),
    rework=Wall(timedelta(seconds=15)),
    rework_cap=2,
    follow_up=Wall(timedelta(seconds=15)),
    follow_up_gap=timedelta(0),
    follow_up_attempts=3,
    supervision_first=Wall(timedelta(seconds=15)),
    supervision_longest=Wall(timedelta(seconds=60)),
    supervision_climbs_at=3,
    reopening_window=Wall(timedelta(seconds=5)),
    reminder_percent=80,
    review=Wall(timedelta(seconds=5)),
    assist=Wall(timedelta(seconds=10)),
    ask_resident=Wall(timedelta(seconds=10)),
    pause_longest=timedelta(seconds=10),
    extension_longest=timedelta(seconds=60),
    extension_cap=2,
    return_cap=2,
    action_cap=20,
    answer_cap=20,
    followers_cap=100,
    urge_gap=timedelta(seconds=5),
)

BOOKS: dict[str, PolicyBook] = {book.version: book for book in (STANDARD, STANDARD_2, SECONDS)}


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


def newest(name: str) -> PolicyBook:
    """Find the newest version of a book, or the one version that the name gives.

    Raises:
        UnknownPolicy: no such book was ever published.
    """
    versions = [book for book in BOOKS.values() if book.version.rpartition("-")[0] == name]
    return versions[-1] if versions else policy(name)
