"""Insert a row unless its key exists, or rows of several tables at once."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Executable, Insert, Table, bindparam, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

NewRow = tuple[Table, Mapping[str, Any]]
"""A row to insert: its table, and its values by the names of the columns."""


def insert_ignore(
    connection: Connection, table: Table, values: Mapping[str, Any], *besides: ColumnElement[Any]
) -> bool:
    """Insert a row unless its key exists, and tell whether it was inserted. `besides` is evaluated with it."""
    statement = _insert_ignore(connection.dialect.name, table, *besides)
    return connection.execute(statement, values).first() is not None


@cache
def _insert_ignore(
    dialect: str, table: Table, *besides: ColumnElement[Any]
) -> ReturningInsert[tuple[Any, ...]]:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    # A returned row tells it on both databases; a count of rows does not.
    return insert(table).on_conflict_do_nothing().returning(*table.primary_key.columns, *besides)


def insert_all(connection: Connection, rows: Sequence[NewRow]) -> int:
    """Insert rows of several tables, each after those that it names, and return the generated key of the last one.

    On PostgreSQL this is one statement: it costs far less than a statement for each row.
    """
    if connection.dialect.name != "postgresql":
        *others, (last, values) = rows
        for table, each in others:
            connection.execute(_plain(table), each)
        inserted = connection.execute(_plain(last), values).inserted_primary_key
        return int(inserted[0]) if inserted else 0
    statement = _together(tuple((table, tuple(values)) for table, values in rows))
    given = {
        _name(column, number): value
        for number, (_, values) in enumerate(rows)
        for column, value in values.items()
    }
    return int(connection.execute(statement, given).scalar_one())


_plain = cache(insert)


@cache
def _together(rows: tuple[tuple[Table, tuple[str, ...]], ...]) -> Executable:
    *others, last = (_bound(table, columns, number) for number, (table, columns) in enumerate(rows))
    besides = [each.cte(f"inserted_{number}") for number, each in enumerate(others)]
    return last.returning(*rows[-1][0].primary_key).add_cte(*besides)


def _bound(table: Table, columns: Sequence[str], number: int) -> Insert:
    return insert(table).values(
        {table.c[each]: bindparam(_name(each, number), type_=table.c[each].type) for each in columns}
    )


def _name(column: str, number: int) -> str:
    return f"row_{number}_{column}"
