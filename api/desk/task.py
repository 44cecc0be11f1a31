"""`/desk/tasks/…`: one task with its matter, the events, and a form for each outcome.

Here is what every task has; what each kind of matter shows beside it is in `api/desk/task_matter.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData

from api.acts.deciding import keep, settled
from api.acts.seeing import reveal_to, visible
from api.acts.uploading import FORM_BODY
from api.contract import views
from api.contract.intake import Subject
from api.contract.staff import Contact, TaskDetail
from api.desk.choosing import Chosen, ChosenDep, next_task
from api.desk.forms import as_sent, fields_of, forms_of, id_of, new_id, wrong_in
from api.desk.history import Happened
from api.desk.showing import WAITS, Result, done_of
from api.desk.task_matter import TaskMatter, matter_of_task, task_order
from api.desk.uploads import file_fields, picture_fields, with_files_kept, without_files
from api.errors import Problem
from api.pages.problems import typed_in, words_for, words_of
from api.pages.rendering import page, texts
from api.security import DeciderDep, ReaderDep, RevealerDep, uploader_of
from api.service import Service, ServiceDep
from domain.kinds import kind_of
from domain.matter.judging import DecisionStatus
from domain.matter.tasks import MAX_ORDER_NO, Outcome
from domain.office.responsibility import may_decide
from domain.office.words import Role
from domain.order.lines.contacts import RevealReason
from domain.text import line
from store.attachment.attachments import UnusableAttachment
from store.database import Connection
from store.deciding import submit_decision
from store.matter.rows import TaskRow
from store.matter.said.claims import change_holder, holder_of
from store.matter.said.decisions import UNFINISHED, Decision, Refused, TaskDone, find
from store.matter.said.returned import REVIEW, Returned, returned_to
from store.office.people import Staff
from store.order.naming import name_order

router = APIRouter(prefix="/desk/tasks/{task_id}", include_in_schema=False)


class Named(BaseModel):
    """The subject that a clerk gives to an order."""

    subject: Subject


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenTask:
    """The content of a task's page."""

    task: TaskDetail
    matter: TaskMatter
    outcomes: tuple[Outcome, ...]
    decides: bool
    own_work: bool
    returned: Returned | None


@router.get("", response_class=HTMLResponse)
async def show(
    request: Request,
    task_id: str,
    who: ReaderDep,
    service: ServiceDep,
    chosen: ChosenDep,
    done: Result | None = None,
    matter: Annotated[str, Query(max_length=MAX_ORDER_NO)] = "",
) -> Response:
    """Show a task; if a decision led here, with what became of it."""
    return await _page(request, task_id, who, service, chosen, more={"done": done_of(done, matter)})


@router.post("/decision", response_class=HTMLResponse, max_body_size=FORM_BODY)
async def decide(
    request: Request, task_id: str, who: DeciderDep, service: ServiceDep, chosen: ChosenDep
) -> Response:
    """Decide and go on to the next chosen task, or to the inbox if none is left or none was chosen.

    A fault is shown beside its field, and the form keeps what was typed.
    """
    async with request.form() as sent, service.in_flight.alone(who.username, id_of(sent)):
        return await _decide(request, task_id, who, service, chosen, sent)


async def _decide(
    request: Request, task_id: str, who: Staff, service: Service, chosen: Chosen, sent: FormData
) -> Response:
    decision_id = id_of(sent)
    known = await service.read(lambda connection: find(connection, decision_id))
    if known is not None and (known.task_id, known.actor) == (task_id, who.username):
        # The form came twice: answer it as the first time.
        return await _answer(request, known, who, service, chosen, sent)
    seen = await service.read(lambda connection: _see(connection, task_id, who, service))
    outcome = next((each for each in seen.outcomes if each.name == sent.get("outcome")), None)
    if outcome is None:
        return await _page(request, task_id, who, service, chosen, sent=sent)
    files = file_fields(outcome.fields)
    sent, wrong = await with_files_kept(
        service, sent, files, uploader_of(who), pictured=picture_fields(outcome.fields)
    )
    # A page that is shown again has the form as it was sent, not as it was completed.
    completed, missing = seen.matter.completed(outcome, sent)
    if wrong := {**missing, **wrong}:
        return await _page(request, task_id, who, service, chosen, sent=sent, wrong=wrong)
    fields = fields_of(outcome, completed)
    try:
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
    except TaskDone:
        wrong = {}
    except UnusableAttachment as error:
        sent, wrong = without_files(sent, files, error)
    except Refused as refused:
        wrong = {refused.refusal.field or "": words_for(refused.refusal)}
    else:
        return await _answer(request, submitted.row, who, service, chosen, sent)
    return await _page(request, task_id, who, service, chosen, sent=sent, wrong=wrong)


