"""Reading for pages and programs: each function one or a few indexed statements, keyset-paged.

Assumes that who asks is entitled; `Scope` limits what is found. Nothing here asks Temporal.
"""

import base64
import binascii
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Select,
    and_,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from domain.calendar.instants import is_reckonable
from domain.errors import DomainError
from domain.matter.judging import DecisionStatus
from domain.matter.tasks import TaskState
from domain.matter.timeliness import CLOCK_SKEW
from domain.office.words import Role
from domain.order.contacts import masked_line
from domain.order.words import Stage
from messages.names import ASKED, REQUESTER
from store.decisions import UNFINISHED, Subject
from store.instants import Instant
from store.returned import has_returns
from store.tables import (
    attachment,
    decision,
    event,
    message,
    orders,
    requester,
    requester_phone,
    staff,
    task,
    unit,
)

PAGE = 50
"""Rows of one page."""
REFUSED = "SignalRefused"
"""The event of a signal or decision that an order refused."""
_WORDS = 8
"""So many words of a search are looked for."""


def shown(order: Row[*tuple[Any, ...]]) -> str:
    """Say what an order is about as lists do: numbers of people in it are masked."""
    return masked_line(order.subject)


class BadCursor(DomainError):
    """The cursor is none that was given out."""

    code = "bad_cursor"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Which orders a caller may see: all, those that a client sent, or what any of the other fields allows.

    `unit` and `tier`: an order that ever had a task there; `below`: or at a unit below this one; `community`: an
    order about something there.
    """

    everything: bool = False
    client_id: str | None = None
    unit: str | None = None
    below: str | None = None
    community: str | None = None
    tier: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderFilter:
    """What an order list is limited to; `None` does not limit."""

    stage: str | None = None
    tier: str | None = None
    unit: str | None = None
    order_class: str | None = None
    community: str | None = None
    overdue: bool | None = None
    is_open: bool | None = None
    q: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """Where somebody works: tasks at their unit, of these roles if they are named, and of bureaus they speak for."""

    unit: str
    roles: Collection[str] | None = None
    on_duty: bool = False
    speaks_for_bureaus: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskFilter:
    """What a task list is limited to; `None` does not limit."""

    task_ids: Collection[str] | None = None
    post: Post | None = None
    holder: str | None = None
    unit: str | None = None
    tier: str | None = None
    kind: str | None = None
    order_no: str | None = None
    due_before: datetime | None = None
    due_after: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Rows, and the cursor of the next page if there is one."""

    rows: Sequence[Row[Any]]
    next_cursor: str | None


def find_order(connection: Connection, order_no: str, scope: Scope) -> Row[Any] | None:
    """Find an order within a scope.

    `undelivered` counts the messages that a gateway refused for good, `logged` those to its resident that no provider
    was there for.
    """

    def count(*which: ColumnElement[bool]) -> ScalarSelect[int]:
        return select(func.count()).where(message.c.for_order == orders.c.order_no, *which).scalar_subquery()

    undelivered = count(message.c.state == "failed").label("undelivered")
    logged = count(message.c.state == "logged", message.c.recipient == REQUESTER).label("logged")
    query = select(orders, undelivered, logged).where(orders.c.order_no == order_no)
    return connection.execute(scoped(query, scope)).one_or_none()


def find_by_tracking_code(connection: Connection, tracking_code: str) -> Row[Any] | None:
    """Find the order that a resident tracks."""
    return connection.execute(select(orders).where(orders.c.tracking_code == tracking_code)).one_or_none()


def find_requester(connection: Connection, order_no: str) -> Row[Any] | None:
    """Find who asked: personal data."""
    return connection.execute(select(requester).where(requester.c.order_no == order_no)).one_or_none()


