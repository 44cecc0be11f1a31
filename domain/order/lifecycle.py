"""The table of an order's human tasks: which outcomes each allows, and what they need.

The table judges; it does not drive. What comes next is written out in `workflows/order`. Edge,
workflow, forms and documentation read this one table, so that they cannot disagree.

Source: the office's procedure (首问责任、首接首办、限时办结), in the form of our decision, ADR-0002; reviews and
requests: ADR-0017.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from domain.matter.tasks import (
    ATTACHMENTS,
    FOR_RESIDENT,
    Field,
    FieldType,
    Outcome,
    Silence,
    Task,
    answer_field,
    code_field,
    future_field,
    text_field,
    unit_field,
)
from domain.office.words import OrderClass
from domain.order.reasons import GOES_TO, REJECT
from domain.order.words import DissatisfactionCause, Satisfied, Solved, Stage


class TaskKind(StrEnum):
    """The kind of a human task (待办任务)."""

    FIRST_CONTACT = "first_contact"
    CLASSIFY = "classify"
    DISPATCH = "dispatch"
    ACKNOWLEDGE = "acknowledge"
    HANDLE = "handle"
    ASSIST = "assist"
    REVIEW = "review"
    EXPLAIN = "explain"
    FOLLOW_UP = "follow_up"
    SUPERVISE = "supervise"


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """What has happened to an order so far and limits the outcomes that it still offers.

    `requested`: the requests made since the present unit got the order. `is_busy`: one is waiting for its
    verdict, or the order rests. `is_at_the_top`: only a leader is above the unit, and looks at the order
    already.
    """

    reclassified: bool = False
    is_split: bool = False
    returns: int = 0
    extensions: int = 0
    requested: frozenset[str] = frozenset()
    can_be_asked: bool = True
    is_busy: bool = False
    is_at_the_top: bool = False


_CATEGORY = Field(name="category", label="诉求类别", type=FieldType.CATEGORY, required=False)
LEADING = Field(name="leading_order_no", label="主办工单", type=FieldType.ORDER)
"""The order that another one is joined to."""
JOINED_WHY = text_field("并单理由", name="reason", required=False)
"""The reason for joining two orders if one of them is confidential."""
_UNIT = unit_field("unit", required=False)
_CANNOT = (
    "beyond_competence",
    "no_legal_basis",
    "no_funding",
    "not_feasible",
    "third_party_refuses",
    "facts_not_established",
)
_RECLASSIFY = ("wrong_facts", "more_difficult", "less_difficult", "danger")
_EXPLAINED = ("phone", "visit", "letter", "message")
_CONCLUDE = ("no_solution_in_sight", "beyond_competence", "resident_unreachable", "taken_elsewhere")
_SEND_BACK = ("not_competent", "out_of_area", "incomplete", "concluded_before")
_TRANSFER = ("not_competent", "out_of_area", "better_placed")
_LATER = ("facts_not_clear", "third_party", "documents_awaited", "weather", "procurement")
_PAUSE = ("third_party", "legal_procedure", "weather", "funding_awaited", "season")
_DECLINE = ("not_competent", "not_needed", "no_capacity")
RATING = (
    code_field("solved", "是否解决", Solved),
    code_field("satisfied", "是否满意", Satisfied),
)
"""The answers of a resident, in a call-back or of their own accord."""


def _class_outcome(order_class: OrderClass, label: str) -> Outcome:
    return Outcome(name=order_class.value, label=label, fields=(_CATEGORY, _UNIT))


def _outcome(
    name: str,
    label: str,
    *fields: Field,
    closes: bool = True,
    silence: Silence | None = None,
    is_evidenced: bool = False,
) -> Outcome:
    return Outcome(
        name=name, label=label, fields=fields, closes=closes, silence=silence, is_evidenced=is_evidenced
    )


def _back(name: str, label: str, *fields: Field, closes: bool = True) -> Outcome:
    """Describe an answer that leaves the order where it was."""
    return Outcome(name=name, label=label, fields=fields, closes=closes, leads_back=True)


def _duplicate() -> Outcome:
    return _back("mark_duplicate", "并入同一事项的工单", LEADING, JOINED_WHY, closes=False)


def _request(name: str, label: str, *fields: Field) -> Outcome:
    """Describe a request of a unit that goes on working; the reviewer's silence means no."""
    return _outcome(name, label, *fields, closes=False, silence=Silence.DENIES)


