"""`/signin`: name and password, then the next step: a code, enrolling an authenticator, or a new password.

Every refusal reads the same and takes as long, whether the name exists or not, and is locked or not.
"""

from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

import pyotp
import segno
import structlog
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.errors import Problem
from api.pages.navigation import HOME, local_path
from api.pages.rendering import page, texts
from api.security import OpenDoor
from api.service import Service, ServiceDep
from api.sessions import check_origin, forget, keep, look_up_session, session_of
from domain.signin.accounts import LONGEST, SignInStep, is_expired, next_step, wrong_password
from domain.text import line
from runtime.sealing import CannotUnseal
from store.database import Connection
from store.office.people import Staff, find_staff
from store.signin import accounts, sessions
from store.signin.sessions import Method, Session

router = APIRouter(
    prefix="/signin",
    include_in_schema=False,
    dependencies=[Depends(OpenDoor("a person who wants to sign in")), Depends(check_origin)],
)
_ISSUER: Final = "Dingdan"
_PAGES: Final = {
    SignInStep.CODE: "/signin/code",
    SignInStep.ENROL: "/signin/enrol",
    SignInStep.PASSWORD: "/signin/password",
}
_LONG_NAME: Final = 64
_log = structlog.get_logger("api")

NameField = Annotated[str, Form(max_length=200)]
SecretField = Annotated[str, Form(max_length=1_000)]


@router.get("", response_class=HTMLResponse)
async def ask(request: Request, service: ServiceDep, goes_to: str = HOME) -> Response:
    """Show the form; a person who is signed in goes on."""
    session = await session_of(request, service)
    if session is not None and session.step is not SignInStep.OPEN:
        return RedirectResponse(_PAGES[session.step], status_code=303)
    if session is not None and session.is_open:
        # Never to a page of the sign-in itself, which would only lead back here.
        path = local_path(goes_to)
        return RedirectResponse(HOME if path.startswith("/signin") else path, status_code=303)
    return _form(request, service, goes_to=local_path(goes_to))


@router.post("", response_class=HTMLResponse)
async def sign_in(
    request: Request,
    service: ServiceDep,
    username: NameField = "",
    password: SecretField = "",
    goes_to: Annotated[str, Form(max_length=1_000)] = HOME,
) -> Response:
    """Check name and password."""
    _may_try(request, service)
    name, now = line(username)[:_LONG_NAME], service.now()

    def look(connection: Connection) -> tuple[accounts.Account | None, Staff | None, bool]:
        until = accounts.locked_since_failures(connection, name, secret=service.secret, now=now)
        return (
            accounts.find_account(connection, name),
            find_staff(connection, name, now=now),
            until is not None,
        )

    account, staff, is_locked = await service.look(look)
    right = await service.passwords.matches(
        account.password_hash if account else None, password[: LONGEST + 1]
    )
    if is_locked or not right or account is None or staff is None:
        if not is_locked:
            await _count_failure(request, service, name)
        return _form(
            request, service, goes_to=local_path(goes_to), wrong="wrong", username=username, status=401
        )

    before = await look_up_session(request, service)

    def begin(connection: Connection) -> tuple[str, SignInStep]:
        step = _next(account, staff, service, gave_code=False)
        if step is not SignInStep.CODE:
            # Otherwise knowing the password would reset the guess counter for codes.
            accounts.forget_failures(connection, name, secret=service.secret)
        if before is not None:
            sessions.end_session(connection, before, now=service.now())
        session_id = sessions.begin_session(
            connection, name, step=step, method=Method.PASSWORD, secret=service.secret, now=service.now()
        )
        return session_id, step

    return _go_on(*await service.write(begin), goes_to=local_path(goes_to))


@router.get("/code", response_class=HTMLResponse)
async def ask_for_code(request: Request, service: ServiceDep, goes_to: str = HOME) -> Response:
    """Ask for the code of the second factor."""
    await _at(request, service, SignInStep.CODE)
    return page(request, "signin/code.html", goes_to=local_path(goes_to), wrong=None)


@router.post("/code", response_class=HTMLResponse)
async def give_code(
    request: Request, service: ServiceDep, code: SecretField = "", goes_to: SecretField = HOME
) -> Response:
    """Check the code; each code works once."""
    session = await _at(request, service, SignInStep.CODE)
    return await _with_code(request, service, session, code, "signin/code.html", local_path(goes_to))


