"""Handing rows out as frozen values, so that the type checker notices code that reads a column that is gone."""

from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import Row

Value = TypeVar("Value")


def value_of(kind: type[Value], row: Row[Any]) -> Value:
    """Make a dataclass from a row: each field takes the column of its name, or its default if that was not read."""
    read = row._mapping
    return kind(**{each.name: read[each.name] for each in fields(kind) if each.name in read})  # type: ignore[arg-type]  # a dataclass, as said
