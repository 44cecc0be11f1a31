"""An error as a page: what is wrong, what to do, and what was typed, so that nothing is lost."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.errors import ProblemBody
from api.pages.navigation import HOME, ways_of
from api.pages.rendering import has_label, is_fragment, moment, page, texts
from domain.matter.judging import Refusal

_UNAUTHENTICATED: Final = "unauthenticated"
_NOT_ENTITLED: Final = "not_entitled"
_NOT_SHOWN: Final = frozenset(
    {"csrf", "password", "present", "wanted", "again", "code", "decision_id", "outcome", "attachments"}
)

_RESIDENTS: Final = frozenset({"", "order", "track", "t"})
"""How the addresses of the residents' pages begin."""


async def problem_page(request: Request, problem: ProblemBody) -> Response:
    """Show a problem; a reader who is not signed in is sent to the sign-in instead."""
    if problem.code == _UNAUTHENTICATED and request.method == "GET" and not is_fragment(request):
        goes_to = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/signin?{urlencode({'goes_to': goes_to})}", status_code=303)
    who = getattr(request.state, "staff", None)
    ways = ways_of(who.roles) if who else ()
    if problem.code == _NOT_ENTITLED and request.method == "GET" and request.url.path == HOME and ways:
        # Signing in leads to the inbox, but an administrator has none.
        return RedirectResponse(ways[0], status_code=303)
    return page(
        request,
        "resident/problem.html" if _is_residents(request) else "problem.html",
        status=problem.status,
        is_kept=request.method == "POST",
        heading=texts()["problem"].get(f"title_{problem.status}", texts()["problem"]["title"]),
        detail=words_of(problem.code, problem.detail),
        problem=problem,
        back=HOME if who else "/signin",
        # A body that was too large to read is not read now either.
        typed={} if problem.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else await typed_in(request),
    )


def _is_residents(request: Request) -> bool:
    """Tell whether a page is one of the residents' pages."""
    return request.url.path.split("/")[1] in _RESIDENTS


def words_of(code: str, detail: str) -> str:
    """Return a code's words on the pages; a code without words keeps the `detail` that programs get."""
    words: Mapping[str, str] = texts()["refusals"]
    return words.get(code, detail)


def words_for(refusal: Refusal) -> str:
    """Say why a value was refused: what is wrong with its field, and the bound that it breaks."""
    if refusal.fault is None:
        return words_of(refusal.code, refusal.reason)
    bound = refusal.bound
    words: str = texts()["faults"][refusal.fault]
    return words.format(bound=moment(bound) if isinstance(bound, datetime) else bound)


async def typed_in(request: Request) -> dict[str, str]:
    """Return the values typed into a form, to show them again; without secrets and without the form's hidden fields."""
    if request.method != "POST" or "form" not in request.headers.get("content-type", ""):
        return {}
    try:
        async with request.form() as form:
            return _shown_again(form)
    except (ClientDisconnect, HTTPException, RuntimeError):
        # The form cannot be read (any more). An error page without the values is better than none.
        return {}


def _shown_again(form: FormData) -> dict[str, str]:
    return {
        name: value
        for name, value in form.items()
        if isinstance(value, str) and value and name not in _NOT_SHOWN and has_label(name)
    }