@router.get("/enrol", response_class=HTMLResponse)
async def ask_to_enrol(request: Request, service: ServiceDep, goes_to: str = HOME) -> Response:
    """Show the secret for an authenticator, as a picture and as letters."""
    session = await _at(request, service, SignInStep.ENROL)
    return await _enrol_page(request, service, session, local_path(goes_to))


@router.post("/enrol", response_class=HTMLResponse)
async def enrol(
    request: Request, service: ServiceDep, code: SecretField = "", goes_to: SecretField = HOME
) -> Response:
    """Enrol the authenticator, once it has shown the right code."""
    session = await _at(request, service, SignInStep.ENROL)
    return await _with_code(request, service, session, code, None, local_path(goes_to))


@router.get("/password", response_class=HTMLResponse)
async def ask_for_password(request: Request, service: ServiceDep, goes_to: str = HOME) -> Response:
    """Ask for a new password."""
    await _at(request, service, SignInStep.PASSWORD, SignInStep.OPEN)
    return _password_form(request, service, local_path(goes_to))


@router.post("/password", response_class=HTMLResponse)
async def change_password(
    request: Request,
    service: ServiceDep,
    present: SecretField = "",
    wanted: SecretField = "",
    again: SecretField = "",
    goes_to: SecretField = HOME,
) -> Response:
    """Change the password; all other sessions of the person end."""
    session = await _at(request, service, SignInStep.PASSWORD, SignInStep.OPEN)
    _may_try(request, service)
    account, _ = await _who(service, session)
    goes_to = local_path(goes_to)
    is_locked = await service.look(
        lambda connection: (
            accounts.locked_since_failures(
                connection, session.username, secret=service.secret, now=service.now()
            )
            is not None
        )
    )
    if not await service.passwords.matches(account.password_hash, present) or is_locked:
        if not is_locked:
            await _count_failure(request, service, session.username)
        return _password_form(request, service, goes_to, present="present_wrong")
    if reason := wrong_password(wanted, service.profile, username=session.username):
        return _password_form(request, service, goes_to, wanted=f"password_{reason}")
    if wanted != again or wanted == present:
        return _password_form(
            request, service, goes_to, again="again_differs" if wanted != again else "again_same"
        )
    hashed = await service.passwords.hash(wanted)

    def change(connection: Connection) -> tuple[str, SignInStep]:
        now = service.now()
        accounts.set_password(
            connection,
            session.username,
            password_hash=hashed,
            must_change=False,
            by=session.username,
            now=now,
        )
        sessions.end_sessions_of(connection, session.username, now=now)
        session_id = sessions.begin_session(
            connection,
            session.username,
            step=SignInStep.OPEN,
            method=session.method,
            secret=service.secret,
            now=now,
        )
        return session_id, SignInStep.OPEN

    return _go_on(*await service.write(change), goes_to=goes_to)


@router.post("/out", response_class=HTMLResponse)
async def sign_out(request: Request, service: ServiceDep) -> Response:
    """End the session."""
    session = await session_of(request, service)
    if session is not None:
        await service.write(lambda connection: sessions.end_session(connection, session, now=service.now()))
    response = RedirectResponse("/signin", status_code=303)
    forget(response)
    return response


async def _at(request: Request, service: Service, *steps: SignInStep) -> Session:
    session = await session_of(request, service)
    if session is None or session.step not in steps:
        raise Problem(401, "unauthenticated", "sign in first")
    if session.is_open:
        # Who is signed in sees the bar, and a way back.
        request.state.staff = session.staff
    return session


async def _who(service: Service, session: Session) -> tuple[accounts.Account, Staff]:
    account, staff = await service.look(
        lambda connection: (
            accounts.find_account(connection, session.username),
            find_staff(connection, session.username, now=service.now()),
        )
    )
    if account is None or staff is None:
        raise Problem(401, "unauthenticated", "sign in first")
    return account, staff


def _next(account: accounts.Account, staff: Staff, service: Service, *, gave_code: bool) -> SignInStep:
    expired = is_expired(account.password_set_at, service.profile, now=service.now())
    return next_step(
        roles=staff.roles,
        has_code=account.has_totp,
        gave_code=gave_code,
        must_change=account.must_change or expired,
    )