async def _answer(
    request: Request, row: Decision, who: Staff, service: Service, chosen: Chosen, sent: FormData
) -> Response:
    """Go on with the result of a decision, or stay on the task if the matter refused it."""
    row = await settled(service, row, WAITS)
    if row.status is DecisionStatus.REJECTED:
        wrong = {"": words_of(row.code or "", row.reason or "")}
        return await _page(request, row.task_id or "", who, service, chosen, sent=sent, wrong=wrong)
    done = "applied" if row.status is DecisionStatus.APPLIED else "pending"
    said = f"done={done}&matter={row.matter_no}"
    if not chosen.query:
        return RedirectResponse(f"/desk?{said}", status_code=303)

    def following(connection: Connection) -> TaskRow | None:
        decided = visible(connection, row.task_id or "", who)
        return next_task(connection, who, chosen, decided, now=service.now())

    following_task = await service.read(following)
    page_of_it = f"/desk/tasks/{following_task.task_id}" if following_task else "/desk"
    return RedirectResponse(f"{page_of_it}?{chosen.query}&{said}", status_code=303)


@router.post("/claim")
async def claim(task_id: str, who: DeciderDep, service: ServiceDep, chosen: ChosenDep) -> Response:
    """Claim the task, so that others see who works on it."""
    return await _hold(task_id, who, service, chosen, holder=who.username)


@router.post("/release")
async def release(task_id: str, who: DeciderDep, service: ServiceDep, chosen: ChosenDep) -> Response:
    """Release a claimed task."""
    return await _hold(task_id, who, service, chosen, holder=None)


@router.post("/contact", response_class=HTMLResponse)
async def contact(
    request: Request,
    task_id: str,
    who: RevealerDep,
    service: ServiceDep,
    chosen: ChosenDep,
    reason: Annotated[RevealReason, Form()],
) -> Response:
    """Show the requester's contact in the clear, for a reason that the audit keeps."""

    def work(connection: Connection) -> Contact:
        task = visible(connection, task_id, who)
        return reveal_to(connection, task.matter_no, who, reason, now=service.now())

    found = await service.write(work)
    return await _page(request, task_id, who, service, chosen, more={"contact": found})


@router.post("/subject", response_class=HTMLResponse)
async def name(
    request: Request,
    task_id: str,
    who: DeciderDep,
    service: ServiceDep,
    chosen: ChosenDep,
    subject: Annotated[str, Form()] = "",
) -> Response:
    """Set the order's subject; only at a task that decides what the order is about."""
    try:
        wanted = Named(subject=line(subject)).subject
    except ValidationError as error:
        wrong = wrong_in(error)["subject"]
        return await _page(
            request, task_id, who, service, chosen, more={"named": (subject, wrong)}, is_wrong=True
        )

    def work(connection: Connection) -> None:
        row = visible(connection, task_id, who)
        decides = _entitled(row, who) and who.username not in row.not_by
        seen = task_order(connection, row, who, service, decides=decides)
        if not seen.may_name_it:
            raise Problem(
                403, "not_entitled", "only the person who decides what an order is about may name it"
            )
        name_order(connection, row.matter_no, wanted, actor=who.username, now=service.now())

    await service.write(work)
    return RedirectResponse(f"/desk/tasks/{task_id}?{chosen.query}".rstrip("?"), status_code=303)


