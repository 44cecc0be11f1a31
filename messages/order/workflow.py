"""An order's workflow: its start input, its result, and its answer to the query."""

from datetime import datetime

from pydantic import ConfigDict, Field

from messages.matter.starting import MatterStart
from messages.matter.tasks import RefusedSignal, RestTaken, TaskStatus
from messages.office.directory import Routing
from messages.wire import Wire


class StartOrder(MatterStart):
    """The start input of an order; the intake's transaction opened its first task.

    `routing`: what the directory said then. `rests`: those of the order that this one was split from; both
    were received together.
    """

    order_no: str
    channel: str
    category: str | None = None
    community: str | None = None
    received_at: datetime
    can_be_called: bool
    rests: tuple[RestTaken, ...] = ()
    routing: Routing

    @property
    def matter_no(self) -> str:
        """The number of the order."""
        return self.order_no


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
