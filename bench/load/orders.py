"""Complete orders from the request to the archive, beside a bare workflow with as many steps."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable

from sqlalchemy import text

from bench.bare import QUEUE, Plan, bare_worker, plan_of
from bench.figures import Figure, median, say
from bench.load.intake import post
from bench.places import Place, per_piece, rate, timed
from domain.calendar.workdays import wall_time
from domain.order.policy import SECONDS
from messages.names import COMPLETE_TASK, order_workflow_id

_GOAL = 0.7
_ANSWERS = {
    "first_contact": ("resolve", {"text": "已当场答复。"}, "duty-1"),
    "follow_up": ("reached", {"solved": "yes", "satisfied": "yes"}, "call-back-1"),
}
_LOOK_SECONDS = 0.1
Decide = Callable[[Place, str, str, str], Awaitable[None]]


async def measure(place: Place, *, orders: int, rounds: int) -> list[Figure]:
    """Complete orders, answered on the spot and called back, over HTTP and by signals alone; then bare workflows."""
    (sample,) = await complete(place, 1, by_http)
    plan = await plan_of(
        place.client.get_workflow_handle(order_workflow_id(sample)),
        last_timer_seconds=wall_time(SECONDS.reopening_window).total_seconds(),
    )
    say(
        f"{place.name}: an order is {plan.signals} signals, {plan.activities} activities, {plan.timers} timers"
    )
    over_http, by_signals = [], []
    async with bare_worker(place.installation.temporal_address):
        for number in range(1, rounds + 1):
            with place.cpu() as spent:
                http = await timed(orders, lambda: complete(place, orders, by_http))
            signals = await timed(orders, lambda: complete(place, orders, by_signal))
            bare = await timed(orders, lambda: bare_orders(place, orders, plan))
            over_http.append(http / bare)
            by_signals.append(signals / bare)
            say(
                f"{place.name}, round {number}: over HTTP {http:.1f}/s, by signals {signals:.1f}/s, "
                f"bare {bare:.1f}/s; CPU-ms an order: {per_piece(spent, orders)}"
            )
    return [
        Figure(
            program="orders",
            place=place.name,
            what=f"complete orders ÷ bare workflows, {how} ({ours:.1f}/s ÷ {bare:.1f}/s last)",
            value=f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})",
            goal=f"≥ {_GOAL:g}",
            met=median(ratios) >= _GOAL,
        )
        for how, ratios, ours in (
            ("decided by signals", by_signals, signals),
            ("decided over HTTP", over_http, http),
        )
    ] + [
        Figure(
            program="orders",
            place=place.name,
            what="CPU-ms of a complete order over HTTP, by part",
            value=per_piece(spent, orders),
        )
    ]


async def complete(place: Place, count: int, decide: Decide) -> list[str]:
    """Place orders and decide every task as it opens until all are archived; return their numbers."""
    numbers: list[str] = []

    async def place_one(_number: int) -> None:
        numbers.append(await post(place))

    placing = asyncio.create_task(rate(count, place_one))
    decided: set[str] = set()
    while True:
        tasks, archived = await asyncio.to_thread(_look, place)
        mine = set(numbers)
        fresh = [each for each in tasks if each[0] in mine and each[1] not in decided]
        decided.update(task_id for _, task_id, _ in fresh)
        await _all(decide(place, *each) for each in fresh)
        if placing.done() and mine <= archived:
            placing.result()
            return numbers
        await asyncio.sleep(_LOOK_SECONDS)


async def by_http(place: Place, order_no: str, task_id: str, kind: str) -> None:
    """Decide over HTTP, as staff do."""
    del order_no
    outcome, fields, username = _ANSWERS[kind]
    response = await place.http.post(
        f"/api/v1/tasks/{task_id}/decision",
        json={"outcome": outcome, "fields": fields},
        headers={
            "Authorization": f"Bearer {place.installation.tokens[username]}",
            "Idempotency-Key": uuid.uuid4().hex,
        },
    )
    assert response.is_success, response.text


async def by_signal(place: Place, order_no: str, task_id: str, kind: str) -> None:
    """Decide by a bare signal, as an operator does, which measures only the workflow's side."""
    outcome, fields, username = _ANSWERS[kind]
    await place.client.get_workflow_handle(order_workflow_id(order_no)).signal(
        COMPLETE_TASK,
        {
            "task_id": task_id,
            "decision_id": uuid.uuid4().hex,
            "actor": username,
            "outcome": outcome,
            "fields": fields,
        },
    )


async def bare_orders(place: Place, count: int, plan: Plan) -> None:
    """Run bare workflows until they end."""
    ends: list[Awaitable[object]] = []

    async def start(_number: int) -> None:
        handle = await place.client.start_workflow(
            "Bare", plan, id=f"bare-{uuid.uuid4().hex}", task_queue=QUEUE
        )
        for _ in range(plan.signals):
            await handle.signal("go_on", {"decision_id": uuid.uuid4().hex})
        ends.append(asyncio.create_task(handle.result()))

    await rate(count, start)
    await asyncio.gather(*ends)


async def _all(work: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*work)


def _look(place: Place) -> tuple[list[tuple[str, str, str]], set[str]]:
    with place.store.read() as connection:
        tasks = connection.execute(
            text("SELECT matter_no, task_id, kind FROM task WHERE state = 'open'")
        ).all()
        archived = connection.execute(text("SELECT matter_no FROM matter WHERE stage = 'archived'")).all()
    return [tuple(row) for row in tasks], {row[0] for row in archived}
