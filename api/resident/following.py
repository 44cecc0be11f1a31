"""`/t/…`: an order by its tracking code, with its receipt, its state, and the actions open to its resident now."""

import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

import segno
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData

from api.acts import tracking
from api.acts.deciding import settled
from api.acts.picturing import picture
from api.acts.uploading import UPLOADER
from api.contract.tracking import MAX_WORDS, Nothing, Rating, Say, TrackView
from api.errors import Problem
from api.pages.rendering import page, texts
from api.resident.forms import text_of, wrong_in
from api.resident.pictures import MAX_BODY, named_in, with_new
from api.security import OpenDoor
from api.service import Service, ServiceDep
from api.sessions import check_origin
from domain.matter.judging import DecisionStatus
from domain.matter.tasks import ATTACHMENTS, ID_PATTERN, MAX_ATTACHMENTS
from domain.order.actions import ActionName
from domain.order.words import Satisfied, Solved
from store.attachment.attachments import UnusableAttachment, usable
from store.attachment.pictures import PictureSize
from store.attachment.rows import AttachmentRow
from store.database import Connection
from store.matter.said.decisions import KeyTaken, Refused

router = APIRouter(
    prefix="/t/{tracking_code}",
    include_in_schema=False,
    dependencies=[Depends(OpenDoor("a resident, by the tracking code")), Depends(check_origin)],
)
_WAITS: Final = timedelta(seconds=5)
_BODIES: Final[Mapping[ActionName, type[BaseModel]]] = MappingProxyType(
    {
        ActionName.SUPPLEMENT: Say,
        ActionName.URGE: Nothing,
        ActionName.WITHDRAW: Nothing,
        ActionName.RATE: Rating,
        ActionName.REOPEN: Say,
    }
)


_PICTURED: Final = frozenset({ActionName.SUPPLEMENT})
"""The actions that may come with pictures."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A refused form: its action, the typed values, the faults by field, and the reason of the refusal.

    `pictures` are the ids of the pictures that came with it; they are kept.
    """

    action: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    refused: str | None = None
    pictures: Collection[str] = ()


@router.get("", response_class=HTMLResponse)
async def show(
    request: Request, tracking_code: str, service: ServiceDep, did: str = "", became: str = ""
) -> Response:
    """Show how an order stands; `did` names the action just sent, and `became` its result."""
    words = texts()["resident"]
    done = words["done"].get(did) if became == DecisionStatus.APPLIED else None
    later = words["later"] if became == DecisionStatus.PENDING and did in words["done"] else None
    order_no = await tracking.find(service, request, tracking_code)
    return await _page(request, tracking_code, order_no, service, notice=done or later)


@router.get("/receipt", response_class=HTMLResponse)
async def receipt(request: Request, tracking_code: str, service: ServiceDep) -> Response:
    """Show the receipt that a resident keeps: number, tracking code, and the address as a picture."""
    order_no = await tracking.find(service, request, tracking_code)
    code = tracking.read_code(tracking_code)
    address = f"{service.public_url}/t/{code}"
    return page(
        request,
        "resident/receipt.html",
        code=code,
        order=await tracking.view(service, order_no),
        address=address,
        picture=segno.make(address).svg_data_uri(scale=6),
    )


@router.get("/pictures/{attachment_id}")
async def look(
    request: Request,
    tracking_code: str,
    attachment_id: str,
    service: ServiceDep,
    size: PictureSize = PictureSize.SMALL,
) -> Response:
    """Show a picture that came with the reply; never the file itself, in which a camera may have noted more."""
    order_no = await tracking.find(service, request, tracking_code)
    row = await service.read(lambda connection: tracking.picture_of(connection, order_no, attachment_id))
    return await picture(request, service, row, size)


@router.post("/{action}", response_class=HTMLResponse, max_body_size=MAX_BODY)
async def act(request: Request, tracking_code: str, action: str, service: ServiceDep) -> Response:
    """Act on an order and go back to it; a fault is shown, and the form keeps what was typed."""
    name = next((each for each in _BODIES if each == action), None)
    if name is None:
        raise Problem(404, "not_found", "there is nothing at this address")
    # The code is checked before the body is read: without a right one, no pictures are taken.
    order_no = await tracking.find(service, request, tracking_code)
    async with request.form() as sent:
        return await _act(request, tracking_code, order_no, name, service, sent)


async def _act(
    request: Request, tracking_code: str, order_no: str, name: ActionName, service: Service, sent: FormData
) -> Response:
    typed = {each: text_of(sent, each) for each in _BODIES[name].model_fields}
    words = texts()["resident"]
    pictures, wrong = (
        await with_new(request, service, sent, named_in(sent)) if name in _PICTURED else ((), {})
    )
    fields: dict[str, Any] = {}
    try:
        fields = _BODIES[name].model_validate(typed).model_dump(mode="json")
    except ValidationError as error:
        wrong = {**wrong_in(error), **wrong}
    if wrong:
        refused = Sent(action=name, typed=typed, wrong=wrong, pictures=pictures)
        return await _page(request, tracking_code, order_no, service, sent=refused, status=422)
    if pictures:
        fields[ATTACHMENTS.name] = list(pictures)
    try:
        row = await tracking.act(service, order_no, name, fields, _key(sent))
    except UnusableAttachment:
        wrong = {"pictures": words["wrong"]["pictures_gone"]}
        refused = Sent(action=name, typed=typed, wrong=wrong, pictures=pictures)
        return await _page(request, tracking_code, order_no, service, sent=refused, status=422)
    except Refused as error:
        code = error.refusal.code
    except KeyTaken as error:
        code = error.code
    else:
        row = await settled(service, row, _WAITS)
        if row.status is not DecisionStatus.REJECTED:
            back = f"/t/{tracking.read_code(tracking_code)}"
            return RedirectResponse(f"{back}?did={name}&became={row.status}", status_code=303)
        code = row.code or ""
    why = words["refusals"].get(code, words["refusals"]["other"])
    refused = Sent(action=name, typed=typed, pictures=pictures, refused=why)
    return await _page(request, tracking_code, order_no, service, sent=refused, status=409)


async def _page(
    request: Request,
    tracking_code: str,
    order_no: str,
    service: Service,
    *,
    notice: str | None = None,
    sent: Sent | None = None,
    status: int = 200,
) -> HTMLResponse:
    is_kept, sent = sent is not None, sent or Sent()

    def work(connection: Connection) -> tuple[TrackView, Sequence[AttachmentRow]]:
        kept = usable(connection, sent.pictures, uploaders=[UPLOADER])
        return tracking.seen_by_the_resident(connection, order_no), kept

    order, pictures = await service.read(work)
    return page(
        request,
        "resident/following.html",
        status=status,
        is_kept=is_kept,
        code=tracking.read_code(tracking_code),
        order=order,
        notice=notice,
        sent=sent,
        pictures=pictures,
        pictured=_PICTURED,
        most=MAX_WORDS,
        most_pictures=MAX_ATTACHMENTS,
        solved=[str(each) for each in Solved],
        satisfied=[str(each) for each in Satisfied],
        # A form that is shown again gets a new id: the action before it was refused.
        action_id=uuid.uuid4().hex,
        # A resident who may still urge is waiting for a reply, perhaps for a second one.
        is_waiting=ActionName.URGE in order.can,
        is_late=order.promised_at is not None and order.promised_at < service.now(),
    )


def _key(sent: FormData) -> str | None:
    """Read the form's id, so that a form sent twice acts once."""
    given = text_of(sent, "action_id")
    return given if re.fullmatch(ID_PATTERN, given) else None
