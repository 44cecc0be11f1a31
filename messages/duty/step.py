"""One step of a duty, as its activity commits it."""

from datetime import datetime

from messages.matter.step import MatterFacts, MatterStep
from messages.wire import Wire


class DutyFacts(MatterFacts):
    """The duty as it stands after a step, for its matter's row and its own.

    `place_of` and `report_of` name the decisions that hold the texts of the meeting's place and report.
    `period_ends` includes the time that a hold of the office added. `missed_at` is never taken back.
    `closed_at` is when the end was entered or decided.
    """

    period_ends: datetime
    ending: str | None = None
    announced_at: datetime | None = None
    planned_at: datetime | None = None
    place_of: str | None = None
    postponed: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    led_by: str | None = None
    from_department: int | None = None
    attendees: int | None = None
    evidence: str | None = None
    report_of: str | None = None
    reported_by: str | None = None
    missed_at: datetime | None = None
    closed_at: datetime | None = None
    asks_excuse: bool = False


class IssuesAsked(Wire):
    """Ask for one order for each issue that a decision names; `page` is the address of the duty's page."""

    decision_id: str
    by: str
    page: str


class DutyStep(MatterStep):
    """One step of a duty; with `issues` each issue of the meeting becomes an order, once."""

    facts: DutyFacts
    issues: IssuesAsked | None = None
