"""Paths of a duty, for recorded histories; `tests.replay.paths` plays and records them with those of orders."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from domain.duty.lifecycle import DutyTask
from messages.names import MATTER_ACTION
from store.telling.holds import order_hold
from tests.support.office import Office, now
from tests.support.stories.meetings import CALM, LATE, RUSHED, TEAM, Meetings

_SOON: Final = timedelta(seconds=4)
_turn = asyncio.Lock()


async def _open(office: Office, community: str, **how: object) -> tuple[Meetings, str]:
    meetings = Meetings(office)
    async with _turn:
        meetings.set_up(TEAM)
        return meetings, await meetings.open(community=community, **how)  # type: ignore[arg-type]


async def meeting_kept(office: Office) -> str:
    """Announced, postponed, held, and reported with issues."""
    meetings, duty_no = await _open(office, "community-03")
    await meetings.announced(duty_no)
    at = (now() + timedelta(seconds=3)).isoformat()
    await meetings.decide(duty_no, DutyTask.HOLD_MEETING, "postpone", at=at, reason="weather")
    await meetings.decide(duty_no, DutyTask.HOLD_MEETING, "held")
    issues = [{"text": "路灯不亮"}, {"text": "如何认证", "answer": "已当场演示"}]
    await meetings.closed(duty_no, issues=issues, no_issue_reason=None, evidence="orders")
    await meetings.result(duty_no)
    return duty_no


async def meeting_planned_again(office: Office) -> str:
    """Cancelled, announced again, held, found not to have been held, and finally reported."""
    meetings, duty_no = await _open(office, "community-04")
    await meetings.announced(duty_no)
    await meetings.decide(duty_no, DutyTask.HOLD_MEETING, "cancel", reason="weather")
    await meetings.held(duty_no)
    await meetings.decide(duty_no, DutyTask.CLOSE_MEETING, "not_held", reason="nobody_came")
    await meetings.held(duty_no)
    await meetings.closed(duty_no)
    await meetings.result(duty_no)
    return duty_no


async def meeting_excused(office: Office) -> str:
    """Denied first, then excused by a leader."""
    meetings, duty_no = await _open(office, "community-05")
    for verdict, said in (("revise", {"text": "请按期召开"}), ("approve", {})):
        await meetings.offers(duty_no, "request_excuse")
        await meetings.decide(
            duty_no, DutyTask.PLAN_MEETING, "request_excuse", reason="disaster", text="本月汛情"
        )
        await meetings.decide(duty_no, DutyTask.REVIEW, verdict, **said)
    await meetings.result(duty_no)
    return duty_no


async def meeting_missed(office: Office) -> str:
    """Nobody acts: reminded, reported as a shortage, missed, supervised up to the district, and over in the end."""
    meetings, duty_no = await _open(office, "community-06", lasts=_SOON, book=RUSHED)
    await meetings.result(duty_no)
    return duty_no


async def meeting_concluded(office: Office) -> str:
    """Missed; a leader urges, and takes note in the end."""
    meetings, duty_no = await _open(office, "community-07", lasts=_SOON, book=CALM)
    await office.settled(await meetings.decide(duty_no, DutyTask.SUPERVISE, "urge"))
    await meetings.decide(duty_no, DutyTask.SUPERVISE, "conclude", reason="no_reason_given", text="未见报备")
    await meetings.result(duty_no)
    return duty_no


async def meeting_entered_late(office: Office) -> str:
    """Held in time and reported when the free days are over: denied first, then approved."""
    meetings, duty_no = await _open(office, "community-08", lasts=timedelta(seconds=6), book=LATE)
    await meetings.held(duty_no)
    report = meetings.report()
    await office.eventually(lambda: "FreeEntryEnded" in office.types(duty_no), "the end of the free days")
    for verdict, said in (("revise", {"text": "请补充签到"}), ("approve", {})):
        await meetings.decide(duty_no, DutyTask.CLOSE_MEETING, "close", **report)
        await meetings.decide(duty_no, DutyTask.REVIEW, verdict, **said)
    await meetings.result(duty_no)
    return duty_no


async def meeting_stopped(office: Office) -> str:
    """A hold of the office, and signals typed by hand that are refused."""
    meetings, duty_no = await _open(office, "community-09")
    await office.signal(
        duty_no, {"action_id": "a", "actor": "somebody", "action": "urge"}, name=MATTER_ACTION
    )
    await office.signal(duty_no, name=MATTER_ACTION)
    await office.signal(duty_no, {}, name="order_action")
    async with _turn:
        with office.store.write() as connection:
            until = now() + timedelta(seconds=2)
            order_hold(connection, reason="台风", until=until, ordered_by="leader-1", now=now())
        await office.drain()
    await office.eventually(lambda: "HoldOrdered" in office.types(duty_no), "the hold")
    await office.eventually(lambda: not meetings.row(duty_no)["held"], "the end of the hold")
    await meetings.held(duty_no)
    await meetings.closed(duty_no)
    await meetings.result(duty_no)
    return duty_no


DUTY_PATHS: Final[tuple[Callable[[Office], Awaitable[str]], ...]] = (
    meeting_kept,
    meeting_planned_again,
    meeting_excused,
    meeting_missed,
    meeting_concluded,
    meeting_entered_late,
    meeting_stopped,
)
"""The recorded paths."""