TASKS: Mapping[str, Task] = MappingProxyType(
    {
        task.kind: task
        for task in (
            Task(
                kind=TaskKind.FIRST_CONTACT,
                label="首问",
                stage=Stage.FIRST_CONTACT,
                outcomes=(
                    _outcome("resolve", "当场答复", answer_field("答复内容")),
                    _outcome(
                        "refer",
                        "提出初步意见并上报",
                        text_field("初步受理意见"),
                        code_field("class", "建议分类", OrderClass, required=False),
                        _UNIT,
                        code_field("reject_reason", "建议不予受理的理由", REJECT, required=False),
                    ),
                    _duplicate(),
                ),
                on_expiry="自动上报街道，记首问超时",
            ),
            Task(
                kind=TaskKind.CLASSIFY,
                label="分类",
                stage=Stage.CLASSIFICATION,
                outcomes=(
                    _class_outcome(OrderClass.URGENT, "紧急件"),
                    _class_outcome(OrderClass.GENERAL, "一般件"),
                    _class_outcome(OrderClass.COMPLEX, "复杂件"),
                    _outcome(
                        "reject",
                        "不予受理",
                        code_field("reason", "理由", REJECT),
                        code_field("goes_to", "转请何处办理", GOES_TO, required=False),
                        answer_field("给居民的说明"),
                        silence=Silence.CLIMBS,
                    ),
                    _duplicate(),
                    _outcome(
                        "split",
                        "一单多诉，拆分",
                        Field(name="parts", label="其余各诉", type=FieldType.PARTS),
                        closes=False,
                    ),
                ),
                on_expiry="按建议分类、类别默认或一般件处理，记派单台超时",
            ),
            Task(
                kind=TaskKind.DISPATCH,
                label="派单",
                stage=Stage.DISPATCH,
                outcomes=(
                    _outcome(
                        "assign",
                        "派给承办单位",
                        unit_field("lead_unit", required=True),
                        Field(
                            name="helping_units",
                            label="协办单位",
                            type=FieldType.UNITS,
                            required=False,
                        ),
                    ),
                    _outcome(
                        "reclassify",
                        "改类",
                        code_field("class", "新的分类", OrderClass),
                        code_field("reason", "改类理由", _RECLASSIFY),
                        closes=False,
                    ),
                ),
                on_expiry="按派单目录派给责任单位，记派单台超时",
            ),
            Task(
                kind=TaskKind.ACKNOWLEDGE,
                label="签收",
                stage=Stage.HANDLING,
                outcomes=(
                    _outcome("accept", "签收"),
                    _outcome(
                        "send_back",
                        "退单",
                        code_field("reason", "退单理由", _SEND_BACK),
                        text_field("情况说明"),
                        silence=Silence.DENIES,
                    ),
                ),
                on_expiry="视为已签收",
                reminds=False,
            ),
            Task(
                kind=TaskKind.HANDLE,
                label="办理",
                stage=Stage.HANDLING,
                outcomes=(
                    _outcome(
                        "report_result",
                        "反馈办理结果",
                        answer_field("给居民的答复"),
                        FOR_RESIDENT,
                        ATTACHMENTS,
                        silence=Silence.APPROVES,
                        is_evidenced=True,
                    ),
                    _outcome(
                        "cannot_resolve",
                        "无法解决",
                        code_field("reason", "原因", _CANNOT),
                        text_field("情况说明"),
                        silence=Silence.CLIMBS,
                    ),
                    _outcome("hand_up", "上报上一级", answer_field("给居民的说明")),
                    _request(
                        "transfer",
                        "申请转办",
                        unit_field("unit", required=True),
                        code_field("reason", "转办理由", _TRANSFER),
                    ),
                    _request(
                        "request_extension",
                        "申请延期",
                        future_field("due_at", "申请的期限"),
                        code_field("reason", "延期理由", _LATER),
                    ),
                    _request(
                        "request_pause",
                        "申请暂停",
                        future_field("until", "暂停至"),
                        code_field("reason", "暂停理由", _PAUSE),
                    ),
                    _request(
                        "request_reclassification",
                        "申请改类",
                        code_field("class", "新的分类", OrderClass),
                        code_field("reason", "改类理由", _RECLASSIFY),
                    ),
                    _outcome("ask_resident", "请居民补充", answer_field("要问的问题"), closes=False),
                ),
                on_expiry="上报上一级，记单位超时；区级转督办",
            ),
            Task(
                kind=TaskKind.ASSIST,
                label="协办",
                stage=Stage.HANDLING,
                outcomes=(
                    _outcome("contribute", "提供协助", text_field("协助情况"), ATTACHMENTS),
                    _outcome("decline", "不能协助", code_field("reason", "理由", _DECLINE)),
                ),
                on_expiry="告知主办单位，主办单位可自行继续",
            ),
            Task(
                kind=TaskKind.REVIEW,
                label="审核",
                stage=Stage.REVIEW,
                outcomes=(
                    _outcome("approve", "同意"),
                    _back("revise", "退回修改或不同意", text_field("意见")),
                ),
                on_expiry="办理结果视为同意，记审核超时；延期、暂停、退单、转办、改类视为不同意；"
                "不予受理和无法解决转上级审核，再无人审核则转督办",
            ),
            Task(
                kind=TaskKind.EXPLAIN,
                label="解释说明",
                stage=Stage.EXPLAINING,
                outcomes=(
                    _outcome(
                        "explained",
                        "已向居民解释",
                        code_field("how", "方式", _EXPLAINED),
                        Field(name="at", label="时间", type=FieldType.INSTANT, past=True),
                        answer_field("解释内容"),
                    ),
                ),
                on_expiry="转督办",
            ),
            Task(
                kind=TaskKind.FOLLOW_UP,
                label="回访",
                stage=Stage.FOLLOW_UP,
                outcomes=(
                    _outcome(
                        "reached",
                        "已联系上",
                        *RATING,
                        code_field("cause", "不满意原因", DissatisfactionCause, required=False),
                    ),
                    _outcome("not_reached", "未联系上"),
                ),
                on_expiry="进行下一次回访，共三次",
                reminds=False,
            ),
            Task(
                kind=TaskKind.SUPERVISE,
                label="督办",
                stage=Stage.SUPERVISION,
                outcomes=(
                    _back("take_over", "领导接办"),
                    _back("urge", "催办"),
                    _back("set_date", "限期", future_field("due_at", "期限")),
                    _back(
                        "accept_delay",
                        "同意延后",
                        future_field("until", "延后至"),
                        code_field("reason", "延后理由", _LATER),
                    ),
                    _outcome(
                        "conclude",
                        "终结",
                        code_field("reason", "理由", _CONCLUDE),
                        answer_field("给居民的说明"),
                    ),
                ),
                on_expiry="加倍时限再次督办，第三次起上提一级领导",
            ),
        )
    }
)