async def _hold(
    task_id: str, who: Staff, service: Service, chosen: Chosen, *, holder: str | None
) -> Response:
    def work(connection: Connection) -> None:
        visible(connection, task_id, who)
        change_holder(connection, task_id=task_id, staff=who, holder=holder, now=service.now())

    await service.write(work)
    return RedirectResponse(f"/desk/tasks/{task_id}?{chosen.query}".rstrip("?"), status_code=303)


def _entitled(row: TaskRow, who: Staff) -> bool:
    """Tell whether the task is open and the person's post may decide it."""
    mine = may_decide(who.unit, who.roles, unit=row.unit, role=Role(row.role), on_duty=row.on_duty)
    return row.state in UNFINISHED and mine


def _see(connection: Connection, task_id: str, who: Staff, service: Service) -> SeenTask:
    row = visible(connection, task_id, who)
    tables, entitled = kind_of(row.matter_no).tables, _entitled(row, who)
    decides = entitled and who.username not in row.not_by
    matter = matter_of_task(connection, row, who, service, decides=decides)
    task = views.task_detail(row, title=matter.title, directory=matter.directory, now=service.now())
    return SeenTask(
        task=task.model_copy(update={"holder": holder_of(connection, row, now=service.now())}),
        matter=matter,
        outcomes=tables.outcomes(row.kind, without=row.withheld) if row.state in UNFINISHED else (),
        decides=decides,
        own_work=entitled and not decides,
        returned=returned_to(connection, row, who.username, tables) if decides else None,
    )


def _proposal(seen: SeenTask) -> Happened | None:
    """Find the proposal that a review judges: the last one before the review was opened."""
    if seen.task.kind != REVIEW:
        return None
    before = (each for each in reversed(seen.matter.events) if each.at <= seen.task.opened_at)
    return next((each for each in before if each.is_proposal), None)


def _back(seen: SeenTask, back: Returned | None) -> FormData | None:
    """Return the returned decision as a filled form, if its outcome is still offered."""
    return next(
        (as_sent(each, back.fields) for each in seen.outcomes if back and each.name == back.outcome), None
    )


def _came_back(back: Returned) -> tuple[str, str]:
    """Say that a decision came back and why, in two parts: our words and the reviewer's."""
    words = texts()["task"]
    if back.code is None:
        return words["sent_back"], back.why or ""
    return words["refused_before"].format(why=words_of(back.code, back.why or "")), ""


async def _page(  # noqa: PLR0913 - what led to the page, and what it is to show
    request: Request,
    task_id: str,
    who: Staff,
    service: Service,
    chosen: Chosen,
    *,
    sent: FormData | None = None,
    wrong: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
    is_wrong: bool = False,
) -> HTMLResponse:
    """Show the page, with the `sent` form if there is one; values in `more` replace those of the matter."""
    seen = await service.read(lambda connection: _see(connection, task_id, who, service))
    matter, leading = seen.matter, request.query_params.get("leading", "")[:MAX_ORDER_NO]
    back = seen.returned if sent is None else None
    forms = forms_of(
        seen.outcomes,
        matter.directory,
        sent=sent or _back(seen, back),
        wrong=wrong,
        filling=matter.filling(seen.outcomes, leading),
    )
    # The sent outcome is no longer offered: another decision came first.
    gone = sent is not None and not any(each.is_open for each in forms)
    shown = {"done": None, **matter.shown(), **(more or {})}
    return page(
        request,
        matter.template,
        status=409 if gone else 422 if wrong or is_wrong else 200,
        is_kept=sent is not None or is_wrong,
        typed=await typed_in(request) if gone else {},
        here=f"/desk/tasks/{task_id}",
        verb="decision",
        along=f"?{chosen.query}" if chosen.query else "",
        task=seen.task,
        own_work=seen.own_work,
        proposal=_proposal(seen),
        forms=forms if seen.decides else [],
        returned=_came_back(back) if back else None,
        wrong=(wrong or {}).get(""),
        # A form that is shown again gets a new id: the decision before it was refused.
        decision_id=new_id(),
        **shown,
    )
