"""Orders as the store hands them out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from store.matter.tables import matter
from store.order.tables import orders
from store.values import value_of


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderRow:
    """An order as it stands, without its requester.

    `undelivered` counts the messages that a gateway refused for good, `logged` those to its resident for which no
    provider was set up. Only `find_order` counts them.
    """

    order_no: str
    tracking_code: str
    client_id: str
    source_reference: str | None
    channel: str
    kind: str
    subject: str
    description: str
    confidential: bool
    received_by: str | None
    community: str | None
    address: str | None
    longitude: float | None
    latitude: float | None
    policy: str
    received_at: datetime
    source_due_at: datetime | None
    category: str | None
    stage: str
    ending: str | None
    round: int
    tier: str
    unit: str
    order_class: str | None
    promised_at: datetime | None
    is_provisional: bool
    due_at: datetime | None
    escalations: int
    overdue: bool
    held: bool
    reclassified: bool
    reopened: bool
    handled_by: str | None
    merged_into: str | None
    requester_left: bool
    split_from: str | None
    undelivered: int = 0
    logged: int = 0

    @classmethod
    def of(cls, row: Row[Any]) -> "OrderRow":
        """Build it from a row read by `COLUMNS`."""
        return value_of(cls, row)


WHOLE = matter.join(orders, orders.c.order_no == matter.c.matter_no)
"""Orders, each with its matter's row."""

COLUMNS = (
    *(
        each
        for table in (matter, orders)
        for each in table.c
        if each.name in OrderRow.__dataclass_fields__ and each is not matter.c.kind
    ),
    orders.c["class"].label("order_class"),
    orders.c.request_kind.label("kind"),
)
"""The columns of `WHOLE` that are handed out."""
