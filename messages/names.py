"""Every wire name, spelled once, so that renaming a Python symbol never breaks a running order."""

from typing import Final

from domain import kinds
from domain.duty import words as duties
from domain.order.words import KIND

NAMESPACE: Final = "dingdan"
TASK_QUEUE: Final = "orders"
RETENTION_DAYS: Final = 30
LONG_HISTORY: Final = 8_000
"""How many events count as a long history; the server warns at 10,240 and ends a workflow at 51,200."""

ORDER: Final = "Order"
DUTY: Final = "Duty"
OPEN_DUTIES: Final = "OpenDuties"
MATTERS: Final = {KIND: ORDER, duties.KIND: DUTY}
"""The workflow type of each kind of matter."""
RECONCILE: Final = "Reconcile"
RECONCILE_ID: Final = "reconcile"
MEETINGS_SCHEDULE: Final = "courtyard-meetings"

COMPLETE_TASK: Final = "complete_task"
ORDER_ACTION: Final = "order_action"
MATTER_ACTION: Final = "matter_action"
STATUS: Final = "status"

RECORD: Final = "record"
RECORD_DUTY: Final = "record_duty"
OPEN_PERIOD: Final = "open_period"
LOOK_UP: Final = "look_up"
DELIVER: Final = "deliver"
DRAIN_OUTBOX: Final = "drain_outbox"
START_ORDERS: Final = "start_orders"

SEARCH_ATTRIBUTES: Final[dict[str, str]] = {
    "Stage": "Keyword",
    "Tier": "Keyword",
    "Unit": "Keyword",
    "Community": "Keyword",
    "Class": "Keyword",
    "Channel": "Keyword",
    "Category": "Keyword",
    "DueAt": "Datetime",
    "Escalations": "Int",
    "Overdue": "Bool",
}
"""Name and type of each search attribute; SQL visibility has ten Keyword columns, and seven are used."""

_BLANK: Final = " "


def workflow_id(kind: str, number: str) -> str:
    """Return the id of a matter's workflow; no other code builds such an id."""
    return f"{kind}-{number}"


def workflow_id_of(matter_no: str) -> str:
    """Return the id of a matter's workflow, by the matter's number."""
    return workflow_id(kinds.kind_of(matter_no).name, matter_no)


def matter_no_of(of: str) -> str | None:
    """Return a matter's number from the id of its workflow; `None` for any other workflow."""
    kind, _, number = of.partition("-")
    return number if kind in MATTERS and number else None


def action_signal(matter_no: str) -> str:
    """Return the name of the signal that carries an action to a matter."""
    return ORDER_ACTION if kinds.kind_of(matter_no).name == KIND else MATTER_ACTION


def order_workflow_id(order_no: str) -> str:
    """Return the id of an order's workflow."""
    return workflow_id(KIND, order_no)


def system_id(*parts: str | int) -> str:
    """Make an id for the office's own use: it has a blank in it, which no key of the API and no form has."""
    return _BLANK.join(map(str, parts))


def is_the_offices_id(said_id: str) -> bool:
    """Tell whether an id is the office's own: no person may type it, since the office uses it."""
    return _BLANK in said_id


REQUESTER: Final = "requester"
"""The recipient of messages to the resident; every other recipient is a unit."""
