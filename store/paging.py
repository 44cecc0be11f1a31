"""Lists in pages: the rows of a page, and the cursor at which the next one begins."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select

from domain.calendar.instants import is_reckonable
from domain.errors import DomainError

Value = TypeVar("Value")

PAGE = 50
"""Rows of one page."""


class BadCursor(DomainError):
    """The cursor was not given out here."""

    code = "bad_cursor"


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[Value]):
    """Rows, and the cursor of the next page if there is one."""

    rows: Sequence[Value]
    next_cursor: str | None


def limited(query: Select[Any], *wanted: tuple[ColumnElement[Any], object | None]) -> Select[Any]:
    """Limit a list to rows with these values; `None` does not limit."""
    return query.where(*(column == value for column, value in wanted if value is not None))


def page_of(
    connection: Connection,
    query: Select[Any],
    value: Callable[[Row[Any]], Value],
    key: Callable[[Value], tuple[datetime, str]],
) -> Page[Value]:
    """Read one page of values, and make the next page's cursor from the `key` of the last value."""
    found = [value(row) for row in connection.execute(query.limit(PAGE + 1))]
    more = len(found) > PAGE
    return Page(rows=found[:PAGE], next_cursor=cursor_at(*key(found[PAGE - 1])) if more else None)


def cursor_at(at: datetime, last: str) -> str:
    """Make the cursor of a page that begins after this key."""
    return base64.urlsafe_b64encode(json.dumps([at.astimezone(UTC).isoformat(), last]).encode()).decode()


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """Read the key after which a page begins.

    Raises:
        BadCursor: it was not given out here.
    """
    try:
        at, last = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        read = datetime.fromisoformat(at)
    except (binascii.Error, ValueError, TypeError) as error:
        raise BadCursor("this cursor was not given out here; begin again without one") from error
    if not is_reckonable(read) or not (isinstance(last, str) and last.isascii() and last.isprintable()):
        raise BadCursor("this cursor was not given out here; begin again without one")
    return read, last
