"""Meetings of one leader that are too close to each other: flagged for people, never refused.

Source: our decision, ADR-0033.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import Final

from sqlalchemy import Connection, or_, select

from domain.duty.words import DutyEnding
from store.duty.rows import DutyRow
from store.duty.tables import duty
from store.values import value_of

APART: Final = timedelta(hours=2)
"""Two meetings of one leader that are planned closer to each other are flagged."""
_NOT_HELD: Final = (DutyEnding.EXCUSED, DutyEnding.MISSED)


@dataclass(frozen=True, kw_only=True, slots=True)
class MeetingTimes:
    """The time for which a leader's meeting is planned, and the times at which it began and ended."""

    duty_no: str
    leader: str
    planned_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None

    def clashes_with(self, other: "MeetingTimes") -> bool:
        """Tell whether both meetings have one leader, who can hardly attend both."""
        if self.leader != other.leader:
            return False
        if self.planned_at and other.planned_at and abs(self.planned_at - other.planned_at) < APART:
            return True
        if not (self.started_at and self.ended_at and other.started_at and other.ended_at):
            return False
        return self.started_at < other.ended_at and other.started_at < self.ended_at


def clashes_of(connection: Connection, rows: Collection[DutyRow]) -> frozenset[str]:
    """Name the duties among these whose meeting clashes with another one of its leader, even one not listed here."""
    led = [each for each in rows if each.leader and _times_of(each)]
    if not led:
        return frozenset()
    times = [at for each in led for at in _times_of(each)]
    since, until = min(times) - APART, max(times) + APART
    found = connection.execute(
        select(*(duty.c[name] for name in MeetingTimes.__dataclass_fields__)).where(
            duty.c.leader.in_({each.leader for each in led}),
            or_(duty.c.planned_at.between(since, until), duty.c.started_at.between(since, until)),
            or_(duty.c.ending.is_(None), duty.c.ending.not_in(_NOT_HELD)),
        )
    )
    return _clashing(value_of(MeetingTimes, row) for row in found) & {each.duty_no for each in rows}


def _times_of(row: DutyRow) -> list[datetime]:
    return [at for at in (row.planned_at, row.started_at) if at is not None]


def _clashing(meetings: Iterable[MeetingTimes]) -> frozenset[str]:
    pairs = combinations(meetings, 2)
    return frozenset(
        number for one, other in pairs if one.clashes_with(other) for number in (one.duty_no, other.duty_no)
    )
