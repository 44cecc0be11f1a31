"""`/desk/operations`: what is stuck or fails, since when, and the safe remedy. Changes nothing, and names no person.

Assumes that the store answers; Temporal may be away.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.acts.seeing import workflow_page
from api.pages.rendering import page
from api.security import OperatorDep
from api.service import Service, ServiceDep
from domain.matter.tasks import MAX_ORDER_NO
from runtime import temporal, troubles
from runtime.temporal import MissingSearchAttributes, TemporalAway, WrongSearchAttribute
from runtime.troubles import Trouble, Troubled
from store.database import Connection
from store.matter import outbox
from store.mending.waiting import MOST, WaitedTooLong, open_of, waiting
from store.order.message.outgoing import reach_nobody

router = APIRouter(prefix="/desk/operations", include_in_schema=False)
_NEEDS_OPEN: Final = frozenset({Trouble.MISSING, Trouble.ENDED, Trouble.ENDED_BY_FORCE})
"""Troubles that matter only for orders that are not archived."""

_ANYWAY: Final = frozenset({"undelivered", "set_aside"})
"""Findings that are listed even if the order's workflow is in trouble too: it is not their cause."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StuckOrder:
    """A stuck order; the texts hold the words, the remedy and the runbook for its `code`."""

    code: str
    order_no: str
    since: datetime | None
    href: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """The state of Temporal and its workers; while Temporal is away, only `away` is set, and tells operators why."""

    away: str | None = None
    has_worker: bool | None = None
    reconciles: int | None = None
    troubled: tuple[Troubled, ...] = ()
    namespace: str | None = None


@router.get("", response_class=HTMLResponse)
async def show(
    request: Request,
    who: OperatorDep,
    service: ServiceDep,
    order_no: Annotated[str, Query(max_length=MAX_ORDER_NO)] = "",
) -> HTMLResponse:
    """Show what is stuck, and link to an order's workflow; nothing of the order itself is shown."""
    del who
    now, order_no = service.now(), order_no.strip().upper()

    def work(connection: Connection) -> tuple[WaitedTooLong, outbox.Backlog, bool]:
        return waiting(connection, now=now), outbox.backlog(connection, now=now), reach_nobody(connection)

    waits, backlog, nobody_told = await service.read(work)
    parts = await _ask(service, waits.suspects)
    named = [each.order_no for each in parts.troubled]
    still_open = await service.look(lambda connection: open_of(connection, named))
    found = _findings(service, waits, parts, still_open)
    return page(
        request,
        "desk/operations.html",
        parts=parts,
        backlog=backlog.rows,
        oldest=backlog.oldest,
        findings=found,
        nobody_told=nobody_told,
        order_no=order_no,
        workflow=workflow_page(service, parts.namespace, order_no) if order_no else None,
        most=MOST,
        at=now,
    )


async def _ask(service: Service, suspects: tuple[str, ...]) -> Parts:
    try:
        await service.orders.check()
        client = await service.orders.client()
        seen = await troubles.look(client, suspects)
        polled = await temporal.has_worker(client, task_queue=service.orders.task_queue)
    except (MissingSearchAttributes, TemporalAway, WrongSearchAttribute) as fault:
        return Parts(away=str(fault))
    return Parts(
        has_worker=polled, reconciles=seen.reconciles, troubled=seen.troubled, namespace=client.namespace
    )


def _findings(
    service: Service, waits: WaitedTooLong, parts: Parts, still_open: frozenset[str]
) -> list[StuckOrder]:
    """List the findings, one line per order and reason; workflows come first, since they mostly cause the rest."""
    unsent = {each.order_no for each in waits.outbox}
    of_workflows = [
        (str(each.trouble), each.order_no, each.since)
        for each in parts.troubled
        if (each.trouble not in _NEEDS_OPEN or each.order_no in still_open)
        # Its start waits in the outbox and is listed there.
        and not (each.trouble is Trouble.MISSING and each.order_no in unsent)
    ]
    explained = {order_no for _, order_no, _ in of_workflows}
    of_store: Iterable[tuple[str, str, datetime]] = (
        (code, each.order_no, each.since)
        for code, some in (
            ("set_aside", waits.set_aside),
            ("outbox", waits.outbox),
            ("decision", waits.decisions),
            ("late", waits.late),
            ("undelivered", waits.undelivered),
        )
        for each in some
        # The order's stuck workflow explains the rest.
        if code in _ANYWAY or each.order_no not in explained
    )
    return [
        StuckOrder(
            code=code, order_no=order_no, since=since, href=workflow_page(service, parts.namespace, order_no)
        )
        for code, order_no, since in dict.fromkeys((*of_workflows, *of_store))
    ]
