"""`/desk/figures`: how the office stands, within the reader's reach; live while the page is open.

Assumes that each listener costs one look at its session per round. Within a round, one reading of the store serves
every reader and listener with the same reach and window. The stream is only a help: the page is complete without it.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.errors import Problem
from api.pages.rendering import page, rendered
from api.security import FiguresReaderDep, scope_of, still_in
from api.service import Service, ServiceDep
from domain.figures.counting import DayWindow, Picture, window
from domain.office.permissions import Permission
from store.database import Connection, StoreUnavailable
from store.figures.counting import picture
from store.matter.reach import Scope
from store.office.directory import current_named
from store.office.people import Staff

router = APIRouter(prefix="/desk/figures", include_in_schema=False)
ROUND: Final = 3.0
"""Seconds between two looks of a listener; a reading of the store stays good that long."""
_FORGOTTEN: Final = 60.0
MOST_STREAMS: Final = 6
"""How many pages of one person may listen at once in this process; a browser opens no more connections to a host."""
ENDED: Final = "ended"
"""The event that tells a page that the stream is over because its session has ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The reach and the window of days that a reader asks for."""

    scope: Scope
    days: DayWindow


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """The figures that a page shows; `names` are those of the units, `at` is the instant of reading."""

    picture: Picture
    names: dict[str, str]
    at: datetime = field(compare=False)

    def for_template(self) -> dict[str, Any]:
        """Return the template's values, with the units that have the most overdue orders first."""
        units = sorted(self.picture.by_unit, key=lambda line: (-line.overdue, -line.open, line.key))
        return {"picture": self.picture, "units": units, "names": self.names, "at": self.at}


@dataclass(slots=True)
class _Kept:
    """A reading, shared by every request for the same; the lock lets one request read while the others wait."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    shown: Shown | None = None
    read_at: float = 0.0


class Readings:
    """The last readings by reach and window, and the rounds of the listeners."""

    def __init__(self) -> None:
        """Start without readings."""
        self._kept: dict[Asked, _Kept] = {}
        self._listening: Counter[str] = Counter()
        self._ending = asyncio.Event()

    @contextmanager
    def listening(self, username: str) -> Iterator[None]:
        """Count a person's stream while it lasts.

        Raises:
            Problem: 429, the person has too many streams open.
        """
        if self._listening[username] >= MOST_STREAMS:
            raise Problem(
                429,
                "too_many_requests",
                f"{MOST_STREAMS} of your pages receive live figures already; close one",
            )
        self._listening[username] += 1
        try:
            yield
        finally:
            self._listening[username] -= 1
            self._listening += Counter()  # Drops people without a stream.

    def end(self) -> None:
        """End every stream."""
        self._ending.set()

    async def pause(self) -> bool:
        """Wait for the next round; return `False` if the process ends instead."""
        try:
            async with asyncio.timeout(ROUND):
                await self._ending.wait()
        except TimeoutError:
            return True
        return False

    async def read(self, service: Service, asked: Asked) -> Shown:
        """Return a reading less than a round old, and read the store if there is none.

        Raises:
            StoreUnavailable: the database is away.
        """
        self._forget()
        kept = self._kept.setdefault(asked, _Kept())
        async with kept.lock:
            if kept.shown is None or time.monotonic() - kept.read_at >= ROUND:
                kept.shown = await read(service, asked)
                kept.read_at = time.monotonic()
            return kept.shown

    def _forget(self) -> None:
        """Drop readings that no request has used for a minute."""
        long_ago = time.monotonic() - _FORGOTTEN
        for asked in [
            asked for asked, kept in self._kept.items() if not kept.lock.locked() and kept.read_at < long_ago
        ]:
            del self._kept[asked]


async def read(service: Service, asked: Asked) -> Shown:
    """Read the figures now."""
    now = service.now()

    def work(connection: Connection) -> Shown:
        directory = current_named(connection)
        return Shown(
            picture=picture(connection, window(asked.days, now=now), asked.scope, now=now),
            names={unit.code: unit.name for unit in directory.units.values()},
            at=now,
        )

    return await service.read(work)


def _readings(request: Request) -> Readings:
    readings = request.app.state.readings
    assert isinstance(readings, Readings)  # noqa: S101 - narrows for the type checker
    return readings


@router.get("", response_class=HTMLResponse)
async def show(
    request: Request, who: FiguresReaderDep, service: ServiceDep, days: DayWindow = DayWindow.WEEK
) -> HTMLResponse:
    """Show the figures, as fresh as those that listeners receive."""
    shown = await _readings(request).read(
        service, Asked(scope=scope_of(who, Permission.READ_FIGURES), days=days)
    )
    return page(
        request,
        "desk/figures.html",
        days=days,
        windows=list(DayWindow),
        **shown.for_template(),
    )


async def _listener(request: Request, who: FiguresReaderDep) -> AsyncIterator[Staff]:
    """Admit a listener, and count the stream for as long as it lasts."""
    with _readings(request).listening(who.username):
        yield who


@router.get("/live", response_class=EventSourceResponse)
async def live(
    request: Request,
    who: Annotated[Staff, Depends(_listener)],
    service: ServiceDep,
    days: DayWindow = DayWindow.WEEK,
) -> AsyncIterator[ServerSentEvent]:
    """Send the figures at once and after each change, until the session ends.

    A token has no session that could end, so its stream ends after the first figures.
    """
    readings = _readings(request)
    has_session = getattr(request.state, "session", None) is not None
    last: Shown | None = None
    looker: Staff | None = who
    while looker is not None:
        try:
            shown = await readings.read(
                service, Asked(scope=scope_of(looker, Permission.READ_FIGURES), days=days)
            )
            if shown != last:
                last = shown
                yield ServerSentEvent(raw_data=_part(request, shown))
            if not (has_session and await readings.pause()):
                return
            looker = await still_in(request, service, Permission.READ_FIGURES)
        except StoreUnavailable:
            # The page keeps its figures; the next round may find the store again.
            if not await readings.pause():
                return
    yield ServerSentEvent(event=ENDED, raw_data=ENDED)


def _part(request: Request, shown: Shown) -> str:
    return rendered(request, "desk/parts/figures_now.html", **shown.for_template())
