"""How an order's workflow is started, what it answers at its end, and what it says when asked."""

from datetime import datetime

from pydantic import ConfigDict, Field

from messages.directory import Routing
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
    """A time for which an order's clocks stood still: a pause, a question to the resident, a review, a hold."""

    began: datetime
    ended: datetime


class StartOrder(Wire):
    """The start input of an order: ids, codes and instants, never a person's data.

    `first_task` was opened by the intake's transaction, with event number 1; `page` is the address of
    the order's page, for people who look at the Temporal UI. `routing`: what the directory said then. `seal_key`:
    the public half of the key under which the store hands over what people say; see `messages.seals`. `rests`: those
    of the order that this one was split from, which was received with it.
    """

    order_no: str
    policy: str
    channel: str
    category: str | None = None
    community: str | None = None
    received_at: datetime
    can_be_called: bool
    first_task: OpenTask
    page: str = ""
    holds: tuple[OfficeHold, ...] = ()
    rests: tuple[RestTaken, ...] = ()
    routing: Routing
    seal_key: str | None = None


class OrderArchived(Wire):
    """The result of an order's workflow."""

    order_no: str
    ending: str
    rounds: int
    escalations: int
    overdue: bool


class RefusedSignal(Wire):
    """A signal that was not taken, with the reason; `signal_id` is its decision or action id, if it had one."""

    at: datetime
    signal: str
    signal_id: str
    actor: str
    code: str
    reason: str


class TaskStatus(OpenTask):
    """A task as the query `status` shows it; who is at it is known to the store alone."""

    order_no: str
    state: str = "open"
    holder: str | None = None


class OrderStatus(Wire):
    """The answer of the query `status`: the order, its open tasks and the signals it refused."""

    model_config = ConfigDict(frozen=True, extra="ignore", serialize_by_alias=True)

    order_no: str
    stage: str
    ending: str | None
    round: int
    tier: str
    unit: str
    order_class: str | None = Field(alias="class")
    category: str | None
    received_at: datetime
    promised_at: datetime | None
    due_at: datetime | None
    escalations: int
    overdue: bool
    provisional: bool = False
    held: bool = False
    tasks: tuple[TaskStatus, ...]
    refusals: tuple[RefusedSignal, ...]


class DeliverMessages(Wire):
    """Send an order's messages that still wait, in sequence."""

    order_no: str


class Delivered(Wire):
    """How many messages went out, or to the log alone; `failed`: the ids of those that a gateway refused for good."""

    sent: int
    failed: tuple[int, ...] = ()
    logged: int = 0

    @property
    def state(self) -> str:
        """How they are shown that were written before, if nothing else is known of each."""
        if self.failed:
            return "failed"
        return "logged" if self.logged and not self.sent else "sent"


class Reconcile(Wire):
    """The start input of `Reconcile`; `interval_seconds` is the pause between rounds until one says another."""

    interval_seconds: float = 30.0


class StartOrders(Wire):
    """Start these orders now; what cannot be started waits for `Reconcile`."""

    order_nos: tuple[str, ...]


class Drained(Wire):
    """What a round of the outbox did: orders started, signals sent, rows that still wait.

    `interval_seconds`: the pause that the worker's own setting wants before the next round.
    """

    started: int
    signalled: int
    waiting: int
    interval_seconds: float | None = None
