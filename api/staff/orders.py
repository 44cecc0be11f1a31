"""Orders: one order, its events, lists, and actions on an order as a whole."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.acts.deciding import act_on
from api.acts.seeing import no_such_order, order_of, reveal_to
from api.contract import views
from api.contract.staff import ActionAccepted, ActionBody, Contact, EventList, OrderDetail, OrderList, Reveal
from api.errors import problems
from api.keys import KeyHeader, optional_key
from api.security import ActorDep, ReaderDep, ReaderOrChannelDep, RevealerDep, scope_of
from api.service import ServiceDep
from domain.office.words import OrderClass, Tier
from domain.order.words import Stage
from store.database import Connection
from store.matter import history
from store.matter.said.decisions import Submitted
from store.order import finding
from store.order.finding import OrderFilter
from store.signin.credentials import Client

router = APIRouter(tags=["orders"])


@router.get("/orders/{order_no}", response_model=OrderDetail, responses=problems(401, 403, 404, 422))
async def read_order(order_no: str, who: ReaderOrChannelDep, service: ServiceDep) -> OrderDetail:
    """Read an order: staff any that they may see, a channel those that it sent (without the requester)."""

    def work(connection: Connection) -> OrderDetail:
        row = finding.find_order(connection, order_no, scope_of(who))
        if row is None:
            raise no_such_order(order_no)
        refusals = history.list_refusals(connection, order_no)
        return order_of(connection, row, who, refusals=refusals, now=service.now())

    return await service.read(work)


@router.post(
    "/orders/{order_no}/contact",
    response_model=Contact,
    responses=problems(401, 403, 404, 413, 415, 422),
)
async def reveal(order_no: str, body: Reveal, who: RevealerDep, service: ServiceDep) -> Contact:
    """Read the requester's contact in the clear; the audit keeps who looked and why."""
    return await service.write(
        lambda connection: reveal_to(connection, order_no, who, body.reason, now=service.now())
    )


@router.get("/orders/{order_no}/events", response_model=EventList, responses=problems(401, 403, 404, 422))
async def read_events(order_no: str, who: ReaderOrChannelDep, service: ServiceDep) -> EventList:
    """Read an order's events in the order of their numbers; staff also see the texts of decisions."""

    def work(connection: Connection) -> EventList:
        if finding.find_order(connection, order_no, scope_of(who)) is None:
            raise no_such_order(order_no)
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
        bool | None, Query(description="Missed a limit of handling, or is past its due time now.")
    ] = None,
    q: Annotated[
        str | None,
        Query(max_length=100, description="Words that must all occur in number, subject or text."),
    ] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> OrderList:
    """List the orders that you may see, the latest first."""
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


def accepted(submitted: Submitted) -> ActionAccepted:
    """Answer that an action was kept, and where to read its result."""
    row = submitted.row
    return ActionAccepted(
        action_id=row.decision_id, status=row.status, href=views.decision_href(row.decision_id)
    )
