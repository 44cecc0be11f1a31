"""Reading for pages and programs: each function one or a few indexed statements, keyset-paged.

Assumes that the caller is entitled; `Scope` limits the results. Nothing here asks Temporal.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    and_,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from domain.matter.judging import DecisionStatus
from domain.order.events import EventName
from domain.order.lines.contacts import masked_line
from domain.order.words import KIND, OPEN, OVER
from messages.names import REQUESTER
from store.instants import Instant
from store.matter.reach import Scope, scoped
from store.matter.tables import decision, event, matter, message
from store.order.rows import COLUMNS, WHOLE, OrderRow
from store.order.tables import orders, requester_phone
from store.paging import PAGE, Page, limited, page_of, read_cursor

_WORDS = 8
"""How many words of a search are looked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderFilter:
    """The limits of a list of orders; `None` does not limit."""

    stage: str | None = None
    tier: str | None = None
    unit: str | None = None
    order_class: str | None = None
    community: str | None = None
    overdue: bool | None = None
    is_open: bool | None = None
    q: str | None = None


def of_scope(query: Select[Any], scope: Scope) -> Select[Any]:
    """Limit a query over `WHOLE` to the orders of a scope."""
    if scope.client_id is not None:
        return query.where(orders.c.client_id == scope.client_id)
    return scoped(query, scope)


def find_order(connection: Connection, order_no: str, scope: Scope) -> OrderRow | None:
    """Find an order within a scope, with the counts of its undelivered and its logged messages."""

    def count(*which: ColumnElement[bool]) -> ScalarSelect[int]:
        return (
            select(func.count()).where(message.c.for_matter == matter.c.matter_no, *which).scalar_subquery()
        )

    undelivered = count(message.c.state == "failed").label("undelivered")
    logged = count(message.c.state == "logged", message.c.recipient == REQUESTER).label("logged")
    query = select(*COLUMNS, undelivered, logged).select_from(WHOLE).where(matter.c.matter_no == order_no)
    row = connection.execute(of_scope(query, scope)).one_or_none()
    return OrderRow.of(row) if row else None


def find_by_tracking_code(connection: Connection, tracking_code: str) -> str | None:
    """Find the number of the order that a resident tracks."""
    return connection.scalar(select(orders.c.order_no).where(orders.c.tracking_code == tracking_code))


def list_orders(
    connection: Connection, wanted: OrderFilter, scope: Scope, *, cursor: str | None, now: datetime
) -> Page[OrderRow]:
    """List orders, the latest first.

    Raises:
        BadCursor: the cursor cannot be read.
    """
    query = limited(
        of_scope(select(*COLUMNS).select_from(WHOLE).where(matter.c.kind == KIND), scope),
        (matter.c.stage, wanted.stage),
        (matter.c.tier, wanted.tier),
        (matter.c.unit, wanted.unit),
        (orders.c["class"], wanted.order_class),
        (matter.c.community, wanted.community),
    )
    still_open = matter.c.stage.not_in(OVER)
    if wanted.is_open is not None:
        # Nearly all orders are closed: worded so, they are read by time, not looked up by stage and sorted.
        query = query.where(still_open if wanted.is_open else matter.c.stage.not_in(OPEN))
    if wanted.overdue is not None:
        past_due = and_(matter.c.due_at <= now, still_open)
        is_overdue = or_(matter.c.overdue.is_(True), past_due)
        query = query.where(is_overdue if wanted.overdue else ~is_overdue)
    query = query.where(*map(_holds, (wanted.q or "").split()[:_WORDS]))
    if cursor:
        at, last = read_cursor(cursor)
        query = query.where(
            tuple_(matter.c.begun_at, matter.c.matter_no) < tuple_(literal(at, Instant), last)
        )
    query = query.order_by(matter.c.begun_at.desc(), matter.c.matter_no.desc())
    return page_of(connection, query, OrderRow.of, lambda order: (order.received_at, order.order_no))


