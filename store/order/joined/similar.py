"""Orders that may be about the same event: a hint for people, who alone decide what is joined.

Assumes that requests about one event share something: the caller, the place, or much of their words.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, false, func, literal, select, union

from domain.order.lines.contacts import masked_line
from domain.order.lines.similarity import most_alike
from store.instants import Instant
from store.matter.reach import Scope
from store.matter.tables import matter
from store.order.finding import of_scope
from store.order.rows import WHOLE, OrderRow
from store.order.tables import orders, requester_phone

WITHIN: Final = timedelta(days=90)
MOST_LINES: Final = 20_000
"""How many of the latest orders are compared by their words."""
_SHOWN: Final = 3
_LOOKED_AT: Final = 20
"""How many of the most alike are looked up: some of them are joined already, or the reader may not see them."""
_LEAST: Final = 0.25
"""Below this two lines are not called similar. Our decision, ADR-0023."""
_NEAR_M: Final = 300.0
_M_A_DEGREE: Final = 111_320.0
_NEARBY, _SAME = 0.2, 0.05
"""What nearness, and a common community or category, add to the likeness of two orders."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sought:
    """The order to which similar ones are sought: one of the store, or one that a clerk is writing down.

    `phone_keys` are left out for a reader who may not know the requester, and address and `point` (latitude and
    longitude) for one who may not know the place.
    """

    subject: str
    order_no: str | None = None
    address: str | None = None
    community: str | None = None
    category: str | None = None
    point: tuple[float, float] | None = None
    phone_keys: Sequence[str] | Select[tuple[str]] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Similar:
    """An order that may be about the same event, and why: its words, its caller, or its distance in metres."""

    order_no: str
    about: str
    stage: str
    received_at: datetime
    words: bool
    same_caller: bool
    metres: int | None


def sought_like(own: OrderRow, *, by_caller: bool, by_place: bool) -> Sought:
    """Take from an order what others are compared with, as far as the reader may know it."""
    by_whom = select(requester_phone.c.phone_key).where(requester_phone.c.order_no == own.order_no)
    return Sought(
        subject=own.subject,
        order_no=own.order_no,
        address=own.address if by_place else None,
        community=own.community,
        category=own.category,
        point=_point(own) if by_place else None,
        phone_keys=by_whom if by_caller else (),
    )


def _point(own: OrderRow) -> tuple[float, float] | None:
    return None if own.latitude is None or own.longitude is None else (own.latitude, own.longitude)


def similar_orders(
    connection: Connection, sought: Sought, scope: Scope, *, with_confidential: bool, now: datetime
) -> list[Similar]:
    """Find up to three orders of the last ninety days that say much the same or lie near, and three by the same caller.

    `with_confidential`: confidential orders by the same caller too; staff who see a part of the office must not learn
    of those.
    """
    likeness = _alike(connection, sought, now)
    since = orders.c.received_at > literal(now - WITHIN, Instant)
    query = _candidates(sought, likeness, since, with_confidential=with_confidential)
    rows = [
        row
        for row in connection.execute(of_scope(query, scope))
        # Joined orders are left out here, not in SQL: either database would misjudge how few they are.
        if row.merged_into is None and row.order_no != sought.order_no
    ]
    scores = {row.order_no: _score(row, sought, likeness) for row in rows}
    found = sorted(rows, key=lambda row: (scores[row.order_no], row.received_at), reverse=True)
    told = [
        row for row in found if likeness.get(row.order_no, 0.0) >= _LEAST or _metres(row, sought) is not None
    ][:_SHOWN]
    called = sorted((row for row in rows if row.same_caller), key=lambda row: row.received_at, reverse=True)
    told += [row for row in called if row not in told][:_SHOWN]
    return [
        Similar(
            order_no=row.order_no,
            about=masked_line(row.subject),
            stage=row.stage,
            received_at=row.received_at,
            words=likeness.get(row.order_no, 0.0) >= _LEAST,
            same_caller=bool(row.same_caller),
            metres=_metres(row, sought),
        )
        for row in told
    ]


def _alike(connection: Connection, sought: Sought, now: datetime) -> dict[str, float]:
    """Return the likeness of the orders whose words are most alike; the store hands all lines over as one text."""
    line = f"{sought.subject} {sought.address or ''}".strip()
    where = func.coalesce(orders.c.address, "")
    latest = (
        select(orders.c.order_no, (orders.c.subject + " " + where).label("said"))
        .where(orders.c.received_at > literal(now - WITHIN, Instant))
        .order_by(orders.c.received_at.desc())
        .limit(MOST_LINES)
        .subquery()
    )
    numbers, text = connection.execute(
        select(func.aggregate_strings(latest.c.order_no, "\n"), func.aggregate_strings(latest.c.said, "\n"))
    ).one()
    if not text:
        return {}
    order_nos = numbers.split("\n")
    return {order_nos[each.place]: each.likeness for each in most_alike(line, text, most=_LOOKED_AT)}


def _candidates(
    sought: Sought, likeness: dict[str, float], since: ColumnElement[bool], *, with_confidential: bool
) -> Select[Any]:
    """Choose the orders that are alike, near, or by the same caller; each way has its own index."""
    by_caller = select(requester_phone.c.order_no).where(requester_phone.c.phone_key.in_(sought.phone_keys))
    same_caller = and_(orders.c.requester_left.is_(False), orders.c.order_no.in_(by_caller))
    if not with_confidential:
        same_caller = and_(same_caller, orders.c.confidential.is_(False))
    ways = [select(orders.c.order_no).where(orders.c.order_no.in_(likeness))]
    if sought.phone_keys != ():
        ways.append(select(orders.c.order_no).where(same_caller, since))
    if sought.point is not None:
        latitude, longitude = sought.point
        north, east = _NEAR_M / _M_A_DEGREE, _NEAR_M / (_M_A_DEGREE * _narrowed(latitude))
        ways.append(
            select(orders.c.order_no).where(
                orders.c.latitude.between(latitude - north, latitude + north),
                orders.c.longitude.between(longitude - east, longitude + east),
                since,
            )
        )
    told = (orders.c.order_no, orders.c.subject, matter.c.stage, orders.c.received_at, orders.c.merged_into)
    compared = (matter.c.community, orders.c.category, orders.c.longitude, orders.c.latitude)
    called = same_caller if sought.phone_keys != () else false()
    found = select(*told, *compared, called.label("same_caller")).select_from(WHOLE)
    return found.where(matter.c.matter_no.in_(union(*ways)))


def _score(row: Row[Any], sought: Sought, likeness: dict[str, float]) -> float:
    near = _metres(row, sought) is not None
    same = sum(
        own is not None and own == its
        for own, its in ((sought.community, row.community), (sought.category, row.category))
    )
    return float(likeness.get(row.order_no, 0.0) + _NEARBY * near + _SAME * same)


def _metres(row: Row[Any], sought: Sought) -> int | None:
    """Return the distance of an order in metres; `None` if it is not near, or not known."""
    if sought.point is None or row.latitude is None:
        return None
    latitude, longitude = sought.point
    north, east = row.latitude - latitude, (row.longitude - longitude) * _narrowed(latitude)
    metres = math.hypot(north, east) * _M_A_DEGREE
    return round(metres) if metres <= _NEAR_M else None


def _narrowed(latitude: float) -> float:
    """Return the width of a degree of longitude at this latitude, where at the equator it is 1."""
    return max(math.cos(math.radians(latitude)), 0.01)
