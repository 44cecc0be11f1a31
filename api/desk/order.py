"""`/desk/orders/…`: one order in full, the actions on it, and its sheet for printing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import segno
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from api.acts.deciding import act_on, settled
from api.acts.seeing import namespace_of, reveal_to, workflow_page
from api.acts.uploading import FORM_BODY
from api.contract.staff import Contact
from api.desk.forms import Filling, fields_of, forms_of, id_of, new_id
from api.desk.showing import WAITS, Result, Whole, done_of, shown_of, similar_to, whole_order
from api.desk.uploads import file_fields, with_files_kept, without_files
from api.pages.problems import words_for, words_of
from api.pages.rendering import page
from api.security import ActorDep, ReaderDep, RevealerDep, uploader_of
from api.service import Service, ServiceDep
from domain.matter.judging import DecisionStatus
from domain.matter.tasks import MAX_ORDER_NO
from domain.matter.timeliness import timeliness
from domain.office.directory import OFFICE
from domain.office.permissions import Permission, may
from domain.order.actions import ACTIONS, Action, ActionName
from domain.order.judgement import is_possible
from domain.order.lifecycle import LEADING
from domain.order.lines.contacts import RevealReason
from domain.order.words import Stage
from store.attachment.attachments import UnusableAttachment
from store.database import Connection
from store.matter.said.decisions import Refused
from store.office.people import Staff
from store.order.joined.similar import Similar
from store.order.rows import OrderRow
from store.order.said.situation import situation_of

router = APIRouter(prefix="/desk/orders/{order_no}", include_in_schema=False)


@router.get("", response_class=HTMLResponse)
async def show(
    request: Request,
    order_no: str,
    who: ReaderDep,
    service: ServiceDep,
    done: Result | None = None,
) -> Response:
    """Show an order; `?leading=` fills in the order that it may join."""
    return await _page(request, order_no, who, service, done=done_of(done, order_no))


@router.get("/sheet", response_class=HTMLResponse)
async def sheet(request: Request, order_no: str, who: ReaderDep, service: ServiceDep) -> Response:
    """Show an order as a sheet to print and take along, with the requester's contact masked."""
    whole = await service.read(lambda connection: whole_order(connection, order_no, who, service))
    address = f"{service.public_url}/desk/orders/{order_no}"
    return page(
        request,
        "desk/sheet.html",
        office=whole.directory.units[OFFICE].name,
        picture=segno.make(address).svg_data_uri(scale=3),
        printed_at=service.now(),
        **shown_of(whole),
    )


@router.post("/contact", response_class=HTMLResponse)
async def contact(
    request: Request,
    order_no: str,
    who: RevealerDep,
    service: ServiceDep,
    reason: Annotated[RevealReason, Form()],
) -> Response:
    """Show the requester's contact in the clear, for a reason that the audit keeps."""
    found = await service.write(
        lambda connection: reveal_to(connection, order_no, who, reason, now=service.now())
    )
    return await _page(request, order_no, who, service, contact=found)


@router.post("/actions", response_class=HTMLResponse, max_body_size=FORM_BODY)
async def act(request: Request, order_no: str, who: ActorDep, service: ServiceDep) -> Response:
    """Act on the order and show it again; a fault is shown beside its field, and the form keeps what was typed."""
    async with request.form() as sent:
        return await _act(request, order_no, who, service, sent)


async def _act(request: Request, order_no: str, who: Staff, service: Service, sent: FormData) -> Response:
    action_id, name = id_of(sent), str(sent.get("outcome", ""))
    action = next((each for each in ACTIONS.values() if each.name == name), None)
    files = file_fields(action.fields) if action else []
    sent, unkept = await with_files_kept(service, sent, files, uploader_of(who))
    if unkept:
        return await _page(request, order_no, who, service, sent=sent, wrong=unkept)
    try:
        fields = fields_of(action, sent) if action else {}
        submitted = await act_on(service, order_no, who, name, fields, action_id)
    except UnusableAttachment as error:
        sent, wrong = without_files(sent, files, error)
        return await _page(request, order_no, who, service, sent=sent, wrong=wrong)
    except Refused as refused:
        # A refusal that names no field of the form is shown above the form.
        known = {each.name for each in action.fields} if action else set()
        field = refused.refusal.field if refused.refusal.field in known else None
        wrong = {field or "": words_for(refused.refusal)}
        return await _page(request, order_no, who, service, sent=sent, wrong=wrong)
    row = await settled(service, submitted.row, WAITS)
    if row.status is DecisionStatus.REJECTED:
        wrong = {"": words_of(row.code or "", row.reason or "")}
        return await _page(request, order_no, who, service, sent=sent, wrong=wrong)
    return RedirectResponse(f"/desk/orders/{order_no}?done={row.status}", status_code=303)


def _offered(connection: Connection, whole: Whole, who: Staff, *, now: datetime) -> list[Action]:
    """List the actions that a member of staff may take on the order now, from the table of actions."""
    situation = situation_of(connection, whole.row)
    return [
        each
        for each in ACTIONS.values()
        if each.is_for(who.roles, is_at_the_unit=who.unit == whole.row.unit)
        and is_possible(situation, each.name, actor=who.username, at=now)
    ]


async def _page(
    request: Request,
    order_no: str,
    who: Staff,
    service: Service,
    *,
    sent: FormData | None = None,
    wrong: Mapping[str, str] | None = None,
    contact: Contact | None = None,
    done: str | None = None,
) -> HTMLResponse:
    now, leading = service.now(), request.query_params.get("leading", "")[:MAX_ORDER_NO]
    filling = Filling(given={LEADING.name: leading}, opened=ActionName.MERGE if leading else "")
    acts, operates = (may(who.roles, each) for each in (Permission.ACT_ON_ORDERS, Permission.OPERATE))

    def work(connection: Connection) -> tuple[Whole, list[Similar], list[Action]]:
        whole = whole_order(connection, order_no, who, service)
        is_over = Stage(whole.row.stage).is_over
        similar = [] if is_over else similar_to(connection, whole.row, who, now=now)
        return whole, similar, _offered(connection, whole, who, now=now) if acts else []

    whole, similar, offered = await service.read(work)
    return page(
        request,
        "desk/order.html",
        status=422 if wrong else 200,
        is_kept=sent is not None,
        here=f"/desk/orders/{order_no}",
        verb="actions",
        along="",
        forms=forms_of(offered, whole.directory, sent=sent, wrong=wrong, filling=filling),
        similar=similar,
        workflow=workflow_page(service, await namespace_of(service), order_no) if operates else None,
        timeliness=_timeliness(whole.row, now),
        done=done,
        wrong=(wrong or {}).get(""),
        decision_id=new_id(),
        **shown_of(whole, contact=contact),
    )


def _timeliness(row: OrderRow, now: datetime) -> str | None:
    return None if Stage(row.stage).is_over else timeliness(row.due_at, None, now=now)
