"""`/desk/tasks/…`: one task with its order, who asked, what happened, and a form for each way to decide."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Row
from starlette.datastructures import FormData

from api.attachments.routes import keep_file
from api.desk.forms import fields_of, files_of, form_of
from api.errors import Problem
from api.pages.problems import words_of
from api.pages.rendering import page, texts
from api.security import DeciderDep, ReaderDep, RevealerDep, scope_of
from api.service import Service, ServiceDep
from api.staff import views
from api.staff.models import Contact, OrderDetail, TaskDetail
from api.staff.orders import keep, order_of, reveal_to
from api.staff.tasks import settled, visible
from domain.contacts import RevealReason
from domain.directory import Directory
from domain.lifecycle import Outcome, TaskKind, outcomes_of
from domain.orders import Role
from domain.responsibility import may_decide
from store import attachments, queries
from store.attachments import Uploader
from store.claims import change_holder
from store.credentials import CredentialKind
from store.database import Connection
from store.decisions import UNFINISHED, DecisionRow, DecisionStatus, Refused, find, submit_decision
from store.directory import current, named
from store.office import Staff

router = APIRouter(prefix="/desk/tasks/{task_id}", include_in_schema=False)
_WAITS = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What the page of a task shows."""

    task: TaskDetail
    order: OrderDetail
    events: list[Row[Any]]
    outcomes: tuple[Outcome, ...]
    directory: Directory
    decides: bool


@router.get("", response_class=HTMLResponse)
async def show(request: Request, task_id: str, who: ReaderDep, service: ServiceDep) -> Response:
    """Show a task."""
    return await _page(request, task_id, who, service)


@router.post("/decision", response_class=HTMLResponse)
async def decide(request: Request, task_id: str, who: DeciderDep, service: ServiceDep) -> Response:
    """Decide, and go back to the inbox; whatever is wrong is said beside its field, and what was typed stays."""
    async with request.form() as sent:
        return await _decide(request, task_id, who, service, sent)


async def _decide(request: Request, task_id: str, who: Staff, service: Service, sent: FormData) -> Response:
    decision_id = _decision_id(sent)
    known = await service.read(lambda connection: find(connection, decision_id))
    if known is not None and (known.task_id, known.actor) == (task_id, who.username):
        # The form came twice: it is answered as the first time.
        return await _answer(request, known, who, service, sent)
    seen = await service.read(lambda connection: _see(connection, task_id, who, service))
    outcome = next((each for each in seen.outcomes if each.name == sent.get("outcome")), None)
    if outcome is None:
        raise Problem(409, "task_done", "this task does not offer that any more")
    try:
        uploaded = {
            name: [await _upload(service, who, file) for file in files]
            for name, files in files_of(outcome, sent).items()
        }
        fields = fields_of(outcome, sent) | {name: ids for name, ids in uploaded.items() if ids}
        submitted = await keep(
            service,
            lambda connection: submit_decision(
                connection,
                task_id=task_id,
                decision_id=decision_id,
                outcome=outcome.name,
                fields=fields,
                comment=None,
                staff=who,
                now=service.now(),
            ),
        )
    except Refused as refused:
        wrong = {refused.refusal.field or "": words_of(refused.refusal.code, refused.refusal.reason)}
        return await _page(request, task_id, who, service, sent=sent, wrong=wrong)
    except Problem as problem:
        if not any(files_of(outcome, sent).values()):
            raise
        wrong = {"attachments": words_of(problem.body.code, problem.body.detail)}
        return await _page(request, task_id, who, service, sent=sent, wrong=wrong)
    return await _answer(request, submitted.row, who, service, sent)


async def _answer(
    request: Request, row: DecisionRow, who: Staff, service: Service, sent: FormData
) -> Response:
    """Go back to the inbox with what became of a decision; or stay, if the order refused it."""
    row = await settled(service, row, _WAITS)
    if row.status is DecisionStatus.REJECTED:
        wrong = {"": words_of(row.code or "", row.reason or "")}
        return await _page(request, row.task_id or "", who, service, sent=sent, wrong=wrong)
    done = "applied" if row.status is DecisionStatus.APPLIED else "pending"
    return RedirectResponse(f"/desk?done={done}&order_no={row.order_no}", status_code=303)


