"""The one form in which the fields of a decision or action are stored, whatever the caller wrote.

Assumes nothing about them: a value that does not fit its field stays as it is, to be judged.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any

from domain.calendar.instants import instant
from domain.matter.numbers import order_number
from domain.matter.tasks import Field, FieldType
from domain.text import clean


def normal(fields: Iterable[Field], given: Mapping[str, Any]) -> dict[str, Any]:
    """Write equal meanings in one form: texts clean, instants in UTC, order numbers as they are stored."""
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
    """Clean the texts of a part, and drop its values that are `None`."""
    if not isinstance(part, dict):
        return part
    cleaned = {name: clean(value) if isinstance(value, str) else value for name, value in part.items()}
    return {name: value for name, value in cleaned.items() if value is not None}