def list_orders(
    connection: Connection, wanted: OrderFilter, scope: Scope, *, cursor: str | None, now: datetime
) -> Page:
    """List orders, the latest first.

    Raises:
        BadCursor: the cursor cannot be read.
    """
    query = scoped(select(orders), scope)
    for column, value in (
        (orders.c.stage, wanted.stage),
        (orders.c.tier, wanted.tier),
        (orders.c.unit, wanted.unit),
        (orders.c["class"], wanted.order_class),
        (orders.c.community, wanted.community),
    ):
        if value is not None:
            query = query.where(column == value)
    still_open = orders.c.stage.not_in([Stage.CLOSED, Stage.ARCHIVED])
    if wanted.is_open is not None:
        query = query.where(still_open if wanted.is_open else ~still_open)
    if wanted.overdue is not None:
        past_due = and_(orders.c.due_at <= now, still_open)
        is_overdue = or_(orders.c.overdue.is_(True), past_due)
        query = query.where(is_overdue if wanted.overdue else ~is_overdue)
    query = query.where(*map(_holds, (wanted.q or "").split()[:_WORDS]))
    if cursor:
        at, last = _read_cursor(cursor)
        query = query.where(
            tuple_(orders.c.received_at, orders.c.order_no) < tuple_(literal(at, Instant), last)
        )
    query = query.order_by(orders.c.received_at.desc(), orders.c.order_no.desc())
    return _page(connection, query, lambda row: (row.received_at, row.order_no))


def _holds(word: str) -> ColumnElement[bool]:
    """Tell whether an order holds a word somewhere, in whatever case."""
    columns = (orders.c.order_no, orders.c.subject, orders.c.description)
    return or_(*(column.icontains(word, autoescape=True) for column in columns))


def list_of_caller(
    connection: Connection, phone_keys: Collection[str], scope: Scope, *, with_confidential: bool
) -> Sequence[Row[Any]]:
    """List the orders that whoever has one of these numbers placed, the latest first and one page at most."""
    theirs = select(requester_phone.c.order_no).where(requester_phone.c.phone_key.in_(phone_keys))
    query = select(orders).where(orders.c.order_no.in_(theirs))
    if not with_confidential:
        query = query.where(orders.c.confidential.is_(False))
    latest = scoped(query, scope).order_by(orders.c.received_at.desc(), orders.c.order_no.desc())
    return connection.execute(latest.limit(PAGE)).all()


def list_tasks(
    connection: Connection,
    wanted: TaskFilter,
    *,
    cursor: str | None,
    now: datetime,
    scope: Scope = Scope(everything=True),
) -> Page:
    """List open tasks, what is due first at the top; of orders within a scope.

    Raises:
        BadCursor: the cursor cannot be read.
    """
    query = _open_tasks(select(task), wanted, scope, now)
    if cursor:
        at, last = _read_cursor(cursor)
        query = query.where(tuple_(task.c.due_at, task.c.task_id) > tuple_(literal(at, Instant), last))
    query = query.order_by(task.c.due_at, task.c.task_id)
    return _page(connection, query, lambda row: (row.due_at, row.task_id))


