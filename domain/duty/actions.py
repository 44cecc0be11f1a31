"""The actions that the office sends to a whole duty; people act on a duty only through its tasks.

Source: our decision, ADR-0033.
"""

from collections.abc import Mapping
from enum import StrEnum

from domain.matter.tasks import Field, FieldType


class DutyAction(StrEnum):
    """An action on the whole duty, sent as `matter_action` by the office's own programs."""

    RECALCULATE = "recalculate"
    HOLD = "hold"
    RELEASE = "release"


def _instant(name: str, label: str, *, required: bool = True) -> Field:
    return Field(name=name, label=label, type=FieldType.INSTANT, required=required)


_FIELDS: Mapping[str, tuple[Field, ...]] = {
    DutyAction.RECALCULATE: (_instant("changed_from", "节假日安排变动自", required=False),),
    DutyAction.HOLD: (_instant("since", "自"), _instant("until", "至")),
    DutyAction.RELEASE: (_instant("at", "自"), _instant("since", "暂停自", required=False)),
}


def duty_action_fields(name: str) -> tuple[Field, ...]:
    """Return the fields of an action; none for an unknown name."""
    return _FIELDS.get(name, ())
