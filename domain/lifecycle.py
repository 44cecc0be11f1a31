"""The table of human tasks: which outcomes each allows, who may choose them, what they need.

The table judges; it does not drive. What comes next is written out in `workflows/order`. Edge,
workflow, forms and documentation read this one table, so that they cannot disagree.

Source: the office's procedure (首问责任、首接首办、限时办结), in the form of our decision, ADR-0002.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from domain.orders import (
    DissatisfactionCause,
    OrderClass,
    Role,
    Satisfied,
    Solved,
    Stage,
    Tier,
)
from domain.routing import CATEGORIES, DISTRICT_OFFICE, HANDLING_UNITS, OFFICE


class TaskKind(StrEnum):
    """The kind of a human task (待办任务)."""

    FIRST_CONTACT = "first_contact"
    CLASSIFY = "classify"
    DISPATCH = "dispatch"
    ACKNOWLEDGE = "acknowledge"
    HANDLE = "handle"
    EXPLAIN = "explain"
    FOLLOW_UP = "follow_up"
    SUPERVISE = "supervise"


class TaskState(StrEnum):
    """Where a task is; `waiting` is kept for work that rests."""

    OPEN = "open"
    WAITING = "waiting"
    DONE = "done"
    SUPERSEDED = "superseded"


class ActionName(StrEnum):
    """What concerns the whole order, sent as `order_action`."""

    SUPPLEMENT = "supplement"
    URGE = "urge"
    WITHDRAW = "withdraw"
    SUPERVISE = "supervise"
    RATE = "rate"
    REOPEN = "reopen"
    RECALCULATE = "recalculate"


class FieldType(StrEnum):
    """What a field of an outcome or action holds; texts live in the store and are named by the signal."""

    TEXT = "text"
    CODE = "code"
    UNIT = "unit"
    INSTANT = "instant"
    ATTACHMENTS = "attachments"
    NONE_YET = "none_yet"


MAX_TEXT = 4_000
"""Longest text of a decision, in characters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One field of an outcome or action; `codes` is the closed set of a `CODE` or `UNIT`."""

    name: str
    label: str
    type: FieldType
    required: bool = True
    codes: tuple[str, ...] = ()
    future: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """One way to answer a task; one that does not `close` it leaves task and clock as they are."""

    name: str
    label: str
    fields: tuple[Field, ...] = ()
    closes: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One row of the table; `stage` is where an order with this as its main task is.

    `reminds`: whether its owner is told before the limit; not where silence does no harm.
    """

    kind: TaskKind
    label: str
    stage: Stage
    outcomes: tuple[Outcome, ...]
    on_expiry: str
    reminds: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """One row of the actions; `stages` are those in which it is taken, `roles` the staff who may send it.

    `most`: how often one order takes it, so that nobody can fill its history.
    """

    name: ActionName
    label: str
    fields: tuple[Field, ...]
    stages: frozenset[Stage]
    roles: frozenset[Role]
    most: int = 20


def _text(label: str, *, name: str = "text") -> Field:
    return Field(name=name, label=label, type=FieldType.TEXT)


def _code(name: str, label: str, codes: type[StrEnum] | tuple[str, ...], *, required: bool = True) -> Field:
    return Field(
        name=name,
        label=label,
        type=FieldType.CODE,
        codes=tuple(str(code) for code in codes),
        required=required,
    )


_ATTACHMENTS = Field(name="attachments", label="附件", type=FieldType.ATTACHMENTS, required=False)
_CATEGORY = _code("category", "诉求类别", tuple(CATEGORIES), required=False)


def _unit(name: str, *, required: bool) -> Field:
    return Field(
        name=name, label="承办单位", type=FieldType.UNIT, required=required, codes=tuple(HANDLING_UNITS)
    )


_UNIT = _unit("unit", required=False)
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
_SATISFACTION = (
    _code("solved", "是否解决", Solved),
    _code("satisfied", "是否满意", Satisfied),
)


def _class_outcome(order_class: OrderClass, label: str) -> Outcome:
    return Outcome(name=order_class.value, label=label, fields=(_CATEGORY, _UNIT))


def _outcome(name: str, label: str, *fields: Field, closes: bool = True) -> Outcome:
    return Outcome(name=name, label=label, fields=fields, closes=closes)


