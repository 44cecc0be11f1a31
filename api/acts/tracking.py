"""An order by its tracking code: found, shown, acted on; the same for programs and for pages.

Assumes that anyone with the code is the resident: it holds 80 random bits, and wrong codes are counted by address.
"""

import re
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import Request

from api.acts.deciding import keep
from api.acts.uploading import UPLOADER
from api.contract.tracking import NotAccepted, TrackedPart, TrackedPicture, TrackedStep, TrackView
from api.errors import Problem
from api.pages.rendering import texts, word
from api.service import Service
from domain.doors import CredentialKind
from domain.order.actions import ActionName
from domain.order.events import EventName
from domain.order.judgement import is_possible
from domain.order.voices import follower
from domain.order.words import ANSWERED, Ending, Stage
from store.attachment.attachments import Uploader
from store.attachment.rows import AttachmentRow
from store.database import Connection
from store.matter import history
from store.matter.reach import EVERYTHING
from store.matter.rows import EventRow
from store.matter.said.decisions import Decision, NotFound, Submitted
from store.order import finding
from store.order.joined.leading import leading_of
from store.order.joined.splitting import parts_of
from store.order.message.last_words import last_pictures, last_reply, open_question
from store.order.message.rejections import told_of
from store.order.rows import OrderRow
from store.order.said.decisions import PASSED_ON, RESIDENT, submit_action
from store.order.said.situation import situation_of

OFFERED: Final = (
    ActionName.SUPPLEMENT,
    ActionName.URGE,
    ActionName.WITHDRAW,
    ActionName.RATE,
    ActionName.REOPEN,
)
"""What a resident may do with an order, when its stage allows it."""
_GUESSES: Final = "wrong_codes"
_MISREAD: Final = str.maketrans("OIL", "011")
"""Codes contain none of these letters, so a typed one is a misread digit."""


def read_code(typed: str) -> str:
    """Return a typed tracking code in its kept form; case, blanks, dashes and wide letters make no difference."""
    plain = unicodedata.normalize("NFKC", typed).upper().translate(_MISREAD)
    letters = re.sub(r"[^0-9A-Z]", "", plain)
    return "-".join(letters[index : index + 4] for index in range(0, len(letters), 4))


async def find(service: Service, request: Request, tracking_code: str) -> str:
    """Find the number of the order that a tracking code stands for.

    Raises:
        Problem: 404, the code is unknown; 429, too many wrong codes came from this address. A right code always works.
    """
    code = read_code(tracking_code)
    order_no = await service.look(lambda connection: finding.find_by_tracking_code(connection, code))
    if order_no is None:
        service.limits.hit(_GUESSES, request)
        raise Problem(
            404, "not_found", "no order has this tracking code; check each letter, or call the hotline"
        )
    return order_no


async def view(service: Service, order_no: str) -> TrackView:
    """Show an order as its resident sees it."""
    return await service.read(lambda connection: seen_by_the_resident(connection, order_no))


def seen_by_the_resident(connection: Connection, order_no: str) -> TrackView:
    """Look up what the resident of an order sees of it."""
    row = _find(connection, order_no)
    if row.requester_left:
        return _left(connection, row)
    stage, words, leads = Stage(row.stage), _words(row), row
    if stage is Stage.JOINED:
        leads = _find(connection, leading_of(connection, order_no))
        words = _joined(words, leads)
    events = history.list_events(connection, order_no)
    rests = leads.stage == Stage.PAUSED
    return TrackView(
        order_no=order_no,
        stage=stage,
        words=words,
        received_at=row.received_at,
        promised_at=leads.promised_at,
        provisional=leads.is_provisional,
        due_at=None if Stage(leads.stage).is_over or _is_withdrawn(leads) else leads.due_at,
        reply=last_reply(connection, order_no),
        pictures=[_picture(each, row) for each in last_pictures(connection, order_no)],
        not_accepted=_not_accepted(connection, order_no),
        question=open_question(connection, order_no, by=leads.order_no) if rests else None,
        steps=_steps(events),
        parts=[_part(each) for each in parts_of(connection, order_no)],
        can=_can(connection, row, leads),
    )


def picture_of(connection: Connection, order_no: str, attachment_id: str) -> AttachmentRow:
    """Find a picture that the resident of an order may see.

    Raises:
        Problem: 404, there is none of this id.
    """
    row = _find(connection, order_no)
    shown = [] if row.requester_left else last_pictures(connection, order_no)
    found = next((each for each in shown if each.attachment_id == attachment_id), None)
    if found is None:
        raise Problem(404, "not_found", "there is no such picture")
    return found


