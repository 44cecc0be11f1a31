"""`/desk/figures`: how the office stands, within one's reach; live while somebody looks.

Assumes that a listener costs a look at its session each round, and one reading of the store serves all who look or
listen with the same reach and window within a round. The stream is a help: the page says everything without it.
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
"""Seconds between two looks of a listener; a reading of the store is good for as long."""
_FORGOTTEN: Final = 60.0
MOST_STREAMS: Final = 6
"""How many pages of one person may listen at once in this process; a browser opens no more to one host."""
ENDED: Final = "ended"
"""The event that tells a page that nothing more will come: its session has ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What somebody looks at."""

    scope: Scope
    days: DayWindow


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What a page shows of it; `names` are those of the units, `at` is when it was read."""

    picture: Picture
    names: dict[str, str]
    at: datetime = field(compare=False)

    def for_template(self) -> dict[str, Any]:
        """Give what the template needs: the units with most that is overdue first."""
        units = sorted(self.picture.by_unit, key=lambda line: (-line.overdue, -line.open, line.key))
        return {"picture": self.picture, "units": units, "names": self.names, "at": self.at}


@dataclass(slots=True)
class _Kept:
    """A reading, for whoever asks for the same; the lock lets one read while the others wait."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    shown: Shown | None = None
    read_at: float = 0.0


class Readings:
    """What was read last, by reach and window, and the rounds of those who listen."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._kept: dict[Asked, _Kept] = {}
        self._listening: Counter[str] = Counter()
        self._ending = asyncio.Event()

    @contextmanager
    def listening(self, username: str) -> Iterator[None]:
        """Count somebody's stream while it lasts.

        Raises:
            Problem: 429, they have too many open.
        """
        if self._listening[username] >= MOST_STREAMS:
            raise Problem(429, "too_many_requests", f"{MOST_STREAMS} of your pages listen already; close one")
        self._listening[username] += 1
        try:
            yield
        finally:
            self._listening[username] -= 1
            self._listening += Counter()  # Lets go of whoever has none left.

    def end(self) -> None:
        """Let whoever listens go."""
        self._ending.set()

    async def pause(self) -> bool:
        """Wait for the next round; `False` if there is none, since the process ends."""
        try:
            async with asyncio.timeout(ROUND):
                await self._ending.wait()
        except TimeoutError:
            return True
        return False

    async def read(self, service: Service, asked: Asked) -> Shown:
        """Give a reading that is fresh enough.

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
        """Let go of what nobody has asked for lately."""
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
    """Show today's picture: as fresh as what listeners are sent."""
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
    """Let somebody listen, for as long as the stream lasts."""
    with _readings(request).listening(who.username):
        yield who


@router.get("/live", response_class=EventSourceResponse)
async def live(
    request: Request,
    who: Annotated[Staff, Depends(_listener)],
    service: ServiceDep,
    days: DayWindow = DayWindow.WEEK,
) -> AsyncIterator[ServerSentEvent]:
    """Send the figures, and again whenever they have changed, until the session ends.

    A token has no session that could end: its stream ends with the first figures.
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
            # What is shown stays; the next round may find the store again.
            if not await readings.pause():
                return
    yield ServerSentEvent(event=ENDED, raw_data=ENDED)


def _part(request: Request, shown: Shown) -> str:
    return rendered(request, "desk/parts/figures_now.html", **shown.for_template())