async def _with_code(
    request: Request, service: Service, session: Session, code: str, template: str | None, goes_to: str
) -> Response:
    """Go on with a right code, in a new session, so that a session id stolen earlier opens nothing."""
    _may_try(request, service)
    account, staff = await _who(service, session)

    def work(connection: Connection) -> tuple[str, SignInStep] | None:
        now = service.now()
        if accounts.locked_since_failures(connection, session.username, secret=service.secret, now=now):
            return None
        digits = "".join(each for each in code if each.isdecimal())
        if not accounts.accept_code(connection, session.username, digits, secret=service.secret, now=now):
            accounts.count_failure(
                connection, session.username, profile=service.profile, secret=service.secret, now=now
            )
            return None
        accounts.forget_failures(connection, session.username, secret=service.secret)
        if session.step is SignInStep.ENROL:
            # Other sessions may have seen the secret; they must not enrol with it any more.
            sessions.end_sessions_of(connection, session.username, now=now)
        sessions.end_session(connection, session, now=now)
        step = _next(account, staff, service, gave_code=True)
        session_id = sessions.begin_session(
            connection,
            session.username,
            step=step,
            method=Method.PASSWORD_AND_CODE,
            secret=service.secret,
            now=now,
        )
        return session_id, step

    try:
        begun = await service.write(work)
    except CannotUnseal as error:
        _log.error("second_factor_unreadable", username=session.username, reason=str(error))
        unreadable = texts()["signin"]["code_unreadable"]
        return page(request, "signin/code.html", status=409, goes_to=goes_to, wrong=unreadable)
    if begun is not None:
        return _go_on(*begun, goes_to=goes_to)
    _log.warning("sign_in_refused", step=session.step)
    service.limits.hit("wrong_sign_in", request)
    wrong = texts()["signin"]["code_wrong"]
    if template is None:
        return await _enrol_page(request, service, session, goes_to, wrong=wrong)
    return page(request, template, status=401, goes_to=goes_to, wrong=wrong)


async def _enrol_page(
    request: Request, service: Service, session: Session, goes_to: str, wrong: str | None = None
) -> Response:
    def begin(connection: Connection) -> str | None:
        shared = accounts.begin_enrolment(connection, session.username, secret=service.secret)
        if shared is None:
            # Another page enrolled meanwhile: sign in again and give a code, like everybody.
            sessions.end_session(connection, session, now=service.now())
        return shared

    if (shared := await service.write(begin)) is None:
        response = RedirectResponse("/signin", status_code=303)
        forget(response)
        return response
    address = pyotp.TOTP(shared).provisioning_uri(name=session.username, issuer_name=_ISSUER)
    return page(
        request,
        "signin/enrol.html",
        status=401 if wrong else 200,
        goes_to=goes_to,
        wrong=wrong,
        shared=" ".join(shared[index : index + 4] for index in range(0, len(shared), 4)),
        picture=segno.make(address).svg_data_uri(scale=5),
    )


def _may_try(request: Request, service: Service) -> None:
    """Refuse an address with too many failures; successes of colleagues do not count towards that limit."""
    service.limits.hit("sign_in", request)
    service.limits.check("wrong_sign_in", request)


async def _count_failure(request: Request, service: Service, name: str) -> None:
    until = await service.write(
        lambda connection: accounts.count_failure(
            connection, name, profile=service.profile, secret=service.secret, now=service.now()
        )
    )
    _log.warning("sign_in_refused", step="password", locked=until is not None)
    service.limits.hit("wrong_sign_in", request)


def _go_on(session_id: str, step: SignInStep, *, goes_to: str) -> Response:
    path = _PAGES.get(step)
    address = f"{path}?{urlencode({'goes_to': goes_to})}" if path else goes_to
    response = RedirectResponse(address, status_code=303)
    keep(response, session_id)
    return response


def _form(
    request: Request,
    service: Service,
    *,
    goes_to: str,
    wrong: str | None = None,
    username: str = "",
    status: int = 200,
) -> Response:
    minutes = service.profile.locks // timedelta(minutes=1)
    said = (
        texts()["signin"][wrong].format(failures=service.profile.failures, minutes=minutes) if wrong else None
    )
    return page(
        request,
        "signin/signin.html",
        status=status,
        goes_to=goes_to,
        wrong=said,
        username=username,
        has_provider=service.provider is not None,
    )


def _password_form(request: Request, service: Service, goes_to: str, **wrong: str) -> Response:
    profile = service.profile
    said = {
        name: texts()["signin"][reason].format(
            shortest=profile.shortest, longest=LONGEST, kinds=profile.kinds
        )
        for name, reason in wrong.items()
    }
    return page(
        request,
        "signin/password.html",
        status=422 if wrong else 200,
        goes_to=goes_to,
        wrong=said,
        shortest=profile.shortest,
        kinds=profile.kinds,
    )
