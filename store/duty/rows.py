"""Duties as the store hands them out.

Assumes instants in UTC, and codes as they were written.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from store.duty.tables import duty
from store.matter.tables import matter
from store.values import value_of


@dataclass(frozen=True, kw_only=True, slots=True)
class DutyRow:
    """A duty as it stands.

    Some queries add `place` and `summary` as people wrote them, the names of the team's leader and deputy, and the
    reason for which the team asked to be excused.
    """

    duty_no: str
    duty_kind: str
    subject: str
    period: str
    period_began: datetime
    period_ends: datetime
    policy: str
    team: str | None
    leader: str | None
    deputy: str | None
    department: str | None
    stage: str
    tier: str
    unit: str
    due_at: datetime | None
    escalations: int
    overdue: bool
    held: bool
    ending: str | None
    announced_at: datetime | None
    planned_at: datetime | None
    postponed: int
    started_at: datetime | None
    ended_at: datetime | None
    led_by: str | None
    from_department: int | None
    attendees: int | None
    evidence: str | None
    reported_by: str | None
    missed_at: datetime | None
    closed_at: datetime | None
    asks_excuse: bool
    place: str | None = None
    summary: str | None = None
    leader_name: str | None = None
    deputy_name: str | None = None
    excuse: str | None = None

    @classmethod
    def of(cls, row: Row[Any]) -> "DutyRow":
        """Build it from a row read by `DUTY_COLUMNS`."""
        return value_of(cls, row)


WHOLE_DUTY = matter.join(duty, duty.c.duty_no == matter.c.matter_no)
"""Duties, each with its matter's row."""

DUTY_COLUMNS = tuple(
    each for table in (matter, duty) for each in table.c if each.name in DutyRow.__dataclass_fields__
)
"""The columns of `WHOLE_DUTY` that are handed out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueRow:
    """An order that came from a meeting, in the sequence of the report.

    `is_called_back`: a call-back has ended. `is_within_reach`: the reader may see the order itself.
    """

    order_no: str
    position: int
    subject: str
    stage: str
    ending: str | None
    on_the_spot: bool
    is_called_back: bool
    is_within_reach: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AnnouncedMeeting:
    """A meeting as residents see it announced."""

    at: datetime
    community: str
    place: str | None
