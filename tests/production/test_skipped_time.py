"""Orders under the real policy, sent forward in time: every instant is the one that the rules calculate.

The calendar begins today, because time only goes forward from now: in the coming week two weekdays are off, and the
Saturday after is worked instead (调休).
"""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.testing import TimeSkipper

from demo.teller import Teller, Told
from domain.calendar.instants import local
from domain.calendar.workdays import CalendarYear, DueTime, WorkCalendar, wall_time
from domain.matter.clocks import after_rest
from domain.office.words import OrderClass
from domain.order.deadlines import Basis, ClockFacts, clock, promise, round_promise
from domain.order.policy import STANDARD_2
from messages.names import COMPLETE_TASK, order_workflow_id
from tests.support.machine.production import Stack

SATURDAY = 5
ON_TIME = timedelta(seconds=5)
"""How long after its instant a timer may be recorded, because of the server's own steps between skips."""
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


@pytest.fixture(scope="module", autouse=True)
def calendar(stack: Stack) -> WorkCalendar:
    """Load the calendar with the command, from tables as an office writes them, and return it."""
    today = local(datetime.now(UTC)).date()
    week = [today + timedelta(days=ahead) for ahead in range(1, 15)]
    off = [day for day in week if day.weekday() < SATURDAY][1:3]
    worked = next(day for day in week if day.weekday() == SATURDAY and day > off[-1])
    years = {}
    for year in (today.year, today.year + 1):
        fixed = [date(year, *day) for day in ((1, 1), (5, 1), (10, 1))]
        days_off = frozenset(day for day in (*fixed, *off) if day.year == year)
        make_up = frozenset(day for day in (worked,) if day.year == year)
        lines = [f"{day},off,假日" for day in sorted(days_off)] + [f"{day},work,调休" for day in make_up]
        table = stack.folder / f"{year}.csv"
        table.write_text("\n".join(["date,kind,name", *lines]) + "\n", encoding="utf-8")
        load = ("calendar", "load", str(table), "--year", str(year), "--source", "test", "--unusual")
        said = stack.run("setup", "dingdan", *load)
        assert f"calendar of {year}" in said
        years[year] = CalendarYear(
            year=year, version=1, source="test", days_off=days_off, make_up_days=make_up
        )
    return WorkCalendar(years)


@pytest_asyncio.fixture(loop_scope="session")
async def skipper(stack: Stack) -> TimeSkipper:
    return TimeSkipper(await stack.client())


async def until(stack: Stack, skipper: TimeSkipper, told: Told, instant: datetime) -> None:
    """Send an order forward by the time from now to an instant."""
    assert await forward(stack, skipper, told, instant - datetime.now(UTC))


async def forward(stack: Stack, skipper: TimeSkipper, told: Told, by: timedelta) -> bool:
    """Send an order forward; return `False` if it ended before."""
    client = await stack.client()
    return await skipper.fast_forward(client.get_workflow_handle(order_workflow_id(told.order_no)), by)


async def in_the_community(teller: Teller) -> Told:
    """Place an order, and let a community accept it."""
    told = await teller.place("hotline", BODY)
    await told.decide("first_contact", "refer", text="请派单")
    await told.decide("classify", "general", unit="community-03")
    await told.decide("acknowledge", "accept")
    return told


async def by_signal(
    stack: Stack,
    told: Told,
    kind: str,
    outcome: str,
    *,
    comment: str = "",
    actor: str = "operator",
    **fields: str,
) -> None:
    """Decide by signal, in the order's own time: the API's clock is behind an order that was sent forward."""
    task = await told.task(kind)
    client = await stack.client()
    await client.get_workflow_handle(order_workflow_id(told.order_no)).signal(
        COMPLETE_TASK,
        {
            "task_id": task["task_id"],
            "decision_id": f"skipped-{task['task_id']}",
            "actor": actor,
            "outcome": outcome,
            "fields": fields,
            "comment": comment,
        },
    )
    if kind in {"handle", "review"}:
        await told.reaches("review" if kind == "handle" else "follow_up")


async def said_no(stack: Stack, skipper: TimeSkipper, told: Told, *, reviewer: str) -> None:
    """Let the unit report, the reviewer approve, and the resident say that nothing was solved."""
    await forward(stack, skipper, told, timedelta(hours=3))
    await by_signal(stack, told, "handle", "report_result", comment="已处理。")
    await by_signal(stack, told, "review", "approve", actor=reviewer)
    await told.resident("rating", {"solved": "no", "satisfied": "no"})


