"""Identifying callers, and the doors that they may pass: a channel by its key, staff by a token or a browser's session.

Assumes nothing else about callers: roles, unit and tier come from the store at every request, so that a change
holds from the next request on. Every route says by a `StaffDoor` or an `OpenDoor` who may pass; a route without
a door stops the application at its start.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.routing import BaseRoute

from api.errors import Problem
from api.service import Service, ServiceDep
from api.sessions import look_up_session, session_of
from domain.doors import CredentialKind
from domain.office.permissions import Permission, Reach, may, reaches
from store.attachment.attachments import Uploader
from store.database import Connection
from store.matter.reach import Scope
from store.office.people import Staff, find_staff
from store.signin.credentials import Client, find_subject

_bearer = HTTPBearer(auto_error=False, description="A channel's key, or a staff token.")

Caller = Client | Staff


def _unauthenticated() -> Problem:
    return Problem(
        401,
        "unauthenticated",
        "send `Authorization: Bearer …` with a channel's key (dingdan client add) or a token (dingdan user token)",
        headers={"WWW-Authenticate": "Bearer"},
    )


def identify(connection: Connection, service: Service, token: str) -> Caller:
    """Find the caller that a token stands for now.

    Raises:
        Problem: 401, worded the same for every reason.
    """
    bearer = find_subject(connection, secret=service.secret, token=token)
    caller: Caller | None = None
    if bearer and bearer.kind is CredentialKind.CLIENT:
        caller = bearer.client
    elif bearer:
        caller = find_staff(connection, bearer.name, now=service.now())
    if caller is None:
        raise _unauthenticated()
    return caller


async def caller(
    request: Request,
    service: ServiceDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """Identify the caller by a bearer token, else by the session of a browser.

    Raises:
        Problem: 401, there is neither; 403, the request did not come from a page of the session.
    """
    if credentials is not None:
        token = credentials.credentials
        who = await service.look(lambda connection: identify(connection, service, token))
        if isinstance(who, Staff):
            request.state.staff = who
        return who
    session = await session_of(request, service)
    if session is None or not session.is_open or session.staff is None:
        raise _unauthenticated()
    request.state.staff = session.staff
    return session.staff


CallerDep = Annotated[Caller, Depends(caller)]


async def still_in(request: Request, service: Service, permission: Permission) -> Staff | None:
    """Check again who receives a long answer; `None` once the session has ended or the permission is gone.

    Receiving does not count as use of the session: a session used for nothing else ends when its idle time is over.
    """
    session = await look_up_session(request, service)
    if session is None or not session.is_open:
        return None
    found = await service.look(lambda connection: find_staff(connection, session.username, now=service.now()))
    return found if found is not None and may(found.roles, permission) else None


@dataclass(frozen=True, slots=True)
class StaffDoor:
    """Lets in staff with the permission, and channels if `channels` is set; without a permission, channels only."""

    permission: Permission | None = None
    channels: bool = False

    async def __call__(self, who: CallerDep) -> Caller:
        """Let the caller in.

        Raises:
            Problem: 403, the caller may not pass this door.
        """
        if isinstance(who, Client):
            if not self.channels:
                raise Problem(403, "not_entitled", "this is for staff; a channel's key does not open it")
        elif self.permission is None:
            raise Problem(403, "not_entitled", "this is for channels; place an order with a channel's key")
        elif not may(who.roles, self.permission):
            raise Problem(403, "not_entitled", f"none of your roles has the permission {self.permission}")
        return who


@dataclass(frozen=True, slots=True)
class OpenDoor:
    """Lets everybody in; `why` is the reason."""

    why: str

    async def __call__(self) -> None:
        """Let everybody in."""


class UndeclaredRoute(Exception):
    """A route does not declare who may pass."""


def check_doors(routes: Sequence[BaseRoute], *, beside: Sequence[str]) -> None:
    """Refuse routes that do not declare who may pass; `beside` lists those that the framework adds.

    Raises:
        UndeclaredRoute: some routes declare no door; it names each of them.
    """
    undeclared = [path for path, _, door in doors(routes) if door is None and path not in beside]
    if undeclared:
        raise UndeclaredRoute(
            f"declare by a StaffDoor or an OpenDoor of api.security who may pass: {', '.join(sorted(undeclared))}"
        )


def doors(routes: Sequence[BaseRoute]) -> list[tuple[str, str, StaffDoor | OpenDoor | None]]:
    """List path, method and door of every route; of two doors, the one that is not open counts."""
    return [
        (str(route.path), method, _first(_declared(getattr(route, "dependant", None))))
        for route in iter_route_contexts(routes)
        for method in sorted(route.methods or {"*"})
    ]


def _first(declared: Sequence[StaffDoor | OpenDoor]) -> StaffDoor | OpenDoor | None:
    return min(declared, key=lambda each: isinstance(each, OpenDoor), default=None)


def _declared(dependant: Dependant | None) -> list[StaffDoor | OpenDoor]:
    if dependant is None:
        return []
    own = [dependant.call] if isinstance(dependant.call, StaffDoor | OpenDoor) else []
    return own + [door for each in dependant.dependencies for door in _declared(each)]


def client_of(who: Caller) -> str | None:
    """Return the id of the calling channel's client; `None` for staff."""
    return who.client_id if isinstance(who, Client) else None


def uploader_of(who: Caller) -> Uploader:
    """Return the uploader that a caller's files are kept under."""
    if isinstance(who, Client):
        return Uploader(kind=CredentialKind.CLIENT, name=who.client_id)
    return Uploader(kind=CredentialKind.STAFF, name=who.username)


ChannelDep = Annotated[Client, Depends(StaffDoor(channels=True))]
ReaderDep = Annotated[Staff, Depends(StaffDoor(Permission.READ_ORDERS))]
ReaderOrChannelDep = Annotated[Caller, Depends(StaffDoor(Permission.READ_ORDERS, channels=True))]
DutyReaderDep = Annotated[Staff, Depends(StaffDoor(Permission.READ_DUTIES))]
DeciderDep = Annotated[Staff, Depends(StaffDoor(Permission.DECIDE_TASKS))]
ActorDep = Annotated[Staff, Depends(StaffDoor(Permission.ACT_ON_ORDERS))]
RevealerDep = Annotated[Staff, Depends(StaffDoor(Permission.REVEAL_CONTACTS))]
PlacerDep = Annotated[Staff, Depends(StaffDoor(Permission.PLACE_ORDERS))]
UploaderDep = Annotated[Caller, Depends(StaffDoor(Permission.ATTACH_FILES, channels=True))]
FiguresReaderDep = Annotated[Staff, Depends(StaffDoor(Permission.READ_FIGURES))]
OperatorDep = Annotated[Staff, Depends(StaffDoor(Permission.OPERATE))]
DirectoryReaderDep = Annotated[Caller, Depends(StaffDoor(Permission.READ_DIRECTORY, channels=True))]


def scope_of(who: Caller, permission: Permission = Permission.READ_ORDERS) -> Scope:
    """Return the matters for which a caller has a permission; by default, the orders that the caller may see."""
    if isinstance(who, Client):
        return Scope(client_id=who.client_id)
    far = reaches(who.roles, permission)
    return Scope(
        everything=Reach.OFFICE in far,
        unit=who.unit if far & {Reach.UNIT, Reach.SUBTREE, Reach.COMMUNITY} else None,
        below=who.unit if Reach.SUBTREE in far else None,
        community=who.unit if Reach.COMMUNITY in far else None,
        tier=who.tier if Reach.TIER in far else None,
    )
