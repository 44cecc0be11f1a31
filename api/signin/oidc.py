"""`/signin/provider` and the return from it: sign-in by the office's own provider."""

import secrets
from typing import Final

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import Problem
from api.pages.navigation import HOME, local_path
from api.security import OpenDoor
from api.service import Service, ServiceDep
from api.sessions import forget, keep, keep_cookie, look_up_session
from domain.signin.accounts import SignInStep
from runtime.oidc import Provider, ProviderAway, SignInRefused
from store.database import Connection
from store.office.people import find_staff
from store.signin import sessions
from store.signin.sessions import Attempt, Method

RETURN_PATH: Final = "/signin/return"
router = APIRouter(include_in_schema=False, dependencies=[Depends(OpenDoor("a person who wants to sign in"))])
_COOKIE: Final = "__Host-dingdan-signin"
_log = structlog.get_logger("api")


@router.get("/signin/provider")
async def depart(request: Request, service: ServiceDep, goes_to: str = HOME) -> Response:
    """Send the browser to the provider."""
    service.limits.hit("sign_in", request)
    try:
        departure = await _provider(service).depart()
    except ProviderAway as error:
        raise _away(error) from error
    browser = secrets.token_urlsafe(32)
    attempt = Attempt(nonce=departure.nonce, verifier=departure.verifier, goes_to=local_path(goes_to))
    await service.write(
        lambda connection: sessions.begin_attempt(
            connection,
            attempt,
            state=departure.state,
            browser=browser,
            secret=service.secret,
            now=service.now(),
        )
    )
    response = RedirectResponse(departure.url, status_code=303)
    keep_cookie(response, _COOKIE, browser)
    return response


@router.get(RETURN_PATH)
async def arrive(request: Request, service: ServiceDep, code: str = "", state: str = "") -> Response:
    """Sign in the browser that returns, if it is the one that left and the provider names its person."""
    provider, browser = _provider(service), request.cookies.get(_COOKIE, "")
    attempt = await service.write(
        lambda connection: sessions.take_attempt(
            connection, state=state, browser=browser, secret=service.secret, now=service.now()
        )
    )
    if attempt is None or not code:
        raise _refused("state" if attempt is None else "no_code")
    try:
        username = await provider.arrive(code, verifier=attempt.verifier, nonce=attempt.nonce)
    except ProviderAway as error:
        raise _away(error) from error
    except SignInRefused as error:
        raise _refused(str(error)) from error

    before = await look_up_session(request, service)

    def begin(connection: Connection) -> str | None:
        now = service.now()
        if find_staff(connection, username, now=now) is None:
            return None
        if before is not None:
            sessions.end_session(connection, before, now=now)
        return sessions.begin_session(
            connection, username, step=SignInStep.OPEN, method=Method.OIDC, secret=service.secret, now=now
        )

    session_id = await service.write(begin)
    if session_id is None:
        raise _refused("unknown_staff")
    response = RedirectResponse(attempt.goes_to, status_code=303)
    keep(response, session_id)
    forget(response, _COOKIE)
    return response


def _provider(service: Service) -> Provider:
    if service.provider is None:
        raise Problem(404, "not_found", "no provider is set; sign in with your password")
    return service.provider


def _away(error: ProviderAway) -> Problem:
    _log.error("provider_away", reason=str(error))
    return Problem(
        503,
        "provider_away",
        "the provider does not answer; try again, or sign in with your password",
        headers={"Retry-After": "30"},
    )


def _refused(reason: str) -> Problem:
    _log.warning("sign_in_refused", step="provider", reason=reason)
    return Problem(401, "sign_in_refused", "this sign-in cannot be completed; begin it again")
