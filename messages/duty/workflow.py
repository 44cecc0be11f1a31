"""How a duty's workflow is started, what it answers at its end, and what it says when asked."""

from datetime import datetime

from messages.matter.tasks import OfficeHold, OpenTask, RefusedSignal, TaskStatus
from messages.wire import Wire


class TeamFacts(Wire):
    """The team that answered when the period began; usernames and codes, never names of people."""

    code: str
    leader: str
    deputy: str | None = None
    department: str


class StartDuty(Wire):
    """The start input of a duty: ids, codes and instants, never a person's data.

    `policy` is the version of the duty book. `period` is the name, `began` and `ends` its instants. `first_task` was
    opened by the transaction that opened the duty, with event number 1; `shortage_at` was reckoned there. `team` is
    `None` where the community has none: then the street's leaders answer. `unit` is one that an example may name.
    """

    duty_no: str
    duty_kind: str
    policy: str
    community: str
    team: TeamFacts | None = None
    period: str
    began: datetime
    ends: datetime
    first_task: OpenTask
    shortage_at: datetime
    page: str = ""
    holds: tuple[OfficeHold, ...] = ()
    seal_key: str | None = None


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
