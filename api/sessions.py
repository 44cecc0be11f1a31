"""A browser that is signed in: its cookie, and the two proofs that a request is its own.

Assumes that a browser sends its cookie along from every site's pages. So an unsafe request must come from a page
of ours (`Sec-Fetch-Site`, else `Origin`), and must carry the session's token.
"""

import secrets
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import Response

from api.errors import Problem
from api.service import Service
from store.signin.sessions import Session, find_session, mark_seen

COOKIE: Final = "__Host-dingdan"
"""The prefix makes browsers keep the cookie for this host alone, and send it only over TLS (or to this machine)."""
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


def keep(response: Response, session_id: str) -> None:
    """Give the browser its session's id, until the browser is closed."""
    keep_cookie(response, COOKIE, session_id)


def keep_cookie(response: Response, name: str, value: str) -> None:
    """Set a cookie that scripts cannot read, and that other sites' forms do not send along."""
    response.set_cookie(name, value, secure=True, httponly=True, samesite="lax", path="/")


def forget(response: Response, name: str = COOKIE) -> None:
    """Delete a cookie."""
    response.delete_cookie(name, secure=True, httponly=True, samesite="lax", path="/")


async def session_of(request: Request, service: Service) -> Session | None:
    """Find the session of a request's cookie, at any step of the sign-in.

    Raises:
        Problem: 403, no page of this session sent this unsafe request.
    """
    found = await look_up_session(request, service)
    if found is None:
        return None
    await _check(request, found)
    # A page that renews itself twice a minute does not show that a person is there.
    if "hx-request" not in request.headers and found.is_to_be_marked(now := service.now()):
        await service.write(lambda connection: mark_seen(connection, found, now=now))
    request.state.session = found
    return found


async def look_up_session(request: Request, service: Service) -> Session | None:
    """Find the session of a request's cookie, without counting the request as use of it."""
    session_id = request.cookies.get(COOKIE)
    if not session_id:
        return None
    return await service.look(
        lambda connection: find_session(
            connection, session_id, profile=service.profile, secret=service.secret, now=service.now()
        )
    )


def check_origin(request: Request) -> None:
    """Refuse an unsafe request that a page of another site sent.

    Raises:
        Problem: 403, a page of another site sent it.
    """
    if request.method not in _SAFE and _is_from_elsewhere(request):
        raise Problem(
            403, "foreign_page", "this was sent from a page of another site; open ours and repeat it"
        )


async def _check(request: Request, session: Session) -> None:
    if request.method in _SAFE:
        return
    check_origin(request)
    given = request.headers.get("x-csrf-token")
    if given is None and request.headers.get("content-type", "").startswith(_FORMS):
        token = (await request.form()).get("csrf")
        given = token if isinstance(token, str) else None
    if given is None or not secrets.compare_digest(given.encode(), session.csrf.encode()):
        raise Problem(403, "foreign_page", "this page is from an earlier sign-in; load it again and repeat")


def _is_from_elsewhere(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
