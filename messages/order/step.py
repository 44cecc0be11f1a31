"""One step of an order, as the activity `record` commits it, and the answer to it."""

from datetime import datetime

from messages.matter.step import MatterAnswer, MatterFacts, MatterStep, PromiseRequest
from messages.matter.tasks import RestTaken
from messages.office.directory import Routing, UnitFacts
from messages.wire import Wire


class MergeRequest(Wire):
    """Ask to join this order to another one; `said_id` names the decision or action behind it.

    `reasoned`: it gives a reason. `promise`: this order's promise as it stands, with all its rests until now.
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
    """How a leading order stands, for an order that was joined to it.

    `answered`, `ending` and `handled_by`: whether it has answered, with which ending, and who handled it.
    `answers`: how many answers other orders ever gave to the order that asks; the leading one may be at work
    again since then. `unit`: the unit that worked on it, if that is open in the directory now.
    """

    answered: bool
    answers: int = 0
    ending: str | None = None
    unit: UnitFacts | None = None
    handled_by: str | None = None


class SplitRequest(Wire):
    """Ask for an order for each of the parts that a decision names.

    `page` is the address of this order's page; `rests` move the promises of the parts too.
    """

    decision_id: str
    page: str
    rests: tuple[RestTaken, ...] = ()


class OrderFacts(MatterFacts):
    """The order as it stands after a step, for its matter's row and its own."""

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

    `merge` may be refused. With `withdrawn` the requester takes the order back. `split` names a decision and
    turns its parts into orders. With `route` the answer says which units answer for the order as it stands
    now; with `asks_leading` it says how the leading order stands. An `expiry` is a task id, `rest`, or
    `window`.
    """

    facts: OrderFacts
    promise: PromiseRequest | None = None
    merge: MergeRequest | None = None
    withdrawn: bool = False
    split: SplitRequest | None = None
    route: bool = False
    asks_leading: bool = False


class OrderAnswer(MatterAnswer):
    """The answer of `record` to a step of an order: that of any matter, and the promise.

    `merge_refused`: why the order was not joined to another one. `answers`: how many answers other orders had
    given it before it joined. `told`: the orders whose residents get the messages of the step. `goes_on`: the
    requester takes the order back, but others wait for the same result.
    """

    promised_at: datetime | None = None
    promise_is_provisional: bool = False
    merge_refused: MergeRefused | None = None
    answers: int = 0
    told: tuple[str, ...] = ()
    goes_on: bool = False
    leading: LeadingStands | None = None
    routing: Routing | None = None
