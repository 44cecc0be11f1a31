"""Judging decisions on a duty's tasks under the usual book, on a day in November 2026."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from domain.calendar.workdays import OFFICE_ZONE
from domain.duty.judgement import DutyTaskFacts, judge_duty_outcome
from domain.duty.lifecycle import DutyTask
from domain.duty.policy import STANDARD_DUTIES, DutyBook
from domain.matter.judging import Codes, Refusal, Submission
from domain.office.first_directory import FIRST


def office(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


BEGAN, ENDS = office("2026-11-01 00:00"), office("2026-12-01 00:00")
ANNOUNCED, PLANNED = office("2026-11-10 09:00"), office("2026-11-18 19:00")
NOW = office("2026-11-18 21:00")
"""Two hours after the beginning of the planned meeting."""
SECOND = timedelta(seconds=1)
PICTURE = "0" * 32
REPORT: Mapping[str, Any] = MappingProxyType(
    {
        "started_at": "2026-11-18T19:00:00+08:00",
        "ended_at": "2026-11-18T20:30:00+08:00",
        "led_by": "leader",
        "from_department": 2,
        "attendees": 17,
        "summary": "居民提出三件事。",
        "issues": [{"text": "路灯不亮"}],
        "evidence": "companion",
    }
)
"""A valid report of a meeting that brought an issue."""


def wanted(name: str, fields: Mapping[str, Any] | None = None, **more: Any) -> Submission:
    return Submission(
        name=name,
        actor="somebody",
        at=more.pop("at", NOW),
        fields=fields or {},
        **{"codes": Codes.of(FIRST), **more},
    )


def report(**changes: Any) -> dict[str, Any]:
    """Write a report; fields that are `None` are left out."""
    return {name: value for name, value in {**REPORT, **changes}.items() if value is not None}


def without_issues(**changes: Any) -> dict[str, Any]:
    """Write a report of a meeting without issues."""
    return report(**{"issues": None, "no_issue_reason": "居民没有提出事项", **changes})


def judged(
    kind: DutyTask, wanted: Submission, *, book: DutyBook = STANDARD_DUTIES, **facts: Any
) -> Refusal | None:
    """Judge a decision on a task of a team with a deputy, in the middle of November."""
    usual: dict[str, Any] = {
        "opened_at": BEGAN,
        "withheld": (),
        "not_by": (),
        "taken": 0,
        "began": BEGAN,
        "ends": ENDS,
        "announced_at": ANNOUNCED,
        "planned_at": PLANNED,
        "has_deputy": True,
    }
    return judge_duty_outcome(DutyTaskFacts(kind=kind, **usual | facts), wanted, book)


def closed(fields: Mapping[str, Any], /, **facts: Any) -> Refusal | None:
    """Judge a report."""
    return judged(DutyTask.CLOSE_MEETING, wanted("close", fields), **facts)
