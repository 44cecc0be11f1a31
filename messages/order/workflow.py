"""How an order's workflow is started, what it answers at its end, and what it says when asked."""

from datetime import datetime

from pydantic import ConfigDict, Field

from messages.matter.tasks import OfficeHold, OpenTask, RefusedSignal, RestTaken, TaskStatus
from messages.office.directory import Routing
from messages.wire import Wire


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
