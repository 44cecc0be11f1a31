"""The duties that staff see, in the shapes of the contract."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from api.contract.attachments import AttachmentView
from api.contract.staff import RefusalView, TaskView


class DutySummary(BaseModel):
    """A duty as lists show it: its team, its period, and how it stands."""

    duty_no: str
    duty_kind: str
    period: str
    period_began: datetime
    period_ends: datetime
    community: str
    team: str | None
    leader: str | None
    leader_name: str | None
    deputy: str | None
    deputy_name: str | None
    department: str | None
    stage: str
    ending: Annotated[
        str | None, Field(description="`entered_late` and `missed` both count as missed, for good.")
    ]
    unit: str
    tier: str
    due_at: datetime | None
    escalations: int
    overdue: bool
    held: Annotated[bool, Field(description="Clocks of the whole office stand still.")]
    announced_at: datetime | None
    planned_at: datetime | None
    place: str | None
    postponed: int
    missed_at: datetime | None
    closed_at: datetime | None
    asks_excuse: bool
    excuse: Annotated[str | None, Field(description="The reason why it was excused.")]
    clashes: Annotated[
        bool,
        Field(description="Its leader has another meeting less than two hours apart, or at the same time."),
    ]


class IssueView(BaseModel):
    """An order that came from a meeting; number, subject and `href` are null if you may not see the order."""

    position: int
    order_no: str | None
    subject: str | None
    stage: str
    ending: str | None
    on_the_spot: bool
    is_called_back: bool
    href: str | None


class DutyDetail(DutySummary):
    """A duty with its meeting, the orders that it brought, its open tasks, and the signals that it refused."""

    title: str
    policy: str
    started_at: datetime | None
    ended_at: datetime | None
    led_by: str | None
    from_department: int | None
    attendees: int | None
    evidence: str | None
    summary: str | None
    reported_by: str | None
    issues: list[IssueView]
    attachments: list[AttachmentView]
    tasks: list[TaskView]
    refusals: list[RefusalView]


class DutyList(BaseModel):
    """A page of duties."""

    items: list[DutySummary]
    next_cursor: str | None


class PeriodView(BaseModel):
    """A period in which a duty was owed: from `began` up to, but not including, `ends`."""

    period: str
    began: datetime
    ends: datetime


class PeriodList(BaseModel):
    """Periods, the newest first."""

    items: list[PeriodView]
