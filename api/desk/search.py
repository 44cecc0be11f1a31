"""`/desk/orders` and `/desk/callers`: finding orders by number, words and place, or by the caller's telephone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.contract import views
from api.pages.rendering import page, texts
from api.security import ReaderDep, RevealerDep, scope_of
from api.service import ServiceDep
from api.typed.phones import FEWEST_FIGURES, phone_keys
from domain.doors import Via
from domain.figures.counting import is_overdue
from domain.office.permissions import Permission, Reach, reaches
from domain.office.words import OrderClass, Tier
from domain.order.words import Stage
from store.auditing import audited
from store.database import Connection
from store.office.directory import current_named
from store.order import finding
from store.order.finding import OrderFilter, subjects_of
from store.order.rows import OrderRow
from store.paging import Page

router = APIRouter(prefix="/desk", include_in_schema=False)
_YES_OR_NO: Final = {"true": True, "false": False}


@router.get("/orders", response_class=HTMLResponse)
async def search(  # noqa: PLR0913, PLR0917 - one parameter a filter
    request: Request,
    who: ReaderDep,
    service: ServiceDep,
    q: Annotated[str, Query(max_length=100)] = "",
    stage: Stage | str = "",
    tier: Tier | str = "",
    unit: Annotated[str, Query(max_length=64)] = "",
    order_class: Annotated[OrderClass | str, Query(alias="class")] = "",
    community: Annotated[str, Query(max_length=64)] = "",
    overdue: Annotated[str, Query(pattern="^(true|false|)$")] = "",
    is_open: Annotated[str, Query(alias="open", pattern="^(true|false|)$")] = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> HTMLResponse:
    """Show the matching orders within the reader's reach, the latest first."""
    now = service.now()
    wanted = OrderFilter(
        stage=stage or None,
        tier=tier or None,
        unit=unit or None,
        order_class=order_class or None,
        community=community or None,
        overdue=_YES_OR_NO.get(overdue),
        is_open=_YES_OR_NO.get(is_open),
        q=q.strip() or None,
    )

    def work(
        connection: Connection,
    ) -> tuple[Page[OrderRow], dict[str, str], dict[str, str], tuple[str, ...]]:
        found = finding.list_orders(connection, wanted, scope_of(who), cursor=cursor, now=now)
        directory = current_named(connection)
        about = subjects_of(connection, [row.order_no for row in found.rows])
        names = {each.code: each.name for each in directory.units.values()}
        return found, about, names, directory.communities

    found, about, names, communities = await service.read(work)
    chosen = {
        "q": q,
        "stage": str(stage),
        "tier": str(tier),
        "unit": unit,
        "class": str(order_class),
        "community": community,
        "overdue": overdue,
        "open": is_open,
    }
    return page(
        request,
        "desk/orders.html",
        orders=[views.order_summary(row) for row in found.rows],
        late=_late(found.rows, now),
        next_cursor=found.next_cursor,
        about=about,
        names=names,
        communities=communities,
        chosen={name: value for name, value in chosen.items() if value},
        stages=list(Stage),
        tiers=list(Tier),
        classes=list(OrderClass),
    )


@router.post("/callers", response_class=HTMLResponse)
async def callers(
    request: Request, who: RevealerDep, service: ServiceDep, phone: Annotated[str, Form(max_length=40)] = ""
) -> Response:
    """Show the orders of the caller with this telephone number.

    The audit records the look-up; the number itself appears in no address and no row.
    """
    keys = phone_keys(service.secret, phone)
    if not keys:
        wrong = texts()["search"]["phone_short"].format(fewest=FEWEST_FIGURES)
        return page(
            request,
            "desk/parts/callers.html",
            here="/desk/orders",
            status=422,
            orders=[],
            late=(),
            about={},
            names={},
            phone=phone,
            wrong=wrong,
        )

    now = service.now()

    def work(connection: Connection) -> tuple[Sequence[OrderRow], dict[str, str], dict[str, str]]:
        rows = finding.list_of_caller(
            connection,
            keys,
            scope_of(who, Permission.REVEAL_CONTACTS),
            with_confidential=Reach.OFFICE in reaches(who.roles, Permission.REVEAL_CONTACTS),
        )
        audited(connection, who.username, Via.STAFF, "caller_looked_up", None, {"found": len(rows)}, now)
        directory = current_named(connection)
        names = {each.code: each.name for each in directory.units.values()}
        return rows, subjects_of(connection, [row.order_no for row in rows]), names

    rows, about, names = await service.write(work)
    return page(
        request,
        "desk/parts/callers.html",
        here="/desk/orders",
        orders=[views.order_summary(row) for row in rows],
        late=_late(rows, now),
        about=about,
        names=names,
        phone=phone,
        wrong=None,
    )


def _late(rows: Sequence[OrderRow], now: datetime) -> frozenset[str]:
    """Name the orders to mark: overdue now, or with a limit that was missed before they were closed."""
    return frozenset(
        row.order_no
        for row in rows
        if row.overdue or is_overdue(Stage(row.stage), overdue=False, due_at=row.due_at, now=now)
    )
