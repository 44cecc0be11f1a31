"""Orders: one, its events, lists, and actions on an order as a whole."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Row

from api.errors import Problem, problems
from api.keys import KeyHeader, optional_key
from api.security import (
    ActorDep,
    Caller,
    ReaderDep,
    ReaderOrChannelDep,
    RevealerDep,
    client_of,
    scope_of,
    uploader_of,
)
from api.service import Service, ServiceDep
from api.staff import views
from api.staff.models import ActionAccepted, ActionBody, Contact, EventList, OrderDetail, OrderList, Reveal
from domain.doors import Via
from domain.office.permissions import Permission, may, reaches
from domain.office.words import OrderClass, Tier
from domain.order.contacts import RevealReason, hides_requester
from domain.order.words import Stage
from store.database import Connection
from store.matter import history, tasks
from store.matter.decisions import Actor, Submitted
from store.office.people import Staff
from store.order import finding
from store.order.contacts import reveal_contact
from store.order.finding import OrderFilter
from store.order.said.decisions import submit_action
from store.signin.credentials import Client

router = APIRouter(tags=["orders"])


def _not_found(order_no: str) -> Problem:
    return Problem(404, "not_found", f"there is no order {order_no!r} that you may see")


@router.get("/orders/{order_no}", response_model=OrderDetail, responses=problems(401, 403, 404, 422))
async def read_order(order_no: str, who: ReaderOrChannelDep, service: ServiceDep) -> OrderDetail:
    """Read an order: staff those in their scope, a channel those that it sent (without the requester)."""

    def work(connection: Connection) -> OrderDetail:
        row = finding.find_order(connection, order_no, scope_of(who))
        if row is None:
            raise _not_found(order_no)
        refusals = history.list_refusals(connection, order_no)
        return order_of(connection, row, who, refusals=refusals, now=service.now())

    return await service.read(work)


@router.post(
    "/orders/{order_no}/contact",
    response_model=Contact,
    responses=problems(401, 403, 404, 413, 415, 422),
)
async def reveal(order_no: str, body: Reveal, who: RevealerDep, service: ServiceDep) -> Contact:
    """Read who asked in the clear; the audit keeps who looked and why."""
    return await service.write(
        lambda connection: reveal_to(connection, order_no, who, body.reason, now=service.now())
    )


def order_of(
    connection: Connection, row: Any, who: Caller, *, refusals: Sequence[Row[Any]], now: datetime
) -> OrderDetail:
    """Show an order whole, as far as somebody may see it."""
    return views.order_detail(
        row,
        tasks=tasks.open_tasks(connection, row.order_no),
        refusals=refusals,
        requester=finding.find_requester(connection, row.order_no) if knows_requester(who, row) else None,
        attachments=history.list_attachments(connection, row.order_no, client_id=client_of(who)),
        # A channel sent it; staff who may see contacts may see where it is.
        shows_place=isinstance(who, Client) or may(who.roles, Permission.REVEAL_CONTACTS),
        now=now,
    )


def reveal_to(
    connection: Connection, order_no: str, who: Staff, reason: RevealReason, *, now: datetime
) -> Contact:
    """Give who asked in the clear, and write down who looked and why.

    Raises:
        Problem: 404, no such order; 403, it is confidential, or the requester has taken the order back.
    """
    row = finding.find_order(connection, order_no, scope_of(who, Permission.REVEAL_CONTACTS))
    if row is None:
        raise _not_found(order_no)
    if row.requester_left:
        raise Problem(403, "requester_left", "who asked has taken the order back: nobody calls them any more")
    if not knows_requester(who, row):
        raise Problem(
            403, "confidential", "who asked is confidential here; the street desk may speak to them"
        )
    found = reveal_contact(connection, order_no, actor=who.username, reason=reason, now=now)
    return Contact.model_validate(found)


def knows_requester(who: Caller, row: Any) -> bool:
    """Tell whether somebody may know who asked for an order."""
    if isinstance(who, Client) or row.requester_left:
        return False
    return not hides_requester(confidential=row.confidential, reaches=reaches(who.roles))


@router.get("/orders/{order_no}/events", response_model=EventList, responses=problems(401, 403, 404, 422))
async def read_events(order_no: str, who: ReaderOrChannelDep, service: ServiceDep) -> EventList:
    """Read an order's events by number; staff see the texts of decisions with them."""

    def work(connection: Connection) -> EventList:
        if finding.find_order(connection, order_no, scope_of(who)) is None:
            raise _not_found(order_no)
        rows = history.list_events(connection, order_no)
        with_texts = not isinstance(who, Client)
        return EventList(items=[views.event_view(row, with_texts=with_texts) for row in rows])

    return await service.read(work)


