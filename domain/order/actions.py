"""The table of actions on a whole order: which staff may send each, and at which stages it is taken.

Like the table of tasks, it judges and does not drive. Edge, workflow, forms and documentation read it.
Source: our decision, ADR-0002 and ADR-0017.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from domain.matter.tasks import ATTACHMENTS, Field, FieldType, text_field, unit_field
from domain.office.words import Role
from domain.order.lifecycle import JOINED_WHY, LEADING, RATING
from domain.order.words import Stage


class ActionName(StrEnum):
    """An action on the whole order, sent as `order_action`."""

    SUPPLEMENT = "supplement"
    URGE = "urge"
    WITHDRAW = "withdraw"
    SUPERVISE = "supervise"
    REASSIGN = "reassign"
    MERGE = "merge"
    RESUME = "resume"
    RATE = "rate"
    REOPEN = "reopen"
    RECALCULATE = "recalculate"
    HOLD = "hold"
    RELEASE = "release"
    ANSWER = "answer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """One row of the actions; `stages` are those in which it is taken, `roles` the staff who may send it.

    `at_the_unit`: roles that may send it only for an order that is with their own unit now. `counted`: the
    policy caps how often one order takes it. The office's own actions are not counted, since they must
    arrive.
    """

    name: ActionName
    label: str
    fields: tuple[Field, ...]
    stages: frozenset[Stage]
    roles: frozenset[Role]
    at_the_unit: frozenset[Role] = frozenset()
    counted: bool = True

    @property
    def is_the_offices(self) -> bool:
        """Whether only the office's own programs send it."""
        return not self.roles

    def is_for(self, roles: Collection[Role], *, is_at_the_unit: bool) -> bool:
        """Tell whether any of a person's roles may send it."""
        entitled = self.roles if is_at_the_unit else self.roles - self.at_the_unit
        return not entitled.isdisjoint(roles)


_BEFORE_REPLY = frozenset(
    {
        Stage.RECEIVED,
        Stage.FIRST_CONTACT,
        Stage.CLASSIFICATION,
        Stage.DISPATCH,
        Stage.HANDLING,
        Stage.REVIEW,
        Stage.PAUSED,
        Stage.EXPLAINING,
        Stage.SUPERVISION,
    }
)
_AT_A_UNIT = frozenset({Stage.HANDLING, Stage.PAUSED, Stage.EXPLAINING, Stage.SUPERVISION})
_RUNNING = frozenset(Stage) - {Stage.ARCHIVED}
_DESKS = frozenset({Role.DUTY_OFFICER, Role.STREET_DESK, Role.CALL_BACK_OFFICER, Role.COMMUNITY_WORKER})
_UNITS = frozenset({Role.COMMUNITY_WORKER, Role.UNIT_HANDLER, Role.UNIT_HEAD, Role.LIAISON})
_LEADERS = frozenset({Role.STREET_LEADER, Role.DISTRICT_DESK})


def _instant(name: str, label: str, *, required: bool = True) -> Field:
    return Field(name=name, label=label, type=FieldType.INSTANT, required=required)


ACTIONS: Mapping[ActionName, Action] = MappingProxyType(
    {
        action.name: action
        for action in (
            Action(
                name=ActionName.SUPPLEMENT,
                label="补充信息",
                fields=(text_field("补充内容"), ATTACHMENTS),
                stages=_BEFORE_REPLY | {Stage.REPLYING, Stage.FOLLOW_UP},
                roles=_DESKS | _UNITS,
            ),
            Action(
                name=ActionName.URGE,
                label="催办",
                fields=(),
                stages=_BEFORE_REPLY,
                roles=_DESKS | _LEADERS,
            ),
            Action(
                name=ActionName.WITHDRAW,
                label="撤回",
                fields=(),
                stages=_BEFORE_REPLY | {Stage.JOINED},
                roles=_DESKS,
                at_the_unit=frozenset({Role.COMMUNITY_WORKER}),
            ),
            Action(
                name=ActionName.SUPERVISE,
                label="督办",
                fields=(),
                stages=frozenset({Stage.HANDLING, Stage.PAUSED, Stage.EXPLAINING}),
                roles=_LEADERS,
            ),
            Action(
                name=ActionName.REASSIGN,
                label="改派",
                fields=(unit_field("unit", required=True), text_field("改派理由", name="reason")),
                stages=_AT_A_UNIT,
                roles=_LEADERS | {Role.STREET_DESK, Role.ADMINISTRATOR},
            ),
            Action(
                name=ActionName.MERGE,
                label="并单",
                fields=(LEADING, JOINED_WHY),
                stages=_BEFORE_REPLY,
                roles=frozenset({Role.STREET_DESK, Role.STREET_LEADER}),
            ),
            Action(
                name=ActionName.RESUME,
                label="恢复办理",
                fields=(),
                stages=frozenset({Stage.PAUSED}),
                roles=_UNITS | {Role.STREET_DESK},
                at_the_unit=_UNITS - {Role.LIAISON},
            ),
            Action(
                name=ActionName.RATE,
                label="评价",
                fields=RATING,
                stages=frozenset({Stage.FOLLOW_UP, Stage.CLOSED}),
                roles=frozenset({Role.CALL_BACK_OFFICER}),
            ),
            Action(
                name=ActionName.REOPEN,
                label="重开",
                fields=(text_field("重开理由"),),
                stages=frozenset({Stage.CLOSED}),
                roles=frozenset({Role.CALL_BACK_OFFICER, Role.STREET_DESK, Role.DUTY_OFFICER}),
            ),
            Action(
                name=ActionName.RECALCULATE,
                label="重算时限",
                fields=(
                    _instant("not_later_than", "不晚于", required=False),
                    Field(name="joined", label="并入的工单", type=FieldType.ORDER, required=False),
                    _instant("changed_from", "节假日安排变动自", required=False),
                ),
                stages=_RUNNING,
                roles=frozenset(),
                counted=False,
            ),
            Action(
                name=ActionName.HOLD,
                label="全所暂停计时",
                fields=(_instant("since", "自"), _instant("until", "至")),
                stages=_RUNNING,
                roles=frozenset(),
                counted=False,
            ),
            Action(
                name=ActionName.RELEASE,
                label="恢复计时",
                fields=(_instant("at", "自"), _instant("since", "暂停自", required=False)),
                stages=_RUNNING,
                roles=frozenset(),
                counted=False,
            ),
            Action(
                name=ActionName.ANSWER,
                label="主办工单已答复",
                fields=(),
                stages=_RUNNING,
                roles=frozenset(),
                counted=False,
            ),
        )
    }
)


def action_fields(name: str) -> tuple[Field, ...]:
    """Return the fields of an action; none for an unknown name."""
    return ACTIONS[ActionName(name)].fields if name in ACTIONS else ()
