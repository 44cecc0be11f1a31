"""What one step of an order produced, as the activity `record` commits it, and its answer."""

from datetime import datetime

from pydantic import Field

from messages.matter.signals import AnySaid, Said
from messages.matter.step import (
    ClockReading,
    ClockRequest,
    EventRecord,
    GivenWord,
    MessageWritten,
    PromiseRequest,
    TaskChanged,
    TaskClosed,
    TaskOpened,
    Verdict,
)
from messages.matter.tasks import OfficeHold, RestTaken
from messages.office.directory import Routing, UnitFacts
from messages.order.workflow import StartOrder
from messages.wire import Wire


class MergeRequest(Wire):
    """Ask to join this order to another one; `said_id` is the decision or action that wants it.

    `reasoned`: they wrote why. `promise`: what this order promises as it stands, with all that has rested until now.
    """

    leading_order_no: str
    said_id: str
    actor: str
    reasoned: bool = False
    promise: PromiseRequest | None = None


class MergeRefused(Wire):
    """Why an order was not joined to another one: a code for pages, a sentence for people."""

    code: str
    reason: str


class LeadingStands(Wire):
    """How the order stands that another one was joined to: whether it has answered, as what, and by whom.

    `answers`: how many the order that asks was ever given by others; the leading one may work on since. `unit`: who
    worked on it, if that is an open unit of the directory now.
    """

    answered: bool
    answers: int = 0
    ending: str | None = None
    unit: UnitFacts | None = None
    handled_by: str | None = None


class SplitRequest(Wire):
    """Ask for orders of their own for the parts that a decision names.

    `page` is this order's own address; `rests` are counted against what is promised of the parts too.
    """

    decision_id: str
    page: str
    rests: tuple[RestTaken, ...] = ()


class OrderFacts(Wire):
    """The order as it stands after a step: what the order's row shows."""

    stage: str
    ending: str | None = None
    round: int = 1
    tier: str
    unit: str
    order_class: str | None = None
    category: str | None = None
    escalations: int = 0
    overdue: bool = False
    reclassified: bool = False
    reopened: bool = False
    held: bool = False
    handled_by: str | None = None
    merged_into: str | None = None
    requester_left: bool = False


class RecordStep(Wire):
    """One step of an order; idempotent by `(order_no, run_id, seq)`.

    `merge` may be refused; with `withdrawn` the requester takes the order back; `split` names the decision whose parts
    become orders of their own; with `route` the answer says who answers for the order as it stands now; with
    `asks_leading`, how the order stands that this one joined.
    With `expiry` (a task id, `rest`, or `window`) the step is an automatic one: if a decision on that task or
    an action on the order is pending in the store, nothing is committed and the answer hands it back.
    """

    order_no: str
    run_id: str
    seq: int
    at: datetime
    policy: str
    order: OrderFacts
    open_tasks: tuple[str, ...] = ()
    next_event: int = 1
    events: tuple[EventRecord, ...] = ()
    opened: tuple[TaskOpened, ...] = ()
    changed: tuple[TaskChanged, ...] = ()
    closed: tuple[TaskClosed, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    messages: tuple[MessageWritten, ...] = ()
    clocks: tuple[ClockRequest, ...] = ()
    promise: PromiseRequest | None = None
    merge: MergeRequest | None = None
    withdrawn: bool = False
    split: SplitRequest | None = None
    route: bool = False
    asks_leading: bool = False
    expiry: str | None = None


class RecordAnswer(Wire):
    """What `record` says: the clocks asked for, by key; the promise; what is pending before an automatic step.

    `hold`: instead of an automatic step, since the office holds its clocks. `merge_refused`: why the order was not
    joined to another one. `answers`: how many it had been given by others before it joined. `told`: the orders whose
    residents the messages of the step are for. `goes_on`: others wait for the same as the requester who takes the order
    back. `parts`: the orders that were made of this one.
    """

    clocks: dict[str, ClockReading] = Field(default_factory=dict)
    promised_at: datetime | None = None
    promise_is_provisional: bool = False
    pending: tuple[AnySaid, ...] = ()
    hold: OfficeHold | None = None
    merge_refused: MergeRefused | None = None
    answers: int = 0
    told: tuple[str, ...] = ()
    goes_on: bool = False
    parts: tuple[str, ...] = ()
    leading: LeadingStands | None = None
    routing: Routing | None = None


class RecordedStep(Wire):
    """A step as a history holds it; `answer` is `None` while `record` is under way.

    `abandoned` came from a run that an operator's reset has left, after the point of that reset.
    `delivered_at` is when the messages written so far had gone out, `delivered_as` how they are shown since.
    """

    step: RecordStep
    answer: RecordAnswer | None
    abandoned: bool = False
    delivered_at: datetime | None = None
    delivered_as: str = "sent"


class RecordedOrder(Wire):
    """What the histories of an order hold: its start, its runs, the present one last, and their steps in order."""

    start: StartOrder
    runs: tuple[str, ...]
    steps: tuple[RecordedStep, ...]


__all__ = [
    "AnySaid",
    "ClockReading",
    "ClockRequest",
    "EventRecord",
    "GivenWord",
    "LeadingStands",
    "MergeRefused",
    "MergeRequest",
    "MessageWritten",
    "OrderFacts",
    "PromiseRequest",
    "RecordAnswer",
    "RecordStep",
    "RecordedOrder",
    "RecordedStep",
    "RestTaken",
    "Said",
    "SplitRequest",
    "TaskChanged",
    "TaskClosed",
    "TaskOpened",
    "Verdict",
]
