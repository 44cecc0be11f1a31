"""`/`: a resident's two ways, to place an order or to follow one; `/track`: asking for the code."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.acts import tracking
from api.errors import Problem
from api.pages.rendering import moment, page, texts
from api.security import OpenDoor
from api.service import ServiceDep
from api.sessions import check_origin
from store.database import Connection, StoreUnavailable
from store.duty.finding import announced_meetings
from store.office.directory import current_named

router = APIRouter(
    include_in_schema=False,
    dependencies=[Depends(OpenDoor("a resident, who has no account")), Depends(check_origin)],
)
_LETTERS: Final = 16
_SOON: Final = timedelta(days=30)
_LONGEST_PLACE: Final = 40
_ORDER_NO: Final = re.compile(r"\d{8}-?[0-9A-Z]{6}")


@router.get("/", response_class=HTMLResponse)
async def home(request: Request, service: ServiceDep) -> Response:
    """Show the two ways and the coming meetings; while the store is away, only the two ways."""
    try:
        meetings = await service.read(lambda connection: _meetings(connection, now=service.now()))
    except StoreUnavailable:
        meetings = []
    return page(request, "resident/home.html", meetings=meetings)


def _meetings(connection: Connection, *, now: datetime) -> list[str]:
    """Say when and where each announced meeting of the next 30 days takes place."""
    found = announced_meetings(connection, since=now, until=now + _SOON)
    names = current_named(connection).units if found else {}
    words = texts()["resident"]["home"]
    return [
        words["meeting" if each.place else "meeting_nowhere"].format(
            at=moment(each.at),
            community=names[each.community].name if each.community in names else each.community,
            place=shortened(each.place or ""),
        )
        for each in found
    ]


def shortened(text: str) -> str:
    """Shorten a place so that it fits on a line."""
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= _LONGEST_PLACE else f"{one_line[:_LONGEST_PLACE]}…"


@router.get("/track", response_class=HTMLResponse)
async def ask(request: Request) -> Response:
    """Ask for the tracking code."""
    return page(request, "resident/track.html", is_kept=True, typed="", wrong=None)


@router.post("/track", response_class=HTMLResponse)
async def look_up(
    request: Request, service: ServiceDep, code: Annotated[str, Form(max_length=1_000)] = ""
) -> Response:
    """Go to the order of a code; an unknown code is shown again unchanged."""
    words = texts()["resident"]["track"]
    read = tracking.read_code(code)
    count = len(read.replace("-", ""))
    if count != _LETTERS:
        if _ORDER_NO.fullmatch(code.strip().upper()):
            wrong = words["order_no"]
        else:
            wrong = words["length"].format(count=count) if count else words["missing"]
        return page(request, "resident/track.html", status=422, is_kept=True, typed=code, wrong=wrong)
    try:
        await tracking.find(service, request, read)
    except Problem as problem:
        shown = page(
            request,
            "resident/track.html",
            status=problem.body.status,
            is_kept=True,
            typed=code,
            wrong=texts()["resident"]["refusals"][problem.body.code],
        )
        shown.headers.update(problem.headers)
        return shown
    return RedirectResponse(f"/t/{read}", status_code=303)