def at(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["at"])


def instant(shown: dict[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(shown[name])


def due(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["data"]["due_at"])


async def test_an_order_that_nobody_touches(
    stack: Stack, skipper: TimeSkipper, teller: Teller, calendar: WorkCalendar
) -> None:
    told = await teller.place("hotline", BODY)
    await forward(stack, skipper, told, timedelta(days=50))
    events = await told.events()
    order = await told.order()
    assert [each["seq"] for each in events] == list(range(1, len(events) + 1))
    assert (order["stage"], order["tier"], order["overdue"]) == ("supervision", "district", True)
    received = at(events[0])
    assert instant(order, "promised_at") == promise(received, OrderClass.GENERAL, STANDARD_2, calendar).at

    passed = [each for each in events if each["type"] == "LimitPassed"]
    assert len(passed) >= 6
    for each in passed:
        assert timedelta(0) <= at(each) - due(each) <= ON_TIME, each

    # The intake sets the first limit; every later one begins when the one before has passed.
    first = clock(ClockFacts(basis=Basis.FIRST_CONTACT, since=received), STANDARD_2, calendar)
    assert due(passed[0]) == first.due_at
    began = [at(each) for each in events if each["type"] == "SupervisionBegan"]
    ended = [due(each) for each in passed if each["data"].get("kind") == "supervise"]
    assert len(ended) >= 3
    for repetition, (start, end) in enumerate(zip(began, ended, strict=False), start=1):
        facts = ClockFacts(basis=Basis.SUPERVISION, since=start, repetition=repetition)
        assert end == clock(facts, STANDARD_2, calendar).due_at


async def test_an_order_that_goes_up_a_tier_and_is_done_there(
    stack: Stack, skipper: TimeSkipper, teller: Teller, calendar: WorkCalendar
) -> None:
    told = await in_the_community(teller)
    promised = instant(await told.order(), "promised_at")
    await until(stack, skipper, told, promised + timedelta(minutes=1))
    (passed,) = (each for each in await told.events() if each["type"] == "LimitPassed")
    assert due(passed) == promised
    work, helper = (await told.order())["tasks"]
    assert (helper["kind"], helper["unit"]) == ("assist", "community-03")
    assert (work["kind"], work["tier"]) == ("handle", "street")
    facts = ClockFacts(basis=Basis.ESCALATED, since=at(passed), order_class=OrderClass.GENERAL)
    assert instant(work, "due_at") == clock(facts, STANDARD_2, calendar).due_at

    await forward(stack, skipper, told, timedelta(hours=20))
    await by_signal(stack, told, "handle", "report_result", comment="已协调解决。")
    await by_signal(stack, told, "review", "approve", actor="desk-1")
    await told.resident("rating", {"solved": "yes", "satisfied": "yes"})
    await told.reaches("closed")
    order = await told.order()
    assert (order["ending"], order["escalations"], order["overdue"]) == ("resolved", 1, True)
    # The promise stays, broken or not.
    assert instant(order, "promised_at") == promised


async def test_an_order_that_the_resident_sends_back(
    stack: Stack, skipper: TimeSkipper, teller: Teller, calendar: WorkCalendar
) -> None:
    told = await in_the_community(teller)
    await told.report("已处理。")
    await told.reaches("follow_up")
    await forward(stack, skipper, told, timedelta(hours=5))
    await told.resident("rating", {"solved": "no", "satisfied": "no"})
    await told.reaches("handling")
    (began,) = (each for each in await told.events() if each["type"] == "RoundBegan")
    order = await told.order()
    assert order["round"] == 2
    assert instant(order, "promised_at") == round_promise(at(began), STANDARD_2, calendar).at

    await forward(stack, skipper, told, timedelta(days=1))
    await by_signal(stack, told, "handle", "report_result", comment="已彻底处理。")
    await by_signal(stack, told, "review", "approve", actor="desk-2")
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
    await until(stack, skipper, told, instant(handle, "due_at") - timedelta(minutes=10))
    assert any(
        each["type"] == "TaskReminded" and each["task_id"] == handle["task_id"]
        for each in await told.events()
    )
    await by_signal(stack, told, "handle", "report_result", comment="已清走五辆废弃车辆。")
    await by_signal(stack, told, "review", "approve", actor="desk-1")
    # The call-back opens in the order's own time, which is ahead of the API's: the resident answers first.
    await told.resident("rating", {"solved": "yes", "satisfied": "yes"})
    await told.reaches("closed")
    window = wall_time(STANDARD_2.reopening_window)
    assert not await forward(stack, skipper, told, window + timedelta(days=1))
    order = await told.order()
    assert (order["stage"], order["ending"], order["overdue"]) == ("archived", "resolved", False)
    events = await told.events()
    closed, archived = (
        next(each for each in events if each["type"] == name) for name in ("OrderClosed", "MatterArchived")
    )
    assert timedelta(0) <= at(archived) - at(closed) - window <= ON_TIME


async def test_ten_working_days_across_a_holiday_with_its_make_up_day(
    stack: Stack, skipper: TimeSkipper, teller: Teller, calendar: WorkCalendar
) -> None:
    told = await teller.place("hotline", {**BODY, "category": "old_housing"})
    await told.decide("first_contact", "refer", text="请派单")
    await told.decide("classify", "complex", unit="street-construction")
    await told.decide("acknowledge", "accept")
    order = await told.order()
    received, promised = instant(order, "received_at"), instant(order, "promised_at")
    assert promised == promise(received, OrderClass.COMPLEX, STANDARD_2, calendar).at
    # Counted by hand: the day of receipt does not count, two weekdays are off, and one Saturday is worked.
    day, counted = local(received).date(), 0
    while counted < 10:
        day += timedelta(days=1)
        year = calendar.years[day.year]
        works = day.weekday() < SATURDAY and day not in year.days_off
        counted += works or day in year.make_up_days
    assert local(promised).date() == day

    await until(stack, skipper, told, promised - timedelta(minutes=1))
    assert (await told.order())["tier"] == "street"
    await forward(stack, skipper, told, timedelta(minutes=2))
    order = await told.order()
    assert (order["tier"], order["escalations"], order["overdue"]) == ("district", 1, True)
    (passed,) = (each for each in await told.events() if each["type"] == "LimitPassed")
    assert due(passed) == promised
    assert timedelta(0) <= at(passed) - promised <= ON_TIME


async def extended(told: Told, *, by: str) -> datetime:
    """Let the unit ask for two more days and `by` grant them; return the new promise."""
    order, work = await told.order(), await told.task("handle")
    latest = max(instant(order, "promised_at"), instant(work, "due_at"))
    asked = (latest + timedelta(days=2)).replace(microsecond=0)
    await told.decide("handle", "request_extension", due_at=asked.isoformat(), reason="third_party")
    assert (await told.task("review"))["role"] == by
    await told.decide("review", "approve")
    assert instant(await told.order(), "promised_at") == instant(await told.task("handle"), "due_at") == asked
    return asked


async def test_an_order_extended_twice(stack: Stack, skipper: TimeSkipper, teller: Teller) -> None:
    told = await in_the_community(teller)
    await extended(told, by="street_desk")
    await told.decide("handle", "hand_up", text="社区办不了。")
    asked = await extended(told, by="district_desk")
    task = await told.task("handle")
    work = await teller.get(f"/api/v1/tasks/{task['task_id']}", teller.somebody_for(task))
    assert "request_extension" not in [each["name"] for each in work["outcomes"]]

    await until(stack, skipper, told, asked + timedelta(minutes=1))
    passed = [each for each in await told.events() if each["type"] == "LimitPassed"]
    (last,) = (each for each in passed if each["data"]["kind"] == "handle")
    assert due(last) == asked
    assert timedelta(0) <= at(last) - asked <= ON_TIME
    order = await told.order()
    assert (order["tier"], order["escalations"], instant(order, "promised_at")) == ("district", 2, asked)


async def test_an_order_reworked_twice_and_then_supervised(
    stack: Stack, skipper: TimeSkipper, teller: Teller, calendar: WorkCalendar
) -> None:
    told = await in_the_community(teller)
    for reviewer in ("desk-1", "desk-2", "desk-1"):
        await said_no(stack, skipper, told, reviewer=reviewer)
        await told.reaches("handling", "supervision")
    began = [each for each in await told.events() if each["type"] == "RoundBegan"]
    assert [each["data"] for each in began] == [{"cause": "rework", "round": number} for number in (2, 3, 4)]
    order = await told.order()
    assert (order["stage"], order["round"]) == ("supervision", 4)
    assert instant(order, "promised_at") == round_promise(at(began[-1]), STANDARD_2, calendar).at
    facts = ClockFacts(basis=Basis.SUPERVISION, since=at(began[-1]))
    watch = await told.task("supervise")
    expected = clock(facts, STANDARD_2, calendar).due_at
    assert abs(instant(watch, "due_at") - expected) <= ON_TIME

    await by_signal(
        stack, told, "supervise", "conclude", comment="无法进一步处理。", reason="no_solution_in_sight"
    )
    await told.reaches("follow_up")
    await told.resident("rating", {"solved": "no", "satisfied": "no"})
    await told.reaches("closed")
    order = await told.order()
    assert (order["ending"], order["round"]) == ("unresolved", 4)


async def test_an_order_that_is_paused(
    stack: Stack, skipper: TimeSkipper, teller: Teller, calendar: WorkCalendar
) -> None:
    told = await in_the_community(teller)
    promised = instant(await told.order(), "promised_at")
    until_then = (datetime.now(UTC) + timedelta(days=6)).replace(microsecond=0)
    await told.decide("handle", "request_pause", until=until_then.isoformat(), reason="third_party")
    await told.decide("review", "approve")
    await told.reaches("paused")
    granted = next(each for each in await told.events() if each["type"] == "RequestGranted")
    assert instant(await told.order(), "promised_at") == promised

    # Long past the first promise: waiting in a pause makes nobody late.
    await until(stack, skipper, told, until_then - timedelta(minutes=1))
    assert (await told.order())["stage"] == "paused"
    await forward(stack, skipper, told, timedelta(minutes=2))
    order = await told.order()
    (ended,) = (each for each in await told.events() if each["type"] == "RestEnded")
    assert timedelta(0) <= at(ended) - until_then <= ON_TIME
    resumed = next(each for each in await told.events() if each["type"] == "WorkResumed")
    limit = STANDARD_2.class_limits[OrderClass.GENERAL]
    moved = after_rest(DueTime(promised), at(granted), at(resumed), limit, calendar).at
    assert instant(order, "promised_at") == instant(await told.task("handle"), "due_at") == moved > promised
    assert (order["overdue"], order["escalations"]) == (False, 0)

    # The order's own time is ahead by now, so the rest is counted from its last event.
    await forward(stack, skipper, told, moved - at(resumed) + timedelta(minutes=1))
    (passed,) = (each for each in await told.events() if each["type"] == "LimitPassed")
    assert due(passed) == moved


async def test_an_order_held_and_released_with_the_whole_office(
    stack: Stack, skipper: TimeSkipper, teller: Teller, calendar: WorkCalendar
) -> None:
    lifted, held = [await in_the_community(teller) for _ in range(2)]
    promised = {told.order_no: instant(await told.order(), "promised_at") for told in (lifted, held)}
    until_then = (datetime.now(UTC) + timedelta(days=5)).replace(second=0, microsecond=0)
    command = ("setup", "dingdan", "hold", "--as", "administrator-1")
    stack.run(*command, "--reason", "台风", "--until", until_then.isoformat(timespec="minutes"))
    try:
        async with asyncio.timeout(60):
            while not all([(await told.order())["held"] for told in (lifted, held)]):  # noqa: ASYNC110
                await asyncio.sleep(0.5)
        began = await _held_since(held)

        await until(stack, skipper, held, until_then + timedelta(minutes=1))
        await _moved_by_the_hold(held, promised[held.order_no], began, until_then, calendar)
    finally:
        stack.run(*command, "--lift")
    async with asyncio.timeout(60):
        while (await lifted.order())["held"]:  # noqa: ASYNC110 - another process sets it
            await asyncio.sleep(0.5)
    (released,) = (each for each in await lifted.events() if each["type"] == "MatterReleased")
    began = await _held_since(lifted)
    ended = datetime.fromisoformat(released["data"]["at"])
    await _moved_by_the_hold(lifted, promised[lifted.order_no], began, ended, calendar)


async def _held_since(told: Told) -> datetime:
    """Return the beginning of the hold: a moment before the order is told, and perhaps before the lunch break."""
    (held,) = (each for each in await told.events() if each["type"] == "MatterHeld")
    return datetime.fromisoformat(held["data"]["since"])


async def _moved_by_the_hold(
    told: Told, promised: datetime, began: datetime, ended: datetime, calendar: WorkCalendar
) -> None:
    """Check that the promise moved by the hold, counted from the second in which the orders were told."""
    order = await told.order()
    assert (order["held"], order["overdue"]) == (False, False)
    limit = STANDARD_2.class_limits[OrderClass.GENERAL]
    moved = after_rest(DueTime(promised), began, ended, limit, calendar).at
    assert abs(instant(order, "promised_at") - moved) <= timedelta(minutes=1)
    assert instant(await told.task("handle"), "due_at") == instant(order, "promised_at")
