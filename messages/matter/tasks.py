"""A matter's open tasks, its rests, and the signals it refused, as workflows report them."""

from datetime import datetime

from messages.wire import Wire


class OpenTask(Wire):
    """A human task with its clock; all instants UTC, the clock `None` until `record` has answered."""

    task_id: str
    kind: str
    unit: str
    tier: str
    role: str
    opened_at: datetime
    due_at: datetime | None = None
    remind_at: datetime | None = None
    is_provisional: bool = False


class OfficeHold(Wire):
    """A hold of the whole office, in force or ahead: no clock runs from `since` to `until`, or to its release."""

    since: datetime
    until: datetime


class RestTaken(Wire):
    """A time during which clocks stood still: a pause, a question to the resident, a review, a hold."""

    began: datetime
    ended: datetime


class RefusedSignal(Wire):
    """A signal that was refused, with the reason; `signal_id` is its decision or action id, if it had one."""

    at: datetime
    signal: str
    signal_id: str
    actor: str
    code: str
    reason: str


class TaskStatus(OpenTask):
    """A task as the query `status` shows it; only the store knows which clerk works on it."""

    matter_no: str
    state: str = "open"
    holder: str | None = None
