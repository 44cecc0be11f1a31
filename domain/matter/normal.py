"""The one form in which the fields of a decision or action are kept, whoever sent them and however they were written.

Assumes nothing of them: what is no text, no instant and no number of an order stays as it is, to be judged.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any

from domain.calendar.instants import instant
from domain.matter.numbers import order_number
from domain.matter.tasks import Field, FieldType
from domain.text import clean


def normal(fields: Iterable[Field], given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the same for what means the same: texts clean, instants in UTC, numbers of orders as they are kept."""
    types = {each.name: each.type for each in fields}
    return {
        name: _normal(types.get(name), value)
        for name, value in given.items()
        if value is not None or name not in types
    }


def _normal(kind: FieldType | None, value: Any) -> Any:
    match kind:
        case FieldType.TEXT if isinstance(value, str):
            return clean(value)
        case FieldType.PARTS | FieldType.ISSUES if isinstance(value, list):
            return [_part(each) for each in value]
        case FieldType.INSTANT if (read := instant(value)) is not None:
            return read.astimezone(UTC).isoformat()
        case FieldType.ORDER:
            return order_number(value) or value
        case _:
            return value


def _part(part: Any) -> Any:
    """Clean what people wrote in a part; what was left empty is left out."""
    if not isinstance(part, dict):
        return part
    cleaned = {name: clean(value) if isinstance(value, str) else value for name, value in part.items()}
    return {name: value for name, value in cleaned.items() if value is not None}
