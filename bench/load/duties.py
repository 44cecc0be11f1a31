"""A month's meetings: opening them, keeping them open, and the whole life of a meeting, beside a bare workflow.

Assumes an office of twelve communities; more are added to open many duties.
"""

import asyncio
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from bench.bare import bare_worker, plan_of
from bench.figures import Figure, say
from bench.load.orders import bare_orders
from bench.places import Place, per_piece, timed
from domain.duty.periods import Period
from domain.duty.policy import STANDARD_DUTIES
from domain.office.directory import OFFICE, Unit
from domain.office.responsibility import may_decide
from domain.office.words import Role, Tier
from messages.names import workflow_id_of
from store.duty.opening import communities_of, open_duties
from store.office.directory import current_named, load

_BATCH = 100
_MOST_EVENTS = 60
_MOST_UNEVEN = 0.2
_IDLE_GOAL = 4.0
_LOOK_SECONDS = 0.1
_FRESH = "fresh"


async def measure(place: Place, *, many: int, idle_seconds: float) -> list[Figure]:
    """Hold the meetings of twelve communities, open a month for them and for many, and idle with these open."""
    await _running(place, len(await asyncio.to_thread(_communities, place)))
    life = await _life(place)
    few = await asyncio.to_thread(_opening, place, "2030-01")
    await asyncio.to_thread(_grow, place, many)
    lot = await asyncio.to_thread(_opening, place, "2030-02")
    with place.cpu() as starting:
        await _running(place, many)
    say(f"{place.name}: CPU-ms a duty to start {many}: {per_piece(starting, many)}")
    await place.rests("worker", "Temporal")
    with place.cpu() as spent:
        await asyncio.sleep(idle_seconds)
    share = 100 * sum(seconds for name, seconds in spent.items() if name != "this program") / idle_seconds
    uneven = lot / few - 1
    return [
        Figure(
            program="duties",
            place=place.name,
            what=f"opening a duty among {many} ÷ among 12 ({lot * 1000:.2f} ÷ {few * 1000:.2f} ms)",
            value=f"{lot / few:.2f}",
            goal=f"± {_MOST_UNEVEN:.0%}",
            met=uneven <= _MOST_UNEVEN,
        ),
        Figure(
            program="duties",
            place=place.name,
            what=f"{many} open duties, idle: share of one core of all processes",
            value=f"{share:.1f} %",
            goal=f"≤ {_IDLE_GOAL:g} %",
            met=share <= _IDLE_GOAL,
        ),
        *life,
    ]


async def _life(place: Place) -> list[Figure]:
    """Hold the meetings of a period that has just begun; then run equal bare workflows."""
    now = datetime.now(UTC)
    # Not the month's own: at the end of one, reminders and warnings would be in the figures.
    period = Period(name=_FRESH, began=now - timedelta(hours=1), ends=now + timedelta(days=30))
    await asyncio.to_thread(_open, place, period)
    await _running(place, len(await asyncio.to_thread(_communities, place)))
    numbers = await asyncio.to_thread(_numbers, place)
    with place.cpu() as spent:
        ours = await timed(len(numbers), lambda: _hold_all(place, numbers))
    handle = place.client.get_workflow_handle(workflow_id_of(numbers[0]))
    events = len((await handle.fetch_history()).events)
    plan = await plan_of(handle, last_timer_seconds=0.0)
    async with bare_worker(place.installation.temporal_address):
        bare = await timed(len(numbers), lambda: bare_orders(place, len(numbers), plan))
    return [
        Figure(
            program="duties",
            place=place.name,
            what="events in the history of a meeting that is announced, held and reported",
            value=str(events),
            goal=f"≤ {_MOST_EVENTS}",
            met=events <= _MOST_EVENTS,
        ),
        Figure(
            program="duties",
            place=place.name,
            what=f"whole meetings over HTTP ÷ bare workflows ({ours:.1f}/s ÷ {bare:.1f}/s)",
            value=f"{ours / bare:.2f}",
        ),
        Figure(
            program="duties",
            place=place.name,
            what="CPU-ms of a meeting's whole life over HTTP, by part",
            value=per_piece(spent, len(numbers)),
        ),
    ]


async def _hold_all(place: Place, numbers: Sequence[str]) -> None:
    await asyncio.gather(*(_hold(place, number) for number in numbers))


