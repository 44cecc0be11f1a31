"""Locking a matter for the length of a transaction, so that exactly one of two who change it sees the other."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select

from store.matter.said.decisions import NotFound
from store.matter.tables import matter


def lock_matter(connection: Connection, matter_no: str) -> Row[Any]:
    """Lock a matter's row until the end of the transaction; what only names the matter does not wait for that.

    Raises:
        NotFound: there is no such matter.
    """
    return locked(connection, matter_no, select(matter))


def locked(
    connection: Connection, matter_no: str, query: Select[Any], *besides: ColumnElement[Any]
) -> Row[Any]:
    """Lock the rows that a query over matters finds of one, and read them.

    Each of them: whoever has waited for one lock reads that row as it is now, and every other one as it was before.

    Raises:
        NotFound: it finds nothing.
    """
    mine = query.add_columns(*besides).where(matter.c.matter_no == matter_no)
    row = connection.execute(mine.with_for_update(key_share=True)).one_or_none()
    if row is None:
        raise NotFound(f"there is no order {matter_no!r}")
    return row
