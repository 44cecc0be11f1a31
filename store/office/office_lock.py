"""What the whole office decides, and what orders take from it: one waits for the other, so that neither is missed.

Assumes that who reads a hold or the calendar takes the shared side with a statement before that reading: PostgreSQL
shows a statement what was committed when it began. SQLite has one writer at a time anyway.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

_KEY = 0x64696E6764616E
_OPENING_KEY = _KEY + 1
"""The names of the two locks, numbers of our own; nothing else in the database takes one."""
_SHARED = (func.pg_advisory_xact_lock_shared(_KEY),)
"""Made once, as the statements that carry it are."""


def reading_the_office(connection: Connection) -> tuple[ColumnElement[Any], ...]:
    """Give what a statement has to return besides, so that no hold and no year is loaded until the commit."""
    return _SHARED if _has_many_writers(connection) else ()


def lock_the_office(connection: Connection) -> None:
    """Wait for all who read the office now; those who come after the commit see what changed."""
    if _has_many_writers(connection):
        connection.execute(select(func.pg_advisory_xact_lock(_KEY)))


def lock_the_opening(connection: Connection) -> None:
    """Wait for whoever opens a period now: each duty is opened once, by whoever comes first."""
    if _has_many_writers(connection):
        connection.execute(select(func.pg_advisory_xact_lock(_OPENING_KEY)))


def _has_many_writers(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"
