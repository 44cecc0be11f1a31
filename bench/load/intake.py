"""The cost of an accepted order, beside a bare `start_workflow` on the same server."""

import uuid
from datetime import UTC, datetime, timedelta

import httpx2
from temporalio.client import Client

from bench.figures import Figure, median, say
from bench.places import CONCURRENT, EMBEDDED, Place, per_piece, rate
from domain.office.first_directory import FIRST
from messages.matter.tasks import OpenTask
from messages.names import TASK_QUEUE
from messages.office.directory import Routing
from messages.order.workflow import StartOrder

_WARM_UP = 50
_CPU_GOAL_MS = 7.0
_RATIO_GOALS = {EMBEDDED: 0.8}
_RATIO_GOAL_PRODUCTION = 0.6


async def measure(place: Place, *, orders: int, rounds: int, how: str) -> list[Figure]:
    """Place orders and start bare workflows in turns."""
    await rate(_WARM_UP, lambda _: post(place))
    await rate(_WARM_UP, lambda _: _start(place.client))
    ratios, cpus = [], []
    for number in range(1, rounds + 1):
        with place.cpu() as spent:
            ours = await rate(orders, lambda _: post(place))
        bare = await rate(orders, lambda _: _start(place.client))
        ratios.append(ours / bare)
        cpus.append(spent["API"] / orders * 1000)
        say(
            f"{place.name}, {how}, round {number}: POST {ours:.0f}/s, raw start {bare:.0f}/s, "
            f"ratio {ours / bare:.2f}; CPU-ms an order: {per_piece(spent, orders)}"
        )
    ratio, cpu = median(ratios), median(cpus)
    goal = _RATIO_GOALS.get(place.name, _RATIO_GOAL_PRODUCTION)
    where = f"{place.name}, {how}"
    return [
        Figure(
            program="intake",
            place=where,
            what="API CPU of an accepted order",
            value=f"{cpu:.1f} ms",
            goal=f"≤ {_CPU_GOAL_MS:g} ms",
            met=cpu <= _CPU_GOAL_MS,
        ),
        Figure(
            program="intake",
            place=where,
            what=f"`POST /orders` ÷ raw `start_workflow`, {CONCURRENT} at a time ({ours:.0f}/s ÷ {bare:.0f}/s last)",
            value=f"{ratio:.2f} ({min(ratios):.2f}–{max(ratios):.2f})",
            goal=f"≥ {goal:g}",
            met=ratio >= goal,
        ),
        Figure(
            program="intake", place=where, what="CPU-ms an order, by part", value=per_piece(spent, orders)
        ),
    ]


async def post(place: Place) -> str:
    """Place an order over HTTP, and return its number."""
    response = await place.http.post(
        "/api/v1/orders",
        json={
            "channel": "hotline",
            "kind": "complaint",
            "description": "路边停放多辆废弃车辆，长期无人处理，请尽快清走。",
            "requester": {"phone": "000-0000"},
            "place": {"community": "community-03"},
        },
        headers={
            "Authorization": f"Bearer {place.installation.keys['demo-hotline']}",
            "Idempotency-Key": uuid.uuid4().hex,
        },
    )
    assert response.status_code == httpx2.codes.CREATED, response.text
    return str(response.json()["order_no"])


async def _start(client: Client) -> None:
    """Start the same workflow with an input of the same size, using the SDK alone."""
    number = uuid.uuid4().hex
    await client.start_workflow("Order", _input(number), id=f"bare-{number}", task_queue=TASK_QUEUE)


def _input(number: str) -> StartOrder:
    now = datetime.now(UTC)
    task = OpenTask(
        task_id=number,
        kind="first_contact",
        unit="street",
        tier="street",
        role="duty_officer",
        opened_at=now,
        due_at=now + timedelta(hours=2),
        remind_at=now + timedelta(hours=1),
    )
    return StartOrder(
        order_no=number,
        policy="standard",
        channel="hotline",
        community="community-03",
        received_at=now,
        can_be_called=True,
        first_task=task,
        routing=Routing.of(FIRST, category=None, community="community-03"),
    )