TASKS: Mapping[TaskKind, Task] = MappingProxyType(
    {
        task.kind: task
        for task in (
            Task(
                kind=TaskKind.FIRST_CONTACT,
                label="首问",
                stage=Stage.FIRST_CONTACT,
                outcomes=(
                    _outcome("resolve", "当场答复", _text("答复内容")),
                    _outcome(
                        "refer",
                        "提出初步意见并上报",
                        _text("初步受理意见"),
                        _code("class", "建议分类", OrderClass, required=False),
                        _UNIT,
                    ),
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
                        _unit("lead_unit", required=True),
                        Field(
                            name="helping_units", label="协办单位", type=FieldType.NONE_YET, required=False
                        ),
                    ),
                    _outcome(
                        "reclassify",
                        "改类",
                        _code("class", "新的分类", OrderClass),
                        _code("reason", "改类理由", _RECLASSIFY),
                        closes=False,
                    ),
                ),
                on_expiry="按派单目录派给责任单位，记派单台超时",
            ),
            Task(
                kind=TaskKind.ACKNOWLEDGE,
                label="签收",
                stage=Stage.HANDLING,
                outcomes=(_outcome("accept", "签收"),),
                on_expiry="视为已签收",
                reminds=False,
            ),
            Task(
                kind=TaskKind.HANDLE,
                label="办理",
                stage=Stage.HANDLING,
                outcomes=(
                    _outcome("report_result", "反馈办理结果", _text("给居民的答复"), _ATTACHMENTS),
                    _outcome(
                        "cannot_resolve", "无法解决", _code("reason", "原因", _CANNOT), _text("情况说明")
                    ),
                    _outcome("hand_up", "上报上一级", _text("给居民的说明")),
                ),
                on_expiry="上报上一级，记单位超时；区级转督办",
            ),
            Task(
                kind=TaskKind.EXPLAIN,
                label="解释说明",
                stage=Stage.EXPLAINING,
                outcomes=(
                    _outcome(
                        "explained",
                        "已向居民解释",
                        _code("how", "方式", _EXPLAINED),
                        Field(name="at", label="时间", type=FieldType.INSTANT),
                        _text("解释内容"),
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
                        *_SATISFACTION,
                        _code("cause", "不满意原因", DissatisfactionCause, required=False),
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
                    _outcome("urge", "催办"),
                    _outcome(
                        "set_date",
                        "限期",
                        Field(name="due_at", label="期限", type=FieldType.INSTANT, future=True),
                    ),
                    _outcome(
                        "conclude",
                        "终结",
                        _code("reason", "理由", _CONCLUDE),
                        _text("给居民的说明"),
                    ),
                ),
                on_expiry="加倍时限再次督办，第三次起上提一级领导",
            ),
        )
    }
)

_BEFORE_REPLY = frozenset(
    {
        Stage.RECEIVED,
        Stage.FIRST_CONTACT,
        Stage.CLASSIFICATION,
        Stage.DISPATCH,
        Stage.HANDLING,
        Stage.EXPLAINING,
        Stage.SUPERVISION,
    }
)
_DESKS = frozenset({Role.DUTY_OFFICER, Role.STREET_DESK, Role.CALL_BACK_OFFICER, Role.COMMUNITY_WORKER})

ACTIONS: Mapping[ActionName, Action] = MappingProxyType(
    {
        action.name: action
        for action in (
            Action(
                name=ActionName.SUPPLEMENT,
                label="补充信息",
                fields=(_text("补充内容"),),
                stages=_BEFORE_REPLY | {Stage.REPLYING, Stage.FOLLOW_UP},
                roles=_DESKS | {Role.UNIT_HANDLER, Role.UNIT_HEAD, Role.LIAISON},
            ),
            Action(
                name=ActionName.URGE,
                label="催办",
                fields=(),
                stages=_BEFORE_REPLY,
                roles=_DESKS | {Role.STREET_LEADER, Role.DISTRICT_DESK},
            ),
            Action(
                name=ActionName.WITHDRAW,
                label="撤回",
                fields=(),
                stages=_BEFORE_REPLY,
                roles=_DESKS,
            ),
            Action(
                name=ActionName.SUPERVISE,
                label="督办",
                fields=(),
                stages=frozenset({Stage.HANDLING, Stage.EXPLAINING}),
                roles=frozenset({Role.STREET_LEADER, Role.DISTRICT_DESK}),
            ),
            Action(
                name=ActionName.RATE,
                label="评价",
                fields=_SATISFACTION,
                stages=frozenset({Stage.FOLLOW_UP, Stage.CLOSED}),
                roles=frozenset({Role.CALL_BACK_OFFICER}),
            ),
            Action(
                name=ActionName.REOPEN,
                label="重开",
                fields=(_text("重开理由"),),
                stages=frozenset({Stage.CLOSED}),
                roles=frozenset({Role.CALL_BACK_OFFICER, Role.STREET_DESK, Role.DUTY_OFFICER}),
            ),
            Action(
                name=ActionName.RECALCULATE,
                label="按新公布的节假日重算时限",
                fields=(),
                stages=frozenset(Stage) - {Stage.ARCHIVED},
                roles=frozenset(),
            ),
        )
    }
)

SYSTEM = "system"
"""The actor of automatic steps and of what nobody signed."""


def handler_role(tier: Tier) -> Role:
    """Give the role that handles orders at a tier."""
    return Role.COMMUNITY_WORKER if tier is Tier.COMMUNITY else Role.UNIT_HANDLER


def entitled_roles(role: Role) -> frozenset[Role]:
    """Give the roles that may decide a task opened for `role`: its own, and the head of the unit for handlers."""
    if role in {Role.UNIT_HANDLER, Role.COMMUNITY_WORKER}:
        return frozenset({role, Role.UNIT_HEAD})
    return frozenset({role})


def supervisor(tier: Tier, repetition: int, *, climbs_at: int) -> tuple[str, Tier, Role]:
    """Say who supervises an order at a tier, the n-th time in a row: unit, tier and role.

    Source: our decision, ADR-0006: orders of communities and street departments are supervised by the
    street leader, from the third time on and at the district by the district's order centre.
    """
    if tier is Tier.DISTRICT or repetition >= climbs_at:
        return DISTRICT_OFFICE, Tier.DISTRICT, Role.DISTRICT_DESK
    return OFFICE, Tier.STREET, Role.STREET_LEADER


def outcomes_of(kind: TaskKind, *, reclassified: bool = False) -> tuple[Outcome, ...]:
    """List the outcomes that a task offers now; one reclassification is all that an order has."""
    return tuple(
        outcome for outcome in TASKS[kind].outcomes if not (reclassified and outcome.name == "reclassify")
    )
