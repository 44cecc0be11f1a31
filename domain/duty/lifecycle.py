"""The table of a duty's human tasks: which outcomes each allows, and what they need.

The table judges; it does not drive. What comes next is written out in `workflows/duty`. Edge, workflow, forms and
documentation read this one table, so that they cannot disagree.

Source: the office's procedure (院坝寻单、“1+1+n”), in the form of our decision, ADR-0033.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.duty.words import DutyStage, Evidence, Present
from domain.matter.tasks import (
    ATTACHMENTS,
    Field,
    FieldType,
    Outcome,
    Silence,
    Task,
    code_field,
    future_field,
    number_field,
    past_field,
    text_field,
)


class DutyTask(StrEnum):
    """The kind of a human task (待办任务)."""

    PLAN_MEETING = "plan_meeting"
    HOLD_MEETING = "hold_meeting"
    CLOSE_MEETING = "close_meeting"
    REVIEW = "review"
    SUPERVISE = "supervise"


_POSTPONED = ("weather", "leader_called_away", "place_unavailable", "residents_asked")
_CANCELLED = ("weather", "emergency", "place_unavailable", "nobody_came")
_EXCUSE = ("disaster", "epidemic_control", "major_event", "community_merged")
_CONCLUDE = ("made_good_next_period", "nobody_available", "team_changed", "no_reason_given")
PLACE: Final = text_field("地点（向居民公布）", name="place")
"""Where a meeting is held; the office publishes it."""
ISSUES: Final = Field(name="issues", label="收集的事项", type=FieldType.ISSUES, required=False)
"""What residents brought to a meeting; each becomes an order."""
NO_ISSUES: Final = text_field("没有事项的原因", name="no_issue_reason", required=False)
"""Why a meeting brought nothing."""
EXCUSE: Final = "request_excuse"
"""The request of a team that cannot hold its meeting."""


def _excuse() -> Outcome:
    return Outcome(
        name=EXCUSE,
        label="申请免开",
        fields=(code_field("reason", "免开理由", _EXCUSE), text_field("情况说明")),
        closes=False,
        silence=Silence.DENIES,
        leads_back=True,
    )


DUTY_TASKS: Mapping[str, Task] = MappingProxyType(
    {
        task.kind: task
        for task in (
            Task(
                kind=DutyTask.PLAN_MEETING,
                label="计划院坝会",
                stage=DutyStage.PLANNING,
                outcomes=(
                    Outcome(
                        name="announce",
                        label="确定时间地点并公布",
                        fields=(future_field("at", "时间"), PLACE),
                        leads_back=True,
                    ),
                    _excuse(),
                ),
                on_expiry="本期未开，记未完成，转街道领导督办",
            ),
            Task(
                kind=DutyTask.HOLD_MEETING,
                label="召开院坝会",
                stage=DutyStage.PLANNED,
                outcomes=(
                    Outcome(name="held", label="已召开"),
                    Outcome(
                        name="postpone",
                        label="延期",
                        fields=(
                            future_field("at", "改到"),
                            text_field("地点（如有变化）", name="place", required=False),
                            code_field("reason", "延期理由", _POSTPONED),
                        ),
                        closes=False,
                    ),
                    Outcome(
                        name="cancel",
                        label="取消，重新计划",
                        fields=(code_field("reason", "取消理由", _CANCELLED),),
                        leads_back=True,
                    ),
                    _excuse(),
                ),
                on_expiry="本期未开，记未完成，转街道领导督办",
            ),
            Task(
                kind=DutyTask.CLOSE_MEETING,
                label="填报院坝会",
                stage=DutyStage.HELD,
                outcomes=(
                    Outcome(
                        name="close",
                        label="填报并办结",
                        fields=(
                            past_field("started_at", "开始时间"),
                            past_field("ended_at", "结束时间"),
                            code_field("led_by", "到场领导", Present),
                            number_field("from_department", "责任科室到场人数"),
                            number_field("attendees", "到场居民人数"),
                            text_field("会议小结", name="summary"),
                            ISSUES,
                            NO_ISSUES,
                            code_field("evidence", "佐证", Evidence),
                            ATTACHMENTS,
                        ),
                        silence=Silence.DENIES,
                    ),
                    Outcome(
                        name="not_held",
                        label="其实未开，重新计划",
                        fields=(code_field("reason", "理由", _CANCELLED),),
                        leads_back=True,
                    ),
                ),
                on_expiry="期内未填报，记未完成，转街道领导督办；期后三个工作日内可补录，此后须经领导同意",
            ),
            Task(
                kind=DutyTask.REVIEW,
                label="审批",
                stage=DutyStage.PLANNING,
                outcomes=(
                    Outcome(name="approve", label="同意"),
                    Outcome(name="revise", label="不同意", fields=(text_field("意见"),), leads_back=True),
                ),
                on_expiry="视为不同意",
            ),
            Task(
                kind=DutyTask.SUPERVISE,
                label="督办",
                stage=DutyStage.MISSED,
                outcomes=(
                    Outcome(name="urge", label="催办", leads_back=True),
                    Outcome(
                        name="conclude",
                        label="认定未完成",
                        fields=(code_field("reason", "原因", _CONCLUDE), text_field("情况说明")),
                    ),
                ),
                on_expiry="加倍时限再次督办，第三次起上提一级领导",
            ),
        )
    }
)
"""Every kind of task of a duty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DutyProgress:
    """What has happened to a duty so far and limits the outcomes that it still offers.

    `asks_excuse`: an excuse, or a late report, is waiting for its verdict. `is_over`: the period has ended,
    so that nothing in it can be put right any more.
    """

    postponed: int = 0
    asks_excuse: bool = False
    is_over: bool = False


def duty_withheld(kind: str, progress: DutyProgress, *, postponements: int) -> frozenset[str]:
    """Return the outcomes that a task does not offer now, because of what has happened to the duty."""
    gone = {
        "postpone": progress.postponed >= postponements,
        EXCUSE: progress.asks_excuse or progress.is_over,
        "not_held": progress.is_over,
        # A report that is waiting for the leader's verdict must not be lost.
        "conclude": progress.asks_excuse,
    }
    return frozenset(each.name for each in DUTY_TASKS[kind].outcomes if gone.get(each.name, False))
