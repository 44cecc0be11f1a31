"""What one step of an order produced, as the activity `record` commits it, and its answer."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field

from messages.directory import Routing, UnitFacts
from messages.orders import OfficeHold, RestTaken, StartOrder
from messages.signals import CompleteTask, OrderAction, Said
from messages.wire import Wire

AnySaid = Annotated[CompleteTask | OrderAction, Field(discriminator="kind")]


class Given(Wire):
    """An instant that somebody was given, and when: what rests since then moves it."""

    at: datetime
    said_at: datetime


class Reckoned(Wire):
    """What every instant is reckoned from: its origin, its rests, and what was said of it.

    `word`: never earlier. `joined`: what orders that joined this one had been promised: never later. `floor_from`: a
    minimum remainder from then.
    """

    since: datetime
    order_class: str | None = None
    rests: tuple[RestTaken, ...] = ()
    word: Given | None = None
    joined: tuple[Given, ...] = ()
    floor_from: datetime | None = None

    @property
    def runs_from(self) -> datetime:
        """Since when it has run without a rest."""
        return max(self.since, self.rests[-1].ended) if self.rests else self.since

    def rested(self, began: datetime, ended: datetime) -> Self:
        """Count one rest more; of what is counted already only what is left, and then nothing is the same."""
        began = max(began, self.runs_from)
        if began >= ended:
            return self
        return self.model_copy(update={"rests": (*self.rests, RestTaken(began=began, ended=ended))})


class PromiseRequest(Reckoned):
    """A promise to be reckoned: by class from receipt, or for a later round from its start; then moved by its rests.

    `granted`: by an extension. `is_capped`: by a limit that a superior platform set. `was`: what it promised before it
    was classed anew, at `floor_from`.
    """

    granted: Given | None = None
    is_capped: bool = False
    was: datetime | None = None


class ClockRequest(Reckoned):
    """A clock to be reckoned by `record`; `key` is a task id, `rest`, or `window` for the reopening window.

    `promise`: what the order promised when the clock was asked for, of work that serves it; a limit that caps it caps a
    `given` date too.
    """

    key: str
    basis: str
    promise: PromiseRequest | None = None
    repetition: int = 1
    given: datetime | None = None


class ClockReading(Wire):
    """A clock as reckoned from the policy version and the calendar in force, UTC.

    `is_provisional`: a day of a year that is not announced yet was counted.
    """

    due_at: datetime
    remind_at: datetime
    is_provisional: bool = False


class EventRecord(Wire):
    """One event of an order's history; numbered 1..n without a gap, number 1 is the intake's."""

    seq: int
    at: datetime
    type: str
    actor: str
    task_id: str | None = None
    said_id: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class TaskOpened(Wire):
    """A human task that a step opened; its clock is asked for under its id.

    `withheld`: outcomes that it does not offer now. `not_by`: who may not decide it, being about their own work.
    `on_duty`: its clock does not wait for the office to open, and the officer on duty may decide it too.
    """

    task_id: str
    kind: str
    unit: str
    tier: str
    role: str
    opened_at: datetime
    withheld: tuple[str, ...] = ()
    not_by: tuple[str, ...] = ()
    on_duty: bool = False


class TaskChanged(Wire):
    """An open task that rests or goes on, or offers other outcomes than before; at rest its clock shows nothing."""

    task_id: str
    state: str
    withheld: tuple[str, ...] = ()


class TaskClosed(Wire):
    """A human task that a step closed: `done` with an outcome, or `superseded`."""

    task_id: str
    state: str
    outcome: str
    actor: str
    at: datetime


class Verdict(Wire):
    """What became of a decision or action; carries what was said, for the case that no row stands behind it."""

    said: AnySaid
    applied: bool
    at: datetime
    code: str | None = None
    reason: str | None = None


class MessageWritten(Wire):
    """A message to be sent: a template with codes; `text_of` names the decision whose text is its body.

    `only_if_firm`: not if the promise that the same step asks for rests on a year that is not announced.
    `only_if_after`: not unless that promise is later than an instant.
    """

    event_seq: int
    recipient: str
    template: str
    data: dict[str, Any] = Field(default_factory=dict)
    text_of: str | None = None
    only_if_firm: bool = False
    only_if_after: datetime | None = None


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
    "Given",
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