REQUESTS: Mapping[str, Outcome] = MappingProxyType(
    {each.name: each for each in TASKS[TaskKind.HANDLE].outcomes if each.silence and not each.closes}
)
"""The requests of a unit that works, each once as long as it has the order."""


def withheld(kind: TaskKind, progress: Progress, *, extension_cap: int, return_cap: int) -> frozenset[str]:
    """Return the outcomes that a task does not offer now, because of what has happened to the order.

    Source: our decision, ADR-0017: an order has one reclassification and a capped number of extensions and
    returns; a unit has one request of each kind and one question.
    """
    gone = {
        "reclassify": progress.reclassified,
        "request_reclassification": progress.reclassified,
        "split": progress.is_split,
        "send_back": progress.returns >= return_cap,
        "transfer": progress.returns >= return_cap,
        "request_extension": progress.extensions >= extension_cap,
        "ask_resident": not progress.can_be_asked,
        "hand_up": progress.is_at_the_top,
    }
    once = {*REQUESTS, "ask_resident"}
    return frozenset(
        each.name
        for each in TASKS[kind].outcomes
        if gone.get(each.name, False)
        or each.name in progress.requested
        or (progress.is_busy and each.name in once)
    )


def outcomes_of(kind: TaskKind, *, without: Collection[str] = ()) -> tuple[Outcome, ...]:
    """List the outcomes that a task offers now."""
    return tuple(outcome for outcome in TASKS[kind].outcomes if outcome.name not in without)


def outcome_named(kind: TaskKind, name: str) -> Outcome:
    """Return one outcome of a kind of task, which must have it."""
    return next(each for each in TASKS[kind].outcomes if each.name == name)


def find_outcome(kind: str, name: str) -> Outcome | None:
    """Find an outcome of a kind of task; return `None` if either is unknown."""
    offered = TASKS[TaskKind(kind)].outcomes if kind in TASKS else ()
    return next((each for each in offered if each.name == name), None)


def outcome_fields(kind: str, name: str) -> tuple[Field, ...]:
    """Return the fields of an outcome of a kind of task; none if either is unknown."""
    found = find_outcome(kind, name)
    return found.fields if found else ()