@router.post("/claim")
async def claim(task_id: str, who: DeciderDep, service: ServiceDep) -> Response:
    """Say that one is at it."""
    return await _hold(task_id, who, service, holder=who.username)


@router.post("/release")
async def release(task_id: str, who: DeciderDep, service: ServiceDep) -> Response:
    """Give it back."""
    return await _hold(task_id, who, service, holder=None)


@router.post("/contact", response_class=HTMLResponse)
async def contact(
    request: Request,
    task_id: str,
    who: RevealerDep,
    service: ServiceDep,
    reason: Annotated[RevealReason, Form()],
) -> Response:
    """Show who asked in the clear, for a reason that the audit keeps."""

    def work(connection: Connection) -> Contact:
        task = visible(connection, task_id, who)
        return reveal_to(connection, task.order_no, who, reason, now=service.now())

    found = await service.write(work)
    return await _page(request, task_id, who, service, contact=found)


async def _hold(task_id: str, who: Staff, service: Service, *, holder: str | None) -> Response:
    def work(connection: Connection) -> None:
        visible(connection, task_id, who)
        change_holder(connection, task_id=task_id, staff=who, holder=holder, now=service.now())

    await service.write(work)
    return RedirectResponse(f"/desk/tasks/{task_id}", status_code=303)


def _see(connection: Connection, task_id: str, who: Staff, service: Service) -> Seen:
    row, now = visible(connection, task_id, who), service.now()
    directory = named(connection, current(connection))
    order = queries.find_order(connection, row.order_no, scope_of(who))
    if order is None:
        raise Problem(404, "not_found", "there is no such task that you may see")
    entitled = may_decide(who.unit, who.roles, unit=row.unit, role=Role(row.role), on_duty=row.on_duty)
    is_open = row.state in UNFINISHED
    return Seen(
        task=views.task_detail(row, directory=directory, now=now),
        order=order_of(connection, order, who, now=now),
        events=list(queries.list_events(connection, row.order_no)),
        outcomes=outcomes_of(TaskKind(row.kind), without=row.withheld) if is_open else (),
        directory=directory,
        decides=is_open and entitled and who.username not in row.not_by,
    )


async def _page(
    request: Request,
    task_id: str,
    who: Staff,
    service: Service,
    *,
    sent: FormData | None = None,
    wrong: Mapping[str, str] | None = None,
    contact: Contact | None = None,
) -> HTMLResponse:
    seen = await service.read(lambda connection: _see(connection, task_id, who, service))
    forms = [
        form_of(each, seen.directory, sent=sent, wrong=wrong)
        if sent is not None and sent.get("outcome") == each.name
        else form_of(each, seen.directory)
        for each in seen.outcomes
    ]
    return page(
        request,
        "desk/task.html",
        status=422 if wrong else 200,
        task=seen.task,
        order=seen.order,
        events=[(views.event_view(row, with_texts=True)) for row in seen.events],
        forms=forms if seen.decides else [],
        names={unit.code: unit.name for unit in seen.directory.units.values()},
        wrong=(wrong or {}).get(""),
        contact=contact,
        reasons=[(str(each), texts()["reveal"][each]) for each in RevealReason],
        # A form that is shown again is a new decision: the one before was refused.
        decision_id=uuid.uuid4().hex,
    )


def _decision_id(sent: FormData) -> str:
    """Take the id that the form was given, so that a form sent twice decides once."""
    given = sent.get("decision_id")
    if isinstance(given, str) and len(given) == len(uuid.uuid4().hex) and given.isalnum() and given.isascii():
        return given
    raise Problem(422, "invalid_field", "the form is not whole; load the page again")


async def _upload(service: Service, who: Staff, file: Any) -> str:
    kind, kept = await keep_file(service, file)
    uploader = Uploader(kind=CredentialKind.STAFF, name=who.username)
    return await service.write(
        lambda connection: attachments.add(
            connection, kept, media_type=kind.media_type, uploader=uploader, now=service.now()
        )
    )
