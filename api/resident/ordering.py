"""`/order`: an order in three steps: what, where, who; the last step shows what will be sent.

Assumes plain forms: hidden fields carry what was typed in the other steps, so that every way back keeps it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.acts import placing
from api.acts.uploading import UPLOADER
from api.contract.intake import OrderBody
from api.errors import Problem
from api.pages.rendering import keep_choice, page, texts
from api.resident.draft import CHECK, STEPS, Draft, first_wrong, judge, new_key, read
from api.resident.forms import text_of
from api.resident.pictures import MAX_BODY, with_new
from api.security import OpenDoor
from api.service import Service, ServiceDep
from api.sessions import check_origin
from api.typed.phones import phone_numbers
from domain.matter.tasks import MAX_ATTACHMENTS
from domain.office.directory import Directory
from domain.order.lines.subjects import subject_of
from domain.order.words import RequestKind
from store.attachment.attachments import UnusableAttachment, usable
from store.attachment.rows import AttachmentRow
from store.database import Connection
from store.office.directory import current_named
from store.order.intake import KeyReused

router = APIRouter(
    prefix="/order",
    include_in_schema=False,
    dependencies=[Depends(OpenDoor("a resident who places an order")), Depends(check_origin)],
)


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenDraft:
    """The store's part of a draft's page: the directory in force, and the draft's pictures that still exist."""

    directory: Directory
    pictures: Sequence[AttachmentRow]


@router.get("", response_class=HTMLResponse)
async def begin(request: Request, service: ServiceDep) -> Response:
    """Show the first step of a new order."""
    draft = Draft(key=new_key())
    return _page(request, draft, await _look(service, draft), step=1)


@router.post("", response_class=HTMLResponse, max_body_size=MAX_BODY)
async def go_on(request: Request, service: ServiceDep) -> Response:
    """Go to another step, or send; a fault is shown beside its field, and the form keeps what was typed."""
    service.limits.hit("order_form", request)
    async with request.form() as sent:
        draft = read(sent)
        named, refused = await with_new(request, service, sent, draft.pictures)
    draft = replace(draft, pictures=named)
    verb, _, what = text_of(sent, "go").partition("-")
    step = _number(text_of(sent, "step"), otherwise=1)
    seen = await _look(service, draft)
    if verb == "elder":
        request.state.elder = what == "1"
        return keep_choice(_page(request, draft, seen, step=step), is_elder=what == "1")
    body, wrong = judge(draft, seen.directory)
    wrong = {**wrong, **refused}
    target = CHECK + 1 if verb == "send" else _number(what, otherwise=min(step + 1, CHECK))
    at = min(first_wrong(wrong), target)
    if at < target:
        return _page(request, draft, seen, step=at, wrong=wrong, status=422)
    if body is None or at <= CHECK:
        return _page(request, draft, seen, step=min(at, CHECK))
    return await _send(request, service, draft, body)


async def _send(request: Request, service: Service, draft: Draft, body: OrderBody) -> Response:
    """Place the order and go to its receipt; if it is refused, show the draft again as it was typed."""
    wanted = placing.new_order(body, client_id=placing.RESIDENT_PAGES, key=draft.key)
    words = texts()["resident"]
    try:
        service.limits.hit("order", request)
        for number in phone_numbers(wanted.requester.phone or ""):
            service.limits.hit_by("orders_of_one_caller", number)
        placed = await placing.place(service, wanted)
    except UnusableAttachment:
        seen = await _look(service, draft)
        wrong = {"pictures": words["wrong"]["pictures_gone"]}
        return _page(request, draft, seen, step=1, wrong=wrong, status=422)
    except KeyReused:
        # The form was sent before and changed since: sending it once more places another order.
        again = replace(draft, key=new_key())
        notice = words["order"]["sent_before"]
        return _page(request, again, await _look(service, again), step=CHECK, notice=notice, status=409)
    except Problem as problem:
        notice = words["refusals"].get(problem.body.code)
        if notice is None:
            raise
        seen = await _look(service, draft)
        shown = _page(request, draft, seen, step=CHECK, notice=notice, status=problem.body.status)
        shown.headers.update(problem.headers)
        return shown
    return RedirectResponse(f"/t/{placed.receipt.tracking_code}/receipt", status_code=303)


async def _look(service: Service, draft: Draft) -> SeenDraft:
    def work(connection: Connection) -> SeenDraft:
        pictures = usable(connection, draft.pictures, uploaders=[UPLOADER])
        return SeenDraft(directory=current_named(connection), pictures=pictures)

    return await service.read(work)


def _page(
    request: Request,
    draft: Draft,
    seen: SeenDraft,
    *,
    step: int,
    wrong: Mapping[str, str] | None = None,
    notice: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    directory = seen.directory
    gone = len(draft.pictures) - len(seen.pictures)
    return page(
        request,
        "resident/order.html",
        status=status,
        is_kept=True,
        draft=draft,
        made=subject_of(draft.description),
        step=step,
        here=STEPS[step - 1],
        wrong={name: (wrong or {}).get(name) for name in STEPS[step - 1]},
        notice=notice or (texts()["resident"]["wrong"]["pictures_gone"] if gone else None),
        pictures=seen.pictures,
        kinds=list(RequestKind),
        categories=[(code, directory.path_of(code)) for code in directory.open_categories],
        communities=[(code, directory.units[code].name) for code in directory.communities],
        most_pictures=MAX_ATTACHMENTS,
    )


def _number(text: str, *, otherwise: int) -> int:
    return int(text) if text in {str(each) for each in range(1, CHECK + 1)} else otherwise
