"""The audit: who did what, to an order or to the whole office."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Index, String, Table, insert

from domain.doors import Via
from store.inserting import NewRow
from store.instants import Instant
from store.metadata import BigId, Json, code, metadata

audit = Table(
    "audit",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("actor", String(100), nullable=False),
    code("via", nullable=False),
    code("act", nullable=False),
    code("matter_no"),
    Column("data", Json, nullable=False),
    Index(None, "matter_no", "id"),
)
_INSERT = insert(audit)


def audited(
    connection: Connection,
    actor: str,
    via: Via,
    act: str,
    matter_no: str | None,
    data: dict[str, Any],
    now: datetime,
) -> None:
    """Write down for auditors who did what, to an order or to the whole office."""
    _, row = audit_row(actor, via, act, matter_no, data, now)
    connection.execute(_INSERT, row)


def audit_row(
    actor: str, via: Via, act: str, matter_no: str | None, data: dict[str, Any], now: datetime
) -> NewRow:
    """Make the row by which auditors see who did what."""
    return audit, {"at": now, "actor": actor, "via": via, "act": act, "matter_no": matter_no, "data": data}
