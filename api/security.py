"""Who calls: a channel by its key, or a member of staff by a token.

Assumes nothing but the bearer token: roles, unit and tier come from the store at every request, so
that a change holds from the next one on. Sign-in for pages comes behind these same dependencies.
"""

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.errors import Problem
from api.service import Service, ServiceDep
from domain.orders import Role
from store.attachments import Uploader
from store.credentials import Client, CredentialKind, find_client, find_subject
from store.database import Connection
from store.office import Staff, find_staff
from store.queries import Scope

_bearer = HTTPBearer(auto_error=False, description="A channel's key, or a staff token.")

_SEES_ALL = frozenset(
    {
        Role.STREET_DESK,
        Role.STREET_LEADER,
        Role.DISTRICT_DESK,
        Role.CALL_BACK_OFFICER,
        Role.DUTY_OFFICER,
        Role.LIAISON,
        Role.AUDITOR,
    }
)
"""Roles of the office that see every order; all others see what ever concerned their unit."""

Caller = Client | Staff


def _unauthenticated() -> Problem:
    return Problem(
        401,
        "unauthenticated",
        "send `Authorization: Bearer …` with a channel's key (dingdan client add) or a token (dingdan user token)",
        headers={"WWW-Authenticate": "Bearer"},
    )


def identify(connection: Connection, service: Service, token: str) -> Caller:
    """Find who a token stands for now.

    Raises:
        Problem: 401, the same for every reason.
    """
    subject = find_subject(connection, secret=service.secret, token=token)
    caller: Caller | None = None
    if subject and subject.kind is CredentialKind.CLIENT:
        caller = find_client(connection, subject.name)
    elif subject:
        caller = find_staff(connection, subject.name, now=service.now())
    if caller is None:
        raise _unauthenticated()
    return caller


async def token_of(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> str:
    """Take the bearer token from the request.

    Raises:
        Problem: 401, there is none.
    """
    if credentials is None:
        raise _unauthenticated()
    return credentials.credentials


TokenDep = Annotated[str, Depends(token_of)]


async def caller(service: ServiceDep, token: TokenDep) -> Caller:
    """Identify whoever calls."""
    return await service.look(lambda connection: identify(connection, service, token))


CallerDep = Annotated[Caller, Depends(caller)]


async def staff(who: CallerDep) -> Staff:
    """Let staff in.

    Raises:
        Problem: 403, this is a channel's key.
    """
    if not isinstance(who, Staff):
        raise Problem(403, "not_entitled", "this is for staff; a channel's key does not open it")
    return who


async def channel(who: CallerDep) -> Client:
    """Let channels in.

    Raises:
        Problem: 403, this is a staff token.
    """
    if not isinstance(who, Client):
        raise Problem(403, "not_entitled", "orders are placed with a channel's key, not with a staff token")
    return who


def uploader_of(who: Caller) -> Uploader:
    """Say whose an upload is."""
    if isinstance(who, Client):
        return Uploader(kind=CredentialKind.CLIENT, name=who.client_id)
    return Uploader(kind=CredentialKind.STAFF, name=who.username)


StaffDep = Annotated[Staff, Depends(staff)]
ChannelDep = Annotated[Client, Depends(channel)]


def scope_of(who: Caller) -> Scope:
    """Say what a caller may see."""
    if isinstance(who, Client):
        return Scope(client_id=who.client_id)
    if who.roles & _SEES_ALL:
        return Scope(everything=True)
    return Scope(unit=who.unit)
