"""What one step of an order produced, as the activity `record` commits it, and its answer."""

from datetime import datetime

from messages.matter.step import MatterAnswer, MatterFacts, MatterStep, PromiseRequest
from messages.matter.tasks import RestTaken
from messages.office.directory import Routing, UnitFacts
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


class OrderFacts(MatterFacts):
    """The order as it stands after a step: what its matter's row and its own show."""

    ending: str | None = None
    round: int = 1
    order_class: str | None = None
    category: str | None = None
    reclassified: bool = False
    reopened: bool = False
    handled_by: str | None = None
    merged_into: str | None = None
    requester_left: bool = False


class OrderStep(MatterStep):
    """One step of an order.

    `merge` may be refused; with `withdrawn` the requester takes the order back; `split` names the decision whose parts
    become orders of their own; with `route` the answer says who answers for the order as it stands now; with
    `asks_leading`, how the order stands that this one joined. An `expiry` is a task id, `rest`, or `window`.
    """

    facts: OrderFacts
    promise: PromiseRequest | None = None
    merge: MergeRequest | None = None
    withdrawn: bool = False
    split: SplitRequest | None = None
    route: bool = False
    asks_leading: bool = False


class OrderAnswer(MatterAnswer):
    """What `record` says to a step of an order: of every matter's also the promise.

    `merge_refused`: why the order was not joined to another one. `answers`: how many it had been given by others before
    it joined. `told`: the orders whose residents the messages of the step are for. `goes_on`: others wait for the same
    as the requester who takes the order back.
    """

    promised_at: datetime | None = None
    promise_is_provisional: bool = False
    merge_refused: MergeRefused | None = None
    answers: int = 0
    told: tuple[str, ...] = ()
    goes_on: bool = False
    leading: LeadingStands | None = None
    routing: Routing | None = None
