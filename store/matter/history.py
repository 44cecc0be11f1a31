"""What happened to a matter, event by event."""

from collections.abc import Sequence

from sqlalchemy import Connection, and_, select

from domain.matter.events import MatterEvent
from store.matter.rows import EventRow
from store.matter.tables import decision, event
from store.office.tables import staff
from store.values import value_of

REFUSED = MatterEvent.SIGNAL_REFUSED
"""The event of a signal or decision that a matter refused."""


def list_events(connection: Connection, matter_no: str) -> Sequence[EventRow]:
    """List a matter's events by number, none of an abandoned branch.

    Each comes with the texts, fields and comment of the decision behind it, and with the actor's name (`called`) if
    they are staff.
    """
    said = event.c.data["decision_id"].as_string()
    rows = connection.execute(
        select(event, decision.c.texts, decision.c.fields, decision.c.comment, staff.c.name.label("called"))
        .outerjoin(decision, and_(decision.c.decision_id == said, decision.c.matter_no == event.c.matter_no))
        .outerjoin(staff, staff.c.username == event.c.actor)
        .where(event.c.matter_no == matter_no, event.c.abandoned.is_(False))
        .order_by(event.c.seq)
    )
    return [value_of(EventRow, row) for row in rows]


def list_refusals(connection: Connection, matter_no: str) -> Sequence[EventRow]:
    """List the signals and decisions that a matter refused."""
    rows = connection.execute(
        select(event)
        .where(event.c.matter_no == matter_no, event.c.type == REFUSED, event.c.abandoned.is_(False))
        .order_by(event.c.seq)
    )
    return [value_of(EventRow, row) for row in rows]
