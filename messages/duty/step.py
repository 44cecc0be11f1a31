"""What one step of a duty produced, as its activity commits it, and the answer."""

from datetime import datetime

from messages.matter.step import MatterFacts, MatterStep
from messages.wire import Wire


class DutyFacts(MatterFacts):
    """The duty as it stands after a step: what its matter's row and its own show.

    `place_of` and `report_of` name the decisions whose texts say where the meeting is, and what came of it.
    `period_ends`: with what a hold of the office has added. `missed_at` is never taken back; `closed_at` is when it was
    entered or decided.
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
    """Ask for an order of each issue that a decision names; `page` is the duty's own address."""

    decision_id: str
    by: str
    page: str


class DutyStep(MatterStep):
    """One step of a duty; with `issues` the meeting's issues become orders, once."""

    facts: DutyFacts
    issues: IssuesAsked | None = None
