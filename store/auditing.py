"""The audit: who did what, to an order or to the whole office."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from domain.doors import Via
from store.tables import audit


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
    connection.execute(
        insert(audit).values(at=now, actor=actor, via=via, act=act, matter_no=matter_no, data=data)
    )
