"""The index from which the figures of past events are read."""

from sqlalchemy import Index, text

from domain.matter.events import MatterEvent
from domain.order.events import EventName
from store.matter.tables import event
from store.metadata import listed

_TOLD = (
    EventName.FOLLOW_UP_ENDED,
    MatterEvent.MESSAGES_UNDELIVERED,
    EventName.ORDER_CLOSED,
    EventName.ORDER_RATED,
    EventName.ORDER_REPLIED,
)
TOLD = text(f"type IN ({listed(_TOLD)})")
"""Events that are searched for among all orders: an index holds only these, a few of each order's."""

Index(
    "ix_event_told",
    *(event.c[name] for name in ("type", "at", "matter_no", "seq", "abandoned")),
    sqlite_where=TOLD,
    postgresql_where=TOLD,
)
