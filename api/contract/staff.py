"""The bodies and views of staff, in the shapes of the contract."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.contract.attachments import AttachmentView
from domain.matter.tasks import MAX_TEXT
from domain.order.lines.contacts import RevealReason


class DecisionBody(BaseModel):
    """A decision on a task: one of its outcomes, with the fields that the outcome's schema asks for."""

    model_config = ConfigDict(extra="forbid")

    outcome: Annotated[str, Field(min_length=1, max_length=100)]
    fields: dict[str, Any] = {}
    comment: Annotated[str | None, Field(max_length=MAX_TEXT)] = None


class ActionBody(BaseModel):
    """An action on an order as a whole."""

    model_config = ConfigDict(extra="forbid")

    action: Annotated[str, Field(min_length=1, max_length=100)]
    fields: dict[str, Any] = {}


class MatterRef(BaseModel):
    """The matter of a task: an order or a duty, its title, and the address to read it."""

    kind: str
    no: str
    title: str
    href: str


class TaskView(BaseModel):
    """A human task as lists show it; people in `not_by` may not decide it, because it is about their own work.

    `order_no` is null if the matter is not an order.
    """

    task_id: str
    order_no: str | None
    matter: MatterRef
    kind: str
    label: str
    state: str
    unit: str
    tier: str
    role: str
    opened_at: datetime
    due_at: datetime | None
    timeliness: str
    holder: str | None
    not_by: list[str]


class OutcomeView(BaseModel):
    """One outcome with the JSON Schema of its `fields`."""

    name: str
    label: str
    fields: Annotated[dict[str, Any], Field(alias="schema")]


class ReturnedView(BaseModel):
    """A decision that came back, with its fields as they were, to change and send again.

    `why` is the reviewer's opinion; if the order itself refused, it is that reason, and `code` is its code.
    """

    outcome: str
    fields: dict[str, Any]
    code: str | None
    why: str | None


class TaskDetail(TaskView):
    """A task with the outcomes to choose from; a finished task has none, and names the person who finished it."""

    outcomes: list[OutcomeView]
    outcome: str | None
    closed_by: str | None
    closed_at: datetime | None
    returned: ReturnedView | None = None


class TaskList(BaseModel):
    """A page of tasks."""

    items: list[TaskView]
    next_cursor: str | None


class RefusalView(BaseModel):
    """A signal or decision that the matter refused, with the reason."""

    at: datetime
    signal: str
    actor: str
    via: str
    code: str
    reason: str
    decision_id: str | None = None


class OrderSummary(BaseModel):
    """An order as lists show it."""

    order_no: str
    stage: str
    ending: str | None
    round: int
    tier: str
    unit: str
    class_: Annotated[str | None, Field(alias="class", serialization_alias="class")]
    category: str | None
    channel: str
    kind: str
    subject: str
    community: str | None
    received_at: datetime
    promised_at: datetime | None
    due_at: datetime | None
    provisional: bool
    escalations: int
    overdue: bool
    held: bool


class OrderDetail(OrderSummary):
    """An order with its open tasks and the signals that it refused."""

    description: str
    address: str | None
    longitude: float | None
    latitude: float | None
    confidential: bool
    source_reference: str | None
    source_due_at: datetime | None
    received_by: str | None
    merged_into: str | None
    meeting: Annotated[
        MatterRef | None,
        Field(description="The courtyard meeting that the order came from, if you may read it."),
    ]
    requester_left: Annotated[
        bool, Field(description="The requester took it back; it goes on for the orders that joined it.")
    ]
    split_from: str | None
    requester: Annotated[
        dict[str, str] | None,
        Field(description="Masked; POST …/contact with a reason shows it in the clear."),
    ]
    attachments: list[AttachmentView]
    tasks: list[TaskView]
    refusals: list[RefusalView]
    undelivered_messages: int
    logged_messages: int


class Reveal(BaseModel):
    """The reason why you need a contact in the clear."""

    model_config = ConfigDict(extra="forbid")

    reason: RevealReason


class Contact(BaseModel):
    """The requester's contact in the clear; an unknown part is null."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    wechat_openid: str | None = None


class OrderList(BaseModel):
    """A page of orders."""

    items: list[OrderSummary]
    next_cursor: str | None


class EventView(BaseModel):
    """One event; `texts` and `comment` come from the decision behind it, and only staff see them."""

    seq: int
    at: datetime
    type: str
    actor: str
    via: str
    task_id: str | None
    data: dict[str, Any]
    texts: dict[str, Any] | None = None
    comment: str | None = None


class EventList(BaseModel):
    """A matter's events, in the order of their numbers."""

    items: list[EventView]


class DecisionView(BaseModel):
    """A decision and its result; `order_no` is null if the matter is not an order."""

    decision_id: str
    order_no: str | None
    matter_no: str
    task_id: str | None
    name: str
    actor: str
    status: str
    code: str | None
    reason: str | None
    decided_at: datetime
    href: str


class ActionAccepted(BaseModel):
    """An action that was kept; read its result at `href`."""

    action_id: str
    status: str
    href: str
