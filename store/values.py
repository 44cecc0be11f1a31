"""Handing rows out as frozen values, so that whoever reads a column that is gone is told by the type checker."""

from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import Row

Value = TypeVar("Value")


def value_of(kind: type[Value], row: Row[Any]) -> Value:
    """Make a dataclass of a row: each field is the column of its name, and one that was not read has its default."""
    read = row._mapping
    return kind(**{each.name: read[each.name] for each in fields(kind) if each.name in read})  # type: ignore[arg-type]  # a dataclass, as said
