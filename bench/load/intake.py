"""What an accepted order costs, beside a bare route with the same body and beside a bare `start_workflow`."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import httpx2

from bench.bare_route import KEY, bare_route
from bench.figures import Figure, median, say
from bench.load.starting import start_raw
from bench.places import CONCURRENT, EMBEDDED, Place, per_piece, rate

_WARM_UP = 50
_CPU_GOAL_MS = 7.0
_RATIO_GOALS = {EMBEDDED: 0.8}
_RATIO_GOAL_PRODUCTION = 0.6
_TIMES_KEPT = 4.0
_TIMES_STARTED = 2.4
"""Of the bare route's CPU; source: our decision, ADR-0035."""
_BODY: Final = {
    "channel": "hotline",
    "kind": "complaint",
    "description": "路边停放多辆废弃车辆，长期无人处理，请尽快清走。",
    "requester": {"phone": "000-0000"},
    "place": {"community": "community-03"},
}


async def measure(place: Place, *, orders: int, rounds: int, how: str) -> list[Figure]:
    """Place orders, post to the bare route and start bare workflows in turn."""
    async with bare_route(place) as bare_url:
        return await _measure(place, bare_url, orders=orders, rounds=rounds, how=how)


async def _measure(place: Place, bare_url: str, *, orders: int, rounds: int, how: str) -> list[Figure]:
    place = replace(place, words={**place.words, "bare route": "bench.bare_route"})
    works: dict[str, Callable[[int], Awaitable[object]]] = {
        "POST": lambda _: post(place),
        "bare, kept": lambda _: _post_bare(place, f"{bare_url}/kept"),
        "bare, started": lambda _: _post_bare(place, f"{bare_url}/started"),
        "raw start": lambda _: start_raw(place.client, uuid.uuid4().hex),
    }
    for work in works.values():
        await rate(_WARM_UP, work)
    ratios, cpus, times_kept, times_started = [], [], [], []
    for number in range(1, rounds + 1):
        rates, spent = {}, {}
        for name, work in works.items():
            with place.cpu() as spent[name]:
                rates[name] = await rate(orders, work)
        ours = spent["POST"]["API"]
        ratios.append(rates["POST"] / rates["raw start"])
        cpus.append(ours / orders * 1000)
        times_kept.append(ours / spent["bare, kept"]["bare route"])
        times_started.append(ours / spent["bare, started"]["bare route"])
        say(
            f"{place.name}, {how}, round {number}: "
            f"{', '.join(f'{name} {each:.0f}/s' for name, each in rates.items())}, ratio {ratios[-1]:.2f}; "
            f"API ÷ bare route {times_kept[-1]:.2f}, ÷ with a start {times_started[-1]:.2f}; "
            f"CPU-ms an order: {per_piece(spent['POST'], orders)}"
        )
    ratio, cpu = median(ratios), median(cpus)
    goal = _RATIO_GOALS.get(place.name, _RATIO_GOAL_PRODUCTION)
    where = f"{place.name}, {how}"
    last = f"{rates['POST']:.0f}/s ÷ {rates['raw start']:.0f}/s last"
    return [
        Figure(
            program="intake",
            place=where,
            what="API CPU of an accepted order",
            value=f"{cpu:.1f} ms",
            goal=f"≤ {_CPU_GOAL_MS:g} ms",
            met=cpu <= _CPU_GOAL_MS,
        ),
        _times(where, "a bare route that keeps the body", times_kept, _TIMES_KEPT),
        _times(where, "the same with a raw `start_workflow`", times_started, _TIMES_STARTED),
        Figure(
            program="intake",
            place=where,
            what=f"`POST /orders` ÷ raw `start_workflow`, {CONCURRENT} at a time ({last})",
            value=f"{ratio:.2f} ({min(ratios):.2f}–{max(ratios):.2f})",
            goal=f"≥ {goal:g}",
            met=ratio >= goal,
        ),
        Figure(
            program="intake",
            place=where,
            what="CPU-ms an order, by part",
            value=per_piece(spent["POST"], orders),
        ),
    ]


def _times(where: str, what: str, found: list[float], goal: float) -> Figure:
    times = median(found)
    return Figure(
        program="intake",
        place=where,
        what=f"API CPU of an accepted order ÷ {what}",
        value=f"{times:.2f} ({min(found):.2f}–{max(found):.2f})",
        goal=f"≤ {goal:g}",
        met=times <= goal,
    )


async def post(place: Place) -> str:
    """Place an order over HTTP, and return its number."""
    return await _post(place, "/api/v1/orders", place.installation.keys["demo-hotline"])


async def _post_bare(place: Place, url: str) -> str:
    return await _post(place, url, KEY)


async def _post(place: Place, url: str, key: str) -> str:
    response = await place.http.post(
        url, json=_BODY, headers={"Authorization": f"Bearer {key}", "Idempotency-Key": uuid.uuid4().hex}
    )
    assert response.status_code == httpx2.codes.CREATED, response.text
    return str(response.json()["order_no"])
