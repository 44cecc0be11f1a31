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
from messages.names import order_workflow_id
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
    assert datetime.fromisoformat(order["promised_at"]) == promise(received, OrderClass.GENERAL, STANDARD)

    passed = [each for each in events if each["type"] == "LimitPassed"]
    assert len(passed) >= 6
    for each in passed:
        assert timedelta(0) <= at(each) - due(each) <= ON_TIME, each

    # The first limit is the intake's own; every later one begins when the one before has passed.
    first = clock(ClockFacts(basis=Basis.FIRST_CONTACT, since=received), STANDARD)
    assert due(passed[0]) == first.due_at
    supervisions = [each for each in passed if each["data"].get("kind") == "supervise"]
    began = [at(each) for each in events if each["type"] == "SupervisionBegan"]
    for number, (start, end) in enumerate(zip(began, supervisions, strict=False), start=1):
        expected = clock(ClockFacts(basis=Basis.SUPERVISION, since=start, repetition=number), STANDARD)
        assert due(end) == expected.due_at


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
    assert not await forward(stack, skipper, told, STANDARD.reopening_window + timedelta(days=1))
    order = await told.order()
    assert (order["stage"], order["ending"], order["overdue"]) == ("archived", "resolved", False)
    events = await told.events()
    closed, archived = (
        next(each for each in events if each["type"] == name) for name in ("OrderClosed", "OrderArchived")
    )
    assert timedelta(0) <= at(archived) - at(closed) - STANDARD.reopening_window <= ON_TIME
