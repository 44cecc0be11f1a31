"""What staff send and see, in the shapes of the contract."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.contract.attachments import AttachmentView
from domain.matter.tasks import MAX_TEXT
from domain.order.lines.contacts import RevealReason


class DecisionBody(BaseModel):
    """A decision on a task: one of its outcomes with the fields that its schema asks for."""

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
    """What a task is about: an order or a duty, what people call it, and where it is read."""

    kind: str
    no: str
    title: str
    href: str


class TaskView(BaseModel):
    """A human task as lists show it; `not_by`: who may not decide it, since it is about their own work.

    `order_no` is null where the matter is no order.
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
    """What was decided before and came back, with its fields as they were: to be changed, and sent again.

    `why`: a reviewer's opinion, or the reason of the order, whose `code` then stands with it.
    """

    outcome: str
    fields: dict[str, Any]
    code: str | None
    why: str | None


class TaskDetail(TaskView):
    """A task with what may be decided; a task that is done has no outcomes and says who did it."""

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
    """A signal or decision that the matter refused, with its reason."""

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
    """An order with its open tasks and what it refused."""

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
        MatterRef | None, Field(description="The courtyard meeting that it came from, if you may read it.")
    ]
    requester_left: Annotated[
        bool, Field(description="Who asked has taken it back; it goes on for those who joined.")
    ]
    split_from: str | None
    requester: Annotated[
        dict[str, str] | None, Field(description="Masked; in the clear by POST …/contact, for a reason.")
    ]
    attachments: list[AttachmentView]
    tasks: list[TaskView]
    refusals: list[RefusalView]
    undelivered_messages: int
    logged_messages: int


class Reveal(BaseModel):
    """Why somebody needs a contact in the clear."""

    model_config = ConfigDict(extra="forbid")

    reason: RevealReason


class Contact(BaseModel):
    """Who asked, in the clear; a part that is not known is null."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    wechat_openid: str | None = None


class OrderList(BaseModel):
    """A page of orders."""

    items: list[OrderSummary]
    next_cursor: str | None


class EventView(BaseModel):
    """One event; `texts` are those of the decision behind it, for staff only."""

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
    """A matter's events by number."""

    items: list[EventView]


class DecisionView(BaseModel):
    """What became of a decision; `order_no` is null where the matter is no order."""

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
    """An action that was kept; what became of it is read at `href`."""

    action_id: str
    status: str
    href: str
