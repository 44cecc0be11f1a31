"""Turning a template and its values into an answer.

Assumes that templates escape every value and hold no text: all texts are in `texts.toml`, so that wording is
found, checked and changed in one place.
"""

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.pages.assets import asset_url
from api.pages.navigation import ways_of
from api.typed.phones import phone_numbers
from domain.calendar.instants import local
from domain.kinds import KINDS
from domain.office.permissions import permissions_of
from domain.order.actions import ACTIONS

_HERE: Final = Path(__file__).parent
ELDER_COOKIE: Final = "dingdan-elder"
"""The cookie for large pages; it is no secret, so the browser keeps it for a year."""


@cache
def texts() -> Mapping[str, Any]:
    """Read every text that a page shows."""
    with (_HERE / "texts.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE.parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"t": texts(), "asset": asset_url}
    environment.filters |= {
        "moment": moment,
        "dated": dated,
        "left": left,
        "day": day,
        "word": word,
        "label": label,
        "tel": tel,
    }
    return environment


def moment(at: datetime | None) -> str:
    """Write an instant as people here say it, like 11月23日 14:05; another year than this one is named."""
    if at is None:
        return str(texts()["words"]["none"])
    here, now = local(at), local(datetime.now(UTC))
    date = f"{here.month}月{here.day}日 {here:%H:%M}"
    return date if here.year == now.year else f"{here.year}年{date}"


def dated(at: datetime | None) -> str:
    """Write an instant with its year, like 2026年11月23日 14:05: for paper, and whatever else is kept."""
    if at is None:
        return str(texts()["words"]["none"])
    here = local(at)
    return f"{here.year}年{here.month}月{here.day}日 {here:%H:%M}"


def left(at: datetime | None) -> str:
    """Say how long it is until an instant, or how long it is over, like 还剩1小时56分."""
    if at is None:
        return ""
    away = at - datetime.now(UTC)
    words, over = texts()["left"], "over_" if away <= timedelta(0) else ""
    minutes = int(abs(away).total_seconds() // 60)
    if abs(away) >= timedelta(days=1):
        return str(words[f"{over}days"].format(count=abs(away).days))
    named = "hours" if minutes >= 60 else "minutes"  # noqa: PLR2004 - of an hour
    return str(words[f"{over}{named}"].format(hours=minutes // 60, minutes=minutes % 60))


def tel(written: str) -> str | None:
    """Return the first number to call in a text, in one form (ITU-T E.164); `None` if there is none."""
    return next(iter(phone_numbers(written)), None)


def day(on: date) -> str:
    """Write a day as people here say it, like 11月23日."""
    return f"{on.month}月{on.day}日"


def word(code: object, kind: str) -> str:
    """Return a code's words from its section of the texts, or the code itself if it has none."""
    if code is None or not str(code):
        return str(texts()["words"]["none"])
    return str(texts()[kind].get(str(code), code))


def label(name: str) -> str:
    """Return a field's label, as forms show it."""
    return _labels().get(name, name)


def has_label(name: str) -> bool:
    """Tell whether a field has a label; the hidden fields of a form have none."""
    return name in _labels()


@cache
def _labels() -> Mapping[str, str]:
    ways = [way for kind in reversed(KINDS) for task in kind.tables.tasks.values() for way in task.outcomes]
    fields = [each for way in ways for each in way.fields]
    fields += [each for act in ACTIONS.values() for each in act.fields]
    named = {each.name: each.label for each in fields}
    return {**named, **texts()["new"], **texts()["resident"]["fields"]}


def is_elder(request: Request) -> bool:
    """Tell whether the reader chose the large pages (长辈版), with this request or earlier."""
    chosen: bool | None = getattr(request.state, "elder", None)
    return request.cookies.get(ELDER_COOKIE) == "1" if chosen is None else chosen


def page(
    request: Request, template: str, /, *, status: int = 200, is_kept: bool = False, **shown: Any
) -> HTMLResponse:
    """Render a page, or a part of one; if it `is_kept`, the browser shows it again when the reader goes back.

    A refused form must be kept: going back to the answer of a form that may not be kept shows a browser error.
    """
    headers = {"Cache-Control": "private, no-cache"} if is_kept else None
    return HTMLResponse(rendered(request, template, **shown), status_code=status, headers=headers)


def rendered(request: Request, template: str, /, **shown: Any) -> str:
    """Render a page, or a part of one, as text."""
    session = getattr(request.state, "session", None)
    who = getattr(request.state, "staff", None)
    return (
        _environment()
        .get_template(template)
        .render(
            request=request,
            elder=is_elder(request),
            csrf=session.csrf if session else "",
            who=who,
            permissions=permissions_of(who.roles) if who else frozenset(),
            hotline=request.app.state.service.hotline,
            ways=ways_of(who.roles) if who else (),
            **shown,
        )
    )


def is_fragment(request: Request) -> bool:
    """Tell whether htmx asks for a part of a page."""
    return "hx-request" in request.headers


_KEPT: Final = timedelta(days=365)


def keep_choice(response: Response, *, is_elder: bool) -> Response:
    """Let the browser remember the choice of large or ordinary pages."""
    response.set_cookie(
        ELDER_COOKIE,
        "1" if is_elder else "0",
        max_age=int(_KEPT.total_seconds()),
        secure=True,
        httponly=True,
        samesite="lax",
        path="/",
    )
    return response