def _picture(picture: AttachmentRow, order: OrderRow) -> TrackedPicture:
    return TrackedPicture(href=f"/t/{order.tracking_code}/pictures/{picture.attachment_id}")


def _part(order: OrderRow) -> TrackedPart:
    return TrackedPart(order_no=order.order_no, tracking_code=order.tracking_code, words=_words(order))


def _find(connection: Connection, order_no: str) -> OrderRow:
    found = finding.find_order(connection, order_no, EVERYTHING)
    if found is None:
        raise NotFound(f"there is no order {order_no!r}")
    return found


def _steps(events: Sequence[EventRow]) -> list[TrackedStep]:
    words = texts()["resident"]["events"]
    return [TrackedStep(at=each.at, words=words[each.type]) for each in events if each.type in words]


def _not_accepted(connection: Connection, order_no: str) -> NotAccepted | None:
    told = told_of(connection, order_no)
    if told is None:
        return None
    goes_to = word(told.goes_to, "codes") if told.goes_to else None
    return NotAccepted(reason=word(told.reason, "codes"), goes_to=goes_to)


def _left(connection: Connection, row: OrderRow) -> TrackView:
    """Show an order that its resident took back while it goes on for others: to this resident it is over.

    Orders split from it before the withdrawal are shown; later ones are not.
    """
    events = history.list_events(connection, row.order_no)
    until = next(
        (number for number, each in enumerate(events) if each.type == EventName.REQUESTER_LEFT), len(events)
    )
    is_theirs = any(each.type == EventName.ORDER_SPLIT for each in events[:until])
    return TrackView(
        order_no=row.order_no,
        stage=Stage.CLOSED,
        words=texts()["resident"]["joined"]["left"],
        received_at=row.received_at,
        promised_at=None,
        provisional=False,
        due_at=None,
        reply=None,
        question=None,
        steps=_steps(events[:until]),
        parts=[_part(each) for each in parts_of(connection, row.order_no)] if is_theirs else [],
        can=[],
    )


def _words(order: OrderRow) -> str:
    """Say in plain words how an order stands."""
    told = texts()["resident"]
    stage, ending = Stage(order.stage), Ending(order.ending) if order.ending else None
    if _is_withdrawn(order):
        return str(told["endings"][Ending.WITHDRAWN])
    return str(told["stages"][stage]) + (f"（{told['endings'][ending]}）" if ending and stage.is_over else "")


def _is_withdrawn(order: OrderRow) -> bool:
    """Tell whether the resident took the order back; its stage changes only with the next step."""
    return order.ending == Ending.WITHDRAWN


def _joined(words: str, leading: OrderRow) -> str:
    """Add how the leading order stands; its call-back is not this resident's, so it shows as replying."""
    how = Stage.REPLYING if leading.stage in ANSWERED else Stage(leading.stage)
    return str(texts()["words"]["field"].format(label=words, value=texts()["resident"]["stages"][how]))


async def act(
    service: Service, order_no: str, name: ActionName, fields: Mapping[str, Any], key: str | None
) -> Decision:
    """Keep a resident's action and send it to the order; a repeated `key` counts once.

    Raises:
        Refused: the action is not possible now, or a field is wrong.
        KeyTaken: the key stands for something else.
        UnusableAttachment: a named file may not be used here.
        Problem: 429, too much was said to this order in a short time.
    """
    service.limits.hit_by("actions_on_one_order", order_no)
    # A resident's key counts for this order alone, so keys of different residents never collide.
    action_id = f"{order_no}:{key}" if key else uuid.uuid4().hex

    def work(connection: Connection) -> Submitted:
        # A resident has no account. The files come from our pages or from the channel that placed the order.
        channel = Uploader(kind=CredentialKind.CLIENT, name=_find(connection, order_no).client_id)
        return submit_action(
            connection,
            order_no=order_no,
            action_id=action_id,
            action=name,
            fields=fields,
            actor=RESIDENT,
            now=service.now(),
            uploaders={UPLOADER, channel},
        )

    return (await keep(service, work)).row


def _can(connection: Connection, row: OrderRow, leads: OrderRow) -> list[str]:
    """List what a resident may do now; actions that a joined order passes on are judged at the leading order."""
    own = situation_of(connection, row)
    led = own if leads is row else situation_of(connection, leads)
    found: list[str] = []
    for name in OFFERED:
        is_passed_on = name in PASSED_ON and leads is not row
        order, actor = (led, follower(row.order_no)) if is_passed_on else (own, RESIDENT.name)
        about = leads if is_passed_on else row
        # A withdrawal changes the stage only with the order's next step.
        is_leaving = _is_withdrawn(about) and not order.stage.is_over
        if not is_leaving and is_possible(order, name, actor=actor, at=row.received_at):
            found.append(name)
    return found
