"""`/desk/new`: an order that staff write down for a resident who calls, comes in, or is met at home."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from api.acts.placing import DESK_PAGES, new_order, place
from api.acts.uploading import FORM_BODY
from api.contract.intake import OrderBody
from api.desk.forms import as_instant, id_of, new_id, options_of, wrong_in
from api.desk.showing import similar_for
from api.desk.uploads import with_files_kept, without_files
from api.errors import FieldError, Problem
from api.pages.problems import words_of
from api.pages.rendering import page, texts, word
from api.security import PlacerDep
from api.service import Service, ServiceDep
from api.typed.phones import is_phone, phone_keys
from domain.doors import CredentialKind, Via
from domain.matter.judging import wrong_ids
from domain.matter.tasks import MAX_ATTACHMENTS, FieldType
from domain.office.permissions import Permission, may
from domain.order.lines.subjects import subject_of
from domain.order.words import Channel, RequestKind
from domain.text import clean, line
from store.attachment.attachments import UnusableAttachment, Uploader
from store.auditing import audited
from store.database import Connection
from store.matter.reach import Scope
from store.matter.rows import TaskRow
from store.matter.tasks import open_tasks
from store.office.directory import current_named
from store.office.people import Staff
from store.order import finding
from store.order.intake import KeyReused, ReferenceReused
from store.order.joined.similar import Similar, Sought
from store.order.rows import OrderRow

router = APIRouter(prefix="/desk/new", include_in_schema=False)
CHANNELS: Final = (
    Channel.HOTLINE,
    Channel.COUNTER,
    Channel.HOME_VISIT,
    Channel.COURTYARD_VISIT,
    Channel.WECHAT,
    Channel.SUPERIOR,
)
"""The channels through which a resident speaks to a member of staff."""
_TOP: Final = ("channel", "kind", "subject", "description", "category", "source_reference", "source_due_at")
_REQUESTER: Final = ("name", "phone")
_PLACE: Final = ("community", "address")
_FILES: Final = ("attachments",)
_UPLOADER: Final = Uploader(kind=CredentialKind.CLIENT, name=DESK_PAGES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """What the search for a half-written order found: the subject that it will have, and similar orders."""

    subject: str
    similar: list[Similar]


@router.get("", response_class=HTMLResponse)
async def blank(request: Request, who: PlacerDep, service: ServiceDep) -> Response:  # noqa: ARG001 - the door looks
    """Show the empty form."""
    return await _page(request, service, FormData())


@router.post("", response_class=HTMLResponse, max_body_size=FORM_BODY)
async def write_down(request: Request, who: PlacerDep, service: ServiceDep) -> Response:
    """Place the order; a fault is shown beside its field, and the form keeps what was typed."""
    async with request.form() as sent:
        return await _write_down(request, who, service, sent)


async def _write_down(request: Request, who: Staff, service: Service, sent: FormData) -> Response:
    key = id_of(sent)
    sent, wrong = await with_files_kept(service, sent, _FILES, _UPLOADER)
    typed = _typed(sent)
    wrong = wrong or _wrong_phone(typed)
    if wrong:
        return await _page(request, service, sent, wrong=wrong)
    try:
        body = OrderBody.model_validate(
            {
                **_given(typed, _TOP),
                "requester": _given(typed, _REQUESTER),
                "place": _given(typed, _PLACE),
                "confidential": "confidential" in typed,
                "received_by": who.username,
            }
        )
        wanted = new_order(body, client_id=DESK_PAGES, key=key)
        # The fingerprint covers the words alone: a form sent twice uploads its files twice, under new ids.
        placed = await place(service, replace(wanted, attachments=_kept(sent)))
    except ValidationError as error:
        wrong = wrong_in(error)
    except ReferenceReused as error:
        wrong = {"source_reference": words_of(error.code, str(error))}
    except KeyReused:
        wrong = {"": texts()["new"]["sent_before"]}
    except UnusableAttachment as error:
        sent, wrong = without_files(sent, _FILES, error)
    except Problem as problem:
        wrong = _wrong_by(problem)
    else:
        return RedirectResponse(f"/desk/new/{placed.receipt.order_no}", status_code=303)
    return await _page(request, service, sent, wrong=wrong)


@router.post("/similar", response_class=HTMLResponse, max_body_size=FORM_BODY)
async def look(request: Request, who: PlacerDep, service: ServiceDep) -> Response:
    """Show the form again with orders that may be about the same matter; its text and files are kept."""
    async with request.form() as form:
        sent, wrong = await with_files_kept(service, form, _FILES, _UPLOADER)
        typed = _typed(sent)
        found = await service.write(lambda connection: _similar(connection, typed, who, service))
        looked = Looked(subject=_subject(typed), similar=found)
        return await _page(request, service, sent, wrong=wrong, looked=looked)


def _similar(connection: Connection, typed: Mapping[str, str], who: Staff, service: Service) -> list[Similar]:
    """Find similar orders; if the telephone number found any, the audit records it like any look-up of a caller."""
    phone = typed.get("phone", "")
    reveals = may(who.roles, Permission.REVEAL_CONTACTS)
    sought = Sought(
        subject=_subject(typed),
        address=typed.get("address"),
        community=typed.get("community") or None,
        category=typed.get("category") or None,
        phone_keys=phone_keys(service.secret, phone) if reveals else (),
    )
    found = similar_for(connection, sought, who, now=service.now())
    if called := [each for each in found if each.same_caller]:
        data = {"found": len(called)}
        audited(connection, who.username, Via.STAFF, "caller_looked_up", None, data, service.now())
    return found


def _subject(typed: Mapping[str, str]) -> str:
    return line(typed.get("subject", "")) or subject_of(typed.get("description", ""))


def _wrong_phone(typed: Mapping[str, str]) -> dict[str, str]:
    """Refuse a number that cannot be called: a channel may send one, but a clerk here has mistyped."""
    phone = typed.get("phone", "")
    return {"phone": texts()["resident"]["wrong"]["phone"]} if phone and not is_phone(phone) else {}


@router.get("/{order_no}", response_class=HTMLResponse)
async def receipt(request: Request, order_no: str, who: PlacerDep, service: ServiceDep) -> Response:
    """Show the number and the tracking code to tell the caller, but only to the clerk who took the order."""

    def work(connection: Connection) -> tuple[OrderRow, Sequence[TaskRow]]:
        row = finding.find_order(connection, order_no, Scope(client_id=DESK_PAGES))
        if row is None or row.received_by != who.username:
            raise Problem(404, "not_found", f"there is no order {order_no!r} that you took")
        return row, open_tasks(connection, order_no)

    row, tasks = await service.read(work)
    return page(
        request,
        "desk/receipt.html",
        order_no=row.order_no,
        subject=row.subject,
        tracking_code=row.tracking_code,
        task_id=tasks[0].task_id if tasks else None,
    )


def _typed(sent: FormData) -> dict[str, str]:
    return {name: clean(value) for name, value in sent.items() if isinstance(value, str)}


def _kept(sent: FormData) -> tuple[str, ...]:
    """List the files that were kept for the order.

    Raises:
        Problem: 422, there are more than an order may have.
    """
    ids = [str(each) for name in _FILES for each in sent.getlist(name)]
    if reason := wrong_ids(ids):
        wrong = [FieldError(field="file", reason=f"attachments {reason}")]
        raise Problem(422, "too_many_files", f"an order has at most {MAX_ATTACHMENTS} files", errors=wrong)
    return tuple(ids)


def _given(typed: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """Return the fields of these names that were filled in."""
    found = {name: typed[name] for name in names if typed.get(name)}
    if due := found.get("source_due_at"):
        found["source_due_at"] = as_instant(due)
    return found


def _wrong_by(problem: Problem) -> dict[str, str]:
    """Return a refusal of the store or of a file by the field that it is about."""
    body = problem.body
    if body.status in {413, 415} or any(each.field == "file" for each in body.errors):
        return {"attachments": words_of(body.code, body.detail)}
    if not body.errors:
        raise problem
    return {each.field.rpartition(".")[2]: words_of(body.code, body.detail) for each in body.errors}


async def _page(
    request: Request,
    service: Service,
    sent: FormData,
    *,
    wrong: Mapping[str, str] | None = None,
    looked: Looked | None = None,
) -> HTMLResponse:
    directory = await service.read(current_named)
    return page(
        request,
        "desk/new.html",
        status=422 if wrong else 200,
        # A browser that goes back gets the same form, blank or filled in, and that form places one order.
        is_kept=True,
        channels=[(str(each), word(each, "channels")) for each in CHANNELS],
        kinds=[(str(each), word(each, "kinds")) for each in RequestKind],
        categories=options_of(FieldType.CATEGORY, directory),
        communities=[(code, directory.units[code].name) for code in directory.communities],
        typed=_typed(sent),
        kept=[str(each) for name in _FILES for each in sent.getlist(name)],
        wrong=wrong or {},
        looked=looked,
        decision_id=new_id(),
    )