async def _hold(place: Place, number: str) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=2)
    announced = {"at": soon.isoformat(), "place": "小广场"}
    await _decide(place, number, "plan_meeting", "announce", announced)
    await _decide(place, number, "hold_meeting", "held", {})
    report = {
        "started_at": datetime.now(UTC).isoformat(),
        "ended_at": (datetime.now(UTC) + timedelta(seconds=20)).isoformat(),
        "led_by": "leader",
        "from_department": 2,
        "attendees": 15,
        "summary": "居民没有提出事项。",
        "no_issue_reason": "居民没有提出事项",
        "evidence": "companion",
    }
    await _decide(place, number, "close_meeting", "close", report)
    while _stage(place, number) != "archived":  # noqa: ASYNC110 - another process sets it
        await asyncio.sleep(_LOOK_SECONDS)


async def _decide(place: Place, number: str, kind: str, outcome: str, fields: Mapping[str, Any]) -> None:
    while (task := await asyncio.to_thread(_task, place, number, kind)) is None:  # noqa: ASYNC110 - as above
        await asyncio.sleep(_LOOK_SECONDS)
    username = next(
        each.username
        for each in place.installation.staff
        if may_decide(each.unit, each.roles, unit=task["unit"], role=Role(task["role"]))
    )
    response = await place.http.post(
        f"/api/v1/tasks/{task['task_id']}/decision",
        json={"outcome": outcome, "fields": fields},
        headers={
            "Authorization": f"Bearer {place.installation.tokens[username]}",
            "Idempotency-Key": uuid.uuid4().hex,
        },
    )
    assert response.is_success, response.text


def _opening(place: Place, month: str) -> float:
    """Open a future month, and return the CPU seconds that this process spent per duty."""
    began = datetime.fromisoformat(f"{month}-01T00:00:00+08:00").astimezone(UTC)
    return _open(place, Period(name=month, began=began, ends=began + timedelta(days=30)))


def _open(place: Place, period: Period) -> float:
    """Open a period for every community, and return the CPU seconds that this process spent per duty."""
    communities = _communities(place)
    spent = time.process_time()
    for start in range(0, len(communities), _BATCH):
        with place.store.write() as connection:
            page = f"{place.installation.api_url}/desk/duties"
            open_duties(
                connection,
                communities[start : start + _BATCH],
                period,
                STANDARD_DUTIES,
                page=page,
                now=datetime.now(UTC),
            )
    return (time.process_time() - spent) / len(communities)


def _grow(place: Place, many: int) -> None:
    """Grow the office to `many` communities."""
    with place.store.write() as connection:
        known = current_named(connection)
        more = {
            f"community-{number:04}": Unit(
                code=f"community-{number:04}", name=f"社区{number}", tier=Tier.COMMUNITY, parent=OFFICE
            )
            for number in range(100, 100 + many - len(known.communities))
        }
        grown = replace(known, units={**known.units, **more})
        load(connection, grown, source="bench", loaded_by="administrator-1", now=datetime.now(UTC))


def _communities(place: Place) -> Sequence[str]:
    with place.store.read() as connection:
        return communities_of(connection)


async def _running(place: Place, count: int) -> None:
    """Wait until the workflows of `count` new duties run."""
    while await asyncio.to_thread(_unstarted, place):  # noqa: ASYNC110 - another process sets it
        await asyncio.sleep(_LOOK_SECONDS)
    say(f"{place.name}: {count} duties run")


def _unstarted(place: Place) -> bool:
    with place.store.read() as connection:
        none_yet = connection.execute(text("SELECT 1 FROM duty LIMIT 1")).first() is None
        left = connection.execute(
            text("SELECT 1 FROM outbox WHERE done_at IS NULL AND kind = 'start' LIMIT 1")
        )
        return none_yet or left.first() is not None


def _numbers(place: Place) -> Sequence[str]:
    query = text("SELECT duty_no FROM duty WHERE period = :period AND team IS NOT NULL")
    with place.store.read() as connection:
        return list(connection.execute(query, {"period": _FRESH}).scalars())


def _stage(place: Place, number: str) -> str:
    with place.store.read() as connection:
        return str(connection.scalar(text("SELECT stage FROM matter WHERE matter_no = :no"), {"no": number}))


def _task(place: Place, number: str, kind: str) -> Mapping[str, Any] | None:
    query = text(
        "SELECT task_id, unit, role FROM task WHERE matter_no = :no AND kind = :kind AND state = 'open'"
    )
    with place.store.read() as connection:
        row = connection.execute(query, {"no": number, "kind": kind}).mappings().first()
        return dict(row) if row else None
