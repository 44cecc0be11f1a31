"""The meetings of the demo: a community's courtyard meeting, kept, postponed, missed and excused; all of it fictional.

Assumes that the schedule opens a period every half minute, and that each story waits for one that is fresh.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from demo.teller import PATIENCE, Story, Teller, Told, patience

_LEADER: Final = "leader-1"
_LEAST: Final = timedelta(seconds=18)
"""How much of a period a story needs to hold its meeting in it."""
_REPORT: Final[Mapping[str, Any]] = {
    "led_by": "leader",
    "from_department": 2,
    "attendees": 21,
    "summary": "到场居民就停车、路灯和养老认证提了意见（虚构）。",
}
_ISSUES: Final[Sequence[Mapping[str, str]]] = (
    {"text": "2号楼前的路灯晚上不亮，老人出门看不清。", "category": "public_facilities"},
    {
        "text": "手机上怎么做养老金资格认证？",
        "answer": "已在现场用居民的手机演示并完成认证。",
        "name": "居民甲（虚构）",
        "phone": "000-0000-0021",
    },
    {
        "text": "社区活动室几点开门？",
        "answer": "每天八点到二十点，已在楼道张贴。",
        "name": "居民乙（虚构）",
        "phone": "000-0000-0022",
    },
)


async def _find(teller: Teller, community: str) -> Told:
    """Wait for the meeting of a community in a period that has only just begun."""
    path = f"/api/v1/duties?community={community}&stage=planning"
    async with patience(f"fresh meeting of {community}"):
        while True:
            for each in (await teller.get(path, _LEADER))["items"]:
                # An office that had the real policy before still has meetings that end with their month.
                if _LEAST < datetime.fromisoformat(each["period_ends"]) - datetime.now(UTC) < PATIENCE:
                    return Told(teller=teller, order_no=each["duty_no"], tracking_code="", plural="duties")
            await asyncio.sleep(0.5)


async def _announce(told: Told, place: str) -> None:
    at = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    await told.decide("plan_meeting", "announce", at=at, place=place)


async def _close(told: Told, **more: Any) -> None:
    began = datetime.now(UTC)
    ended = began + timedelta(seconds=30)
    times = {"started_at": began.isoformat(), "ended_at": ended.isoformat()}
    await told.decide("close_meeting", "close", **times, **_REPORT, **more)


async def meeting_with_issues(teller: Teller) -> Told:
    """Announce, hold and report a meeting that brought three issues, two of them solved on the spot."""
    told = await _find(teller, "community-03")
    await _announce(told, "银杏坡社区院坝（虚构）")
    await told.decide("hold_meeting", "held")
    await _close(told, issues=_ISSUES, evidence="orders")
    return told


async def meeting_postponed(teller: Teller) -> Told:
    """Postpone a meeting within its period, and hold it without an issue."""
    told = await _find(teller, "community-05")
    await _announce(told, "望江台社区广场（虚构）")
    at = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
    await told.decide("hold_meeting", "postpone", at=at, reason="weather")
    await told.decide("hold_meeting", "held")
    await _close(told, no_issue_reason="居民没有提出新的事项。", evidence="companion")
    return told


async def meeting_nobody_held(teller: Teller) -> Told:
    """Do nothing: the meeting is missed and climbs, until the district takes note."""
    told = await _find(teller, "community-07")
    task = await told.supervised(3, event="DutySupervised")
    await teller.post(
        f"/api/v1/tasks/{task['task_id']}/decision?wait=10",
        {"outcome": "conclude", "fields": {"reason": "no_reason_given", "text": "本期未见报备，已约谈。"}},
        teller.somebody_for(task),
    )
    return told


async def meeting_excused_by_a_leader(teller: Teller) -> Told:
    """Ask to be excused; a leader, who is another person, agrees."""
    told = await _find(teller, "community-09")
    await told.decide(
        "plan_meeting", "request_excuse", reason="disaster", text="本期汛情，干部都在抢险（虚构）。"
    )
    await told.decide("review", "approve")
    return told


MEETINGS: Final[tuple[Story, ...]] = (
    Story(
        title="院坝寻单：收集三件事，两件当场解决",
        tell=meeting_with_issues,
        ends={"ending": "kept", "unit": "street-urban-management", "attendees": 21, "missed_at": None},
    ),
    Story(
        title="院坝寻单：因天气延期，期内召开",
        tell=meeting_postponed,
        ends={"ending": "kept", "postponed": 1},
    ),
    Story(
        title="院坝寻单：没有人召开，记未完成并逐级督办",
        tell=meeting_nobody_held,
        ends={"ending": "missed", "overdue": True, "escalations": 1, "tier": "district"},
    ),
    Story(
        title="院坝寻单：汛期申请免开，领导同意",
        tell=meeting_excused_by_a_leader,
        ends={"ending": "excused", "missed_at": None, "excuse": "disaster"},
    ),
)
"""The stories of meetings, each with how its duty ends."""
