"""The index that the figures of what happened are read from."""

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
"""The events that are looked for among all orders: an index holds them alone, a few of each order's."""

Index(
    "ix_event_told",
    *(event.c[name] for name in ("type", "at", "matter_no", "seq", "abandoned")),
    sqlite_where=TOLD,
    postgresql_where=TOLD,
)