@router.get("/orders", response_model=OrderList, responses=problems(401, 403, 422))
async def list_orders(  # noqa: PLR0913, PLR0917 - one parameter a filter, by contract
    who: ReaderDep,
    service: ServiceDep,
    stage: Stage | None = None,
    tier: Tier | None = None,
    unit: Annotated[str | None, Query(max_length=64)] = None,
    order_class: Annotated[OrderClass | None, Query(alias="class")] = None,
    community: Annotated[str | None, Query(max_length=64)] = None,
    overdue: Annotated[
        bool | None, Query(description="Past a limit of handling, or now past its due time.")
    ] = None,
    q: Annotated[
        str | None,
        Query(max_length=100, description="Number, or words of subject or text: all of them are looked for."),
    ] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> OrderList:
    """List the orders in one's scope, the latest first."""
    wanted = OrderFilter(
        stage=stage, tier=tier, unit=unit, order_class=order_class, community=community, overdue=overdue, q=q
    )
    page = await service.read(
        lambda connection: finding.list_orders(
            connection, wanted, scope_of(who), cursor=cursor, now=service.now()
        )
    )
    return OrderList(items=[views.order_summary(row) for row in page.rows], next_cursor=page.next_cursor)


@router.post(
    "/orders/{order_no}/actions",
    status_code=202,
    response_model=ActionAccepted,
    responses=problems(401, 403, 404, 409, 413, 415, 422),
)
async def act(
    order_no: str, body: ActionBody, who: ActorDep, service: ServiceDep, key: KeyHeader = None
) -> ActionAccepted:
    """Act on an order: supplement, urge, withdraw, supervise, rate or reopen."""
    action_id = optional_key(key)
    async with service.in_flight.alone(who.username, action_id):
        return accepted(await act_on(service, order_no, who, body.action, body.fields, action_id))


async def act_on(
    service: Service, order_no: str, who: Staff, action: str, fields: Mapping[str, Any], action_id: str
) -> Submitted:
    """Keep an action on an order within somebody's reach, and send it.

    Raises:
        Problem: 404, there is none.
    """

    def work(connection: Connection) -> Submitted:
        if finding.find_order(connection, order_no, scope_of(who, Permission.ACT_ON_ORDERS)) is None:
            raise _not_found(order_no)
        return submit_action(
            connection,
            order_no=order_no,
            action_id=action_id,
            action=action,
            fields=fields,
            actor=Actor(name=who.username, via=Via.STAFF, staff=who),
            now=service.now(),
            uploaders=[uploader_of(who)],
        )

    return await keep(service, work)


async def keep(service: ServiceDep, work: Callable[[Connection], Submitted]) -> Submitted:
    """Keep a decision or action, and send it if it is new."""
    submitted = await service.write_once(work)
    if submitted.said is not None and submitted.outbox_id is not None:
        service.metrics.decisions.labels(name=submitted.row.name).inc()
        await service.send(submitted.row.order_no, submitted.said, submitted.outbox_id)
    return submitted


def accepted(submitted: Submitted) -> ActionAccepted:
    """Say that an action was kept, and where to look for what becomes of it."""
    row = submitted.row
    return ActionAccepted(
        action_id=row.decision_id, status=row.status, href=views.decision_href(row.decision_id)
    )
