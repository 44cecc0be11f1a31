"""Orders under the real policy, sent forward in time: every instant is the one that the rules give."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.testing import TimeSkipper

from demo.stories import Teller, Told
from domain.deadlines import Basis, ClockFacts, clock, promise
from domain.orders import OrderClass
from domain.policy import STANDARD
from domain.workdays import WorkCalendar, wall_time
from messages.names import COMPLETE_TASK, order_workflow_id
from tests.support.production import Stack

ON_TIME = timedelta(seconds=5)
"""How long after its instant a timer may be recorded: the server's own steps between skips."""
BODY = {
    "kind": "complaint",
    "description": "路边停放多辆废弃车辆，长期无人处理。",
    "requester": {"phone": "000-0000"},
    "place": {"community": "community-03"},
    "category": "noise",
}


@pytest.fixture(scope="module")
def policy() -> str:
    return "standard"


@pytest_asyncio.fixture(loop_scope="session")
async def skipper(stack: Stack) -> TimeSkipper:
    return TimeSkipper(await stack.client())


async def forward(stack: Stack, skipper: TimeSkipper, told: Told, by: timedelta) -> bool:
    """Send an order forward; `False` if it ended before."""
    client = await stack.client()
    return await skipper.fast_forward(client.get_workflow_handle(order_workflow_id(told.order_no)), by)


async def in_the_community(teller: Teller) -> Told:
    """Place an order and let a community begin with it."""
    told = await teller.place("hotline", BODY)
    await told.decide("first_contact", "refer", text="请派单")
    await told.decide("classify", "general", unit="community-03")
    await told.decide("acknowledge", "accept")
    return told


async def by_signal(stack: Stack, told: Told, kind: str, outcome: str, *, comment: str) -> None:
    """Decide in the order's own time: the API's clock is behind an order that was sent forward."""
    task = await told.task(kind)
    client = await stack.client()
    await client.get_workflow_handle(order_workflow_id(told.order_no)).signal(
        COMPLETE_TASK,
        {
            "task_id": task["task_id"],
            "decision_id": f"skipped-{task['task_id']}",
            "actor": "operator",
            "outcome": outcome,
            "comment": comment,
        },
    )
    await told.reaches("follow_up")


def at(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["at"])


def due(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["data"]["due_at"])


async def test_an_order_that_nobody_touches(stack: Stack, skipper: TimeSkipper, teller: Teller) -> None:
    told = await teller.place("hotline", BODY)
    await forward(stack, skipper, told, timedelta(days=30))
    events = await told.events()
    order = await told.order()
    assert [each["seq"] for each in events] == list(range(1, len(events) + 1))
    assert (order["stage"], order["tier"], order["overdue"]) == ("supervision", "district", True)
    received = at(events[0])
    assert (
        datetime.fromisoformat(order["promised_at"])
        == promise(received, OrderClass.GENERAL, STANDARD, WorkCalendar({})).at
    )

    passed = [each for each in events if each["type"] == "LimitPassed"]
    assert len(passed) >= 6
    for each in passed:
        assert timedelta(0) <= at(each) - due(each) <= ON_TIME, each

    # The first limit is the intake's own; every later one begins when the one before has passed.
    first = clock(ClockFacts(basis=Basis.FIRST_CONTACT, since=received), STANDARD, WorkCalendar({}))
    assert due(passed[0]) == first.due_at
    began = [at(each) for each in events if each["type"] == "SupervisionBegan"]
    ended = [due(each) for each in passed if each["data"].get("kind") == "supervise"]
    lasted = [end - start for start, end in zip(began, ended, strict=False)]
    assert lasted[:3] == [timedelta(days=1), timedelta(days=2), timedelta(days=4)]


async def test_an_order_that_goes_up_a_tier_and_is_done_there(
    stack: Stack, skipper: TimeSkipper, teller: Teller
) -> None:
    told = await in_the_community(teller)
    await forward(stack, skipper, told, timedelta(days=5, minutes=1))
    events = await told.events()
    received = at(events[0])
    (passed,) = (each for each in events if each["type"] == "LimitPassed")
    assert due(passed) == received + timedelta(days=5)
    (work,) = (await told.order())["tasks"]
    assert (work["kind"], work["tier"]) == ("handle", "street")
    assert timedelta(0) <= datetime.fromisoformat(work["due_at"]) - at(passed) - timedelta(days=2) <= ON_TIME

    await forward(stack, skipper, told, timedelta(days=1))
    await by_signal(stack, told, "handle", "report_result", comment="已协调解决。")
    await told.resident("rating", {"solved": "yes", "satisfied": "yes"})
    await told.reaches("closed")
    order = await told.order()
    assert (order["ending"], order["escalations"], order["overdue"]) == ("resolved", 1, True)
    # What was promised stays, broken or not.
    assert datetime.fromisoformat(order["promised_at"]) == received + timedelta(days=5)


async def test_an_order_that_the_resident_sends_back(
    stack: Stack, skipper: TimeSkipper, teller: Teller
) -> None:
    told = await in_the_community(teller)
    await told.decide("handle", "report_result", text="已处理。")
    await told.reaches("follow_up")
    await forward(stack, skipper, told, timedelta(hours=20))
    await told.resident("rating", {"solved": "no", "satisfied": "no"})
    await told.reaches("handling")
    (began,) = (each for each in await told.events() if each["type"] == "RoundBegan")
    order = await told.order()
    assert order["round"] == 2
    assert datetime.fromisoformat(order["promised_at"]) - at(began) == timedelta(days=3)

    await forward(stack, skipper, told, timedelta(days=2))
    await by_signal(stack, told, "handle", "report_result", comment="已彻底处理。")
    await told.resident("rating", {"solved": "yes", "satisfied": "basically"})
    await told.reaches("closed")
    assert (await told.order())["overdue"] is False


async def test_an_order_that_is_done_in_time_and_archived(
    stack: Stack, skipper: TimeSkipper, teller: Teller
) -> None:
    told = await teller.place("hotline", BODY)
    await told.decide("first_contact", "refer", text="请派单")
    await told.decide("classify", "general", unit="street-urban-management")
    await told.decide("acknowledge", "accept")
    handle = await told.task("handle")
    assert await forward(stack, skipper, told, timedelta(days=4, hours=12))
    assert any(
        each["type"] == "TaskReminded" and each["task_id"] == handle["task_id"]
        for each in await told.events()
    )
    await told.decide("handle", "report_result", text="已清走五辆废弃车辆。")
    # The call-back opens in the order's own time, which is ahead of the API's: the resident answers first.
    await told.resident("rating", {"solved": "yes", "satisfied": "yes"})
    await told.reaches("closed")
    assert not await forward(stack, skipper, told, wall_time(STANDARD.reopening_window) + timedelta(days=1))
    order = await told.order()
    assert (order["stage"], order["ending"], order["overdue"]) == ("archived", "resolved", False)
    events = await told.events()
    closed, archived = (
        next(each for each in events if each["type"] == name) for name in ("OrderClosed", "OrderArchived")
    )
    assert timedelta(0) <= at(archived) - at(closed) - wall_time(STANDARD.reopening_window) <= ON_TIME
