"""A duty's workflow: its start input, its result, and its answer to the query."""

from datetime import datetime

from messages.matter.starting import MatterStart
from messages.matter.tasks import RefusedSignal, TaskStatus
from messages.wire import Wire


class TeamFacts(Wire):
    """The team in charge when the period began; usernames and codes, never names of people."""

    code: str
    leader: str
    deputy: str | None = None
    department: str


class StartDuty(MatterStart):
    """The start input of a duty; the transaction that opened the duty opened its first task too.

    `period` is the name, `began` and `ends` its instants; `shortage_at` was computed in that transaction.
    `team` is `None` if the community has none; then the street's leaders answer.
    """

    duty_no: str
    duty_kind: str
    community: str
    team: TeamFacts | None = None
    period: str
    began: datetime
    ends: datetime
    shortage_at: datetime

    @property
    def matter_no(self) -> str:
        """The number of the duty."""
        return self.duty_no


class DutyEnded(Wire):
    """The result of a duty's workflow."""

    duty_no: str
    ending: str
    postponed: int
    is_missed: bool


class DutyStatus(Wire):
    """The answer of the query `status`: the duty, its open tasks and the signals it refused."""

    duty_no: str
    duty_kind: str
    period: str
    community: str
    stage: str
    ending: str | None
    unit: str
    tier: str
    planned_at: datetime | None
    missed_at: datetime | None
    due_at: datetime | None
    escalations: int
    overdue: bool
    held: bool
    tasks: tuple[TaskStatus, ...]
    refusals: tuple[RefusedSignal, ...]
