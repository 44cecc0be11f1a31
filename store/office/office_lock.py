"""The lock between changes to the whole office and steps that read them: one waits for the other, and none is missed.

Assumes that a reader of holds or of the calendar takes the shared side in an earlier statement: PostgreSQL shows a
statement what was committed when it began. SQLite has one writer at a time anyway.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

_KEY = 0x64696E6764616E
_OPENING_KEY = _KEY + 1
"""The keys of the two locks, numbers of our own; nothing else in the database takes an advisory lock."""
_SHARED = (func.pg_advisory_xact_lock_shared(_KEY),)
"""Made once, like the statements to which it is added."""


def reading_the_office(connection: Connection) -> tuple[ColumnElement[Any], ...]:
    """Return columns to add to a statement, so that no hold is ordered and no year loaded until the commit."""
    return _SHARED if _has_many_writers(connection) else ()


def lock_the_office(connection: Connection) -> None:
    """Wait for all transactions that read the office now; those that begin after the commit see the change."""
    if _has_many_writers(connection):
        connection.execute(select(func.pg_advisory_xact_lock(_KEY)))


def lock_the_opening(connection: Connection) -> None:
    """Wait until no other transaction opens a period, so that each duty is opened once, by the first."""
    if _has_many_writers(connection):
        connection.execute(select(func.pg_advisory_xact_lock(_OPENING_KEY)))


def _has_many_writers(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"
