"""Orders that may be about the same: a hint for people, who alone decide what is joined.

Assumes that one event is told in many ways, and that the line it is about says more than the whole text.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from rapidfuzz import fuzz, process
from sqlalchemy import Connection, Row, or_, select

from store.queries import ABOUT, Scope, about, scoped, shown
from store.tables import orders

WITHIN: Final = timedelta(days=90)
_CANDIDATES: Final = 500
_SHOWN: Final = 3
_LEAST: Final = 40.0
"""Below this many of 100 two lines are not called similar. Our decision, ADR-0023."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Similar:
    """An order that may be about the same."""

    order_no: str
    about: str
    stage: str
    received_at: datetime


def similar_orders(connection: Connection, own: Row[Any], scope: Scope, *, now: datetime) -> list[Similar]:
    """Find up to three orders of the last ninety days, of the same community or category, that say much the same."""
    near = [
        column == value
        for column, value in ((orders.c.community, own.community), (orders.c.category, own.category))
        if value is not None
    ]
    if not near:
        return []
    query = select(
        orders.c.order_no, orders.c.stage, orders.c.received_at, orders.c.merged_into, *ABOUT
    ).where(orders.c.order_no != own.order_no, orders.c.received_at > now - WITHIN, or_(*near))
    latest = scoped(query, scope).order_by(orders.c.received_at.desc()).limit(_CANDIDATES)
    # Those that were joined are left out here: either database would misjudge how few they are, and sort all the rest.
    candidates = [row for row in connection.execute(latest) if row.merged_into is None]
    lines = [about(row) for row in candidates]
    found = process.extract(about(own), lines, scorer=fuzz.ratio, limit=_SHOWN, score_cutoff=_LEAST)
    return [
        Similar(
            order_no=candidates[place].order_no,
            about=shown(candidates[place]),
            stage=candidates[place].stage,
            received_at=candidates[place].received_at,
        )
        for _, _, place in found
    ]