def _open_tasks(query: Select[Any], wanted: TaskFilter, scope: Scope, now: datetime) -> Select[Any]:
    query = query.where(
        task.c.state == TaskState.OPEN, task.c.opened_at <= now + CLOCK_SKEW, task.c.due_at.is_not(None)
    )
    for column, value in (
        (task.c.holder, wanted.holder),
        (task.c.unit, wanted.unit),
        (task.c.tier, wanted.tier),
        (task.c.kind, wanted.kind),
        (task.c.order_no, wanted.order_no),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.post is not None:
        query = query.where(_of_post(wanted.post))
    if wanted.task_ids is not None:
        query = query.where(task.c.task_id.in_(wanted.task_ids))
    if wanted.due_before is not None:
        query = query.where(task.c.due_at < wanted.due_before)
    if wanted.due_after is not None:
        query = query.where(task.c.due_at > wanted.due_after)
    if not scope.everything:
        query = scoped(query.join(orders, orders.c.order_no == task.c.order_no), scope)
    return query


def _of_post(post: Post) -> ColumnElement[bool]:
    here = task.c.unit == post.unit
    if post.roles is not None:
        mine = task.c.role.in_(post.roles)
        here = and_(here, or_(mine, task.c.on_duty.is_(True)) if post.on_duty else mine)
    return or_(here, task.c.role == Role.LIAISON) if post.speaks_for_bureaus else here


def subjects_of(connection: Connection, order_nos: Collection[str]) -> dict[str, str]:
    """Say of each order what it is about, as it is shown in lists."""
    rows = connection.execute(
        select(orders.c.order_no, orders.c.subject).where(orders.c.order_no.in_(order_nos))
    )
    return {row.order_no: shown(row) for row in rows}


def matters_of(
    connection: Connection, order_nos: Collection[str]
) -> dict[str, tuple[str | None, str | None]]:
    """Give each order's category and community: what the directory is asked by."""
    rows = connection.execute(
        select(orders.c.order_no, orders.c.category, orders.c.community).where(
            orders.c.order_no.in_(order_nos)
        )
    )
    return {row.order_no: (row.category, row.community) for row in rows}


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskCounts:
    """How many open tasks there are, how many are due from now to an instant, and how many are past their limit."""

    every: int
    due_soon: int
    overdue: int


def count_tasks(
    connection: Connection, wanted: TaskFilter, *, soon: datetime, now: datetime, scope: Scope
) -> TaskCounts:
    """Count open tasks as they are listed; `soon` is the instant before which they count as due soon."""
    due_at = task.c.due_at
    counted: list[ColumnElement[Any]] = [
        func.count().label("every"),
        func.count()
        .filter(due_at > literal(now, Instant), due_at < literal(soon, Instant))
        .label("due_soon"),
        func.count().filter(due_at <= literal(now, Instant)).label("overdue"),
    ]
    query = select(*counted).select_from(task)
    row = connection.execute(_open_tasks(query, wanted, scope, now)).one()
    return TaskCounts(**row._mapping)


def find_task(connection: Connection, task_id: str, scope: Scope) -> Row[Any] | None:
    """Find a task of an order within a scope; `has_returns` if something can have come back to it."""
    found = select(task, has_returns().label("has_returns"))
    query = found.join(orders, orders.c.order_no == task.c.order_no).where(task.c.task_id == task_id)
    return connection.execute(scoped(query, scope)).one_or_none()


def open_tasks(connection: Connection, order_no: str) -> Sequence[Row[Any]]:
    """List an order's tasks that are open or rest, the oldest first."""
    return connection.execute(
        select(task)
        .where(task.c.order_no == order_no, task.c.state.in_(UNFINISHED))
        .order_by(task.c.opened_at, task.c.task_id)
    ).all()


def list_events(connection: Connection, order_no: str) -> Sequence[Row[Any]]:
    """List an order's events by number, none of an abandoned branch.

    With each the texts and fields of the decision behind it, and what its actor is called (`called`) if they are staff.
    """
    said = event.c.data["decision_id"].as_string()
    return connection.execute(
        select(event, decision.c.texts, decision.c.fields, decision.c.comment, staff.c.name.label("called"))
        .outerjoin(decision, and_(decision.c.decision_id == said, decision.c.order_no == event.c.order_no))
        .outerjoin(staff, staff.c.username == event.c.actor)
        .where(event.c.order_no == order_no, event.c.abandoned.is_(False))
        .order_by(event.c.seq)
    ).all()


def list_refusals(connection: Connection, order_no: str) -> Sequence[Row[Any]]:
    """List the signals and decisions that an order refused."""
    return connection.execute(
        select(event)
        .where(event.c.order_no == order_no, event.c.type == REFUSED, event.c.abandoned.is_(False))
        .order_by(event.c.seq)
    ).all()


def list_attachments(
    connection: Connection, order_no: str, *, client_id: str | None = None
) -> Sequence[Row[Any]]:
    """List an order's attachments, the oldest first; none of a decision that was rejected.

    A client is shown nothing that others added to the order, its residents or those of orders that joined it.
    """
    added = decision.c.subject == Subject.ORDER
    theirs = and_(added, attachment.c.uploaded_by != client_id) if client_id is not None else false()
    behind = and_(
        decision.c.decision_id == attachment.c.decision_id, decision.c.order_no == attachment.c.order_no
    )
    return connection.execute(
        select(attachment)
        .outerjoin(decision, behind)
        .where(
            attachment.c.order_no == order_no,
            or_(decision.c.status.is_(None), and_(decision.c.status != DecisionStatus.REJECTED, ~theirs)),
        )
        .order_by(attachment.c.created_at, attachment.c.attachment_id)
    ).all()


def last_reply(connection: Connection, order_no: str) -> str | None:
    """Give the office's last words to the resident: the text behind the last reply."""
    return _last_words(connection, order_no, message.c.template.startswith("replied_"))


def open_question(connection: Connection, order_no: str, *, by: str) -> str | None:
    """Give what an order that rests asks a resident, its own or a follower; `None` if nothing, or not them."""
    theirs = message.c.order_no == by
    why = connection.scalar(
        select(message.c.template)
        .where(message.c.for_order == order_no, theirs, message.c.template.in_([ASKED, "paused"]))
        .order_by(message.c.id.desc())
        .limit(1)
    )
    return _last_words(connection, order_no, theirs & (message.c.template == ASKED)) if why == ASKED else None


def _last_words(connection: Connection, order_no: str, which: ColumnElement[bool]) -> str | None:
    texts = connection.scalar(
        select(decision.c.texts)
        .select_from(message)
        .join(
            decision,
            and_(decision.c.decision_id == message.c.text_of, decision.c.order_no == message.c.order_no),
        )
        .where(message.c.for_order == order_no, which)
        .order_by(message.c.id.desc())
        .limit(1)
    )
    return next((str(text) for text in (texts or {}).values() if text), None)


def scoped(query: Select[Any], scope: Scope) -> Select[Any]:
    """Limit a query over orders to those of a scope."""
    if scope.everything:
        return query
    if scope.client_id is not None:
        return query.where(orders.c.client_id == scope.client_id)
    theirs = task.alias("theirs")
    concerned: list[ColumnElement[bool]] = []
    if scope.unit is not None:
        concerned.append(theirs.c.unit == scope.unit)
    if scope.below is not None:
        concerned.append(theirs.c.unit.in_(_below(scope.below)))
    if scope.tier is not None:
        concerned.append(theirs.c.tier == scope.tier)
    allowed: list[ColumnElement[bool]] = (
        [exists().where(theirs.c.order_no == orders.c.order_no, or_(*concerned))] if concerned else []
    )
    if scope.community is not None:
        allowed.append(orders.c.community == scope.community)
    return query.where(or_(false(), *allowed))


def _below(code: str) -> Select[Any]:
    """Find the units under one, however deep."""
    tree = select(unit.c.code).where(unit.c.parent == code).cte(recursive=True)
    return select(tree.union(select(unit.c.code).where(unit.c.parent == tree.c.code)).c.code)


def _page(connection: Connection, query: Select[Any], key: Any) -> Page:
    rows = connection.execute(query.limit(PAGE + 1)).all()
    more = len(rows) > PAGE
    return Page(rows=rows[:PAGE], next_cursor=_cursor(*key(rows[PAGE - 1])) if more else None)


def _cursor(at: datetime, last: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([at.astimezone(UTC).isoformat(), last]).encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        at, last = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        read = datetime.fromisoformat(at)
    except (binascii.Error, ValueError, TypeError) as error:
        raise BadCursor("this cursor was not given out here; begin again without one") from error
    if not is_reckonable(read) or not (isinstance(last, str) and last.isascii() and last.isprintable()):
        raise BadCursor("this cursor was not given out here; begin again without one")
    return read, last