def _holds(word: str) -> ColumnElement[bool]:
    """Say in SQL whether an order's number, subject or description contains a word, in any case."""
    columns = (orders.c.order_no, orders.c.subject, orders.c.description)
    return or_(*(column.icontains(word, autoescape=True) for column in columns))


def list_of_caller(
    connection: Connection, phone_keys: Collection[str], scope: Scope, *, with_confidential: bool
) -> Sequence[OrderRow]:
    """List the orders of the caller who has one of these numbers, the latest first and one page at most."""
    theirs = select(requester_phone.c.order_no).where(requester_phone.c.phone_key.in_(phone_keys))
    query = select(*COLUMNS).select_from(WHOLE).where(orders.c.order_no.in_(theirs))
    if not with_confidential:
        query = query.where(orders.c.confidential.is_(False))
    latest = of_scope(query, scope).order_by(orders.c.received_at.desc(), orders.c.order_no.desc())
    return [OrderRow.of(row) for row in connection.execute(latest.limit(PAGE))]


def subjects_of(connection: Connection, order_nos: Collection[str]) -> dict[str, str]:
    """Return the subject of each order, masked as in lists."""
    rows = connection.execute(
        select(orders.c.order_no, orders.c.subject).where(orders.c.order_no.in_(order_nos))
    )
    return {row.order_no: masked_line(row.subject) for row in rows}


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderInList:
    """An order as lists of tasks show it; `urged`: how often its resident urged it."""

    subject: str
    community: str | None
    category: str | None
    channel: str
    order_class: str | None
    confidential: bool
    urged: int


_URGED = (
    select(func.count())
    .where(
        event.c.matter_no == orders.c.order_no,
        event.c.type == EventName.ORDER_URGED,
        event.c.abandoned.is_(False),
    )
    .scalar_subquery()
)


def listed(connection: Connection, order_nos: Collection[str]) -> dict[str, OrderInList]:
    """Return what lists show of each order; its subject is masked."""
    rows = connection.execute(
        select(
            orders.c.order_no,
            orders.c.subject,
            matter.c.community,
            orders.c.category,
            orders.c.channel,
            orders.c["class"].label("order_class"),
            orders.c.confidential,
            _URGED.label("urged"),
        )
        .select_from(WHOLE)
        .where(orders.c.order_no.in_(order_nos))
    )
    return {
        each["order_no"]: OrderInList(
            **{
                **{name: value for name, value in each.items() if name != "order_no"},
                "subject": masked_line(each["subject"]),
            }
        )
        for each in rows.mappings()
    }


def routed_by(connection: Connection, order_nos: Collection[str]) -> dict[str, tuple[str | None, str | None]]:
    """Return each order's category and community, by which the directory is asked."""
    rows = connection.execute(
        select(orders.c.order_no, orders.c.category, matter.c.community)
        .select_from(WHOLE)
        .where(orders.c.order_no.in_(order_nos))
    )
    return {row.order_no: (row.category, row.community) for row in rows}


def sent_back_by_units(connection: Connection, order_nos: Collection[str]) -> set[str]:
    """Return the orders that a unit has sent back, or asked to hand on, and that were therefore not left with it."""
    rows = select(decision.c.matter_no).where(
        decision.c.matter_no.in_(order_nos),
        decision.c.name.in_(["send_back", "transfer"]),
        decision.c.status == DecisionStatus.APPLIED,
    )
    return set(connection.scalars(rows))


def routed_since(connection: Connection, *, since: datetime) -> Iterator[tuple[str, str | None, str | None]]:
    """Return number, category and community of the orders received since an instant, to try a directory on them."""
    rows = connection.execute(
        select(orders.c.order_no, orders.c.category, matter.c.community)
        .join(matter, matter.c.matter_no == orders.c.order_no)
        .where(orders.c.received_at >= since)
        .order_by(orders.c.order_no)
    )
    return ((row.order_no, row.category, row.community) for row in rows)
