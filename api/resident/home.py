"""`/`: the two ways of a resident, to say something or to see how it stands; `/track`: asking for the code."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.acts import tracking
from api.errors import Problem
from api.pages.rendering import page, texts
from api.security import OpenDoor
from api.service import ServiceDep
from api.sessions import check_origin

router = APIRouter(
    include_in_schema=False,
    dependencies=[Depends(OpenDoor("a resident, who has no account")), Depends(check_origin)],
)
_LETTERS: Final = 16
_ORDER_NO: Final = re.compile(r"\d{8}-?[0-9A-Z]{6}")


@router.get("/", response_class=HTMLResponse)
async def home(request: Request) -> Response:
    """Show the two ways."""
    return page(request, "resident/home.html")


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
