"""The base of all tables: one metadata, and the kinds of column that recur.

The tables stand with their subjects, and are imported inside `store` only: other packages call its functions.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Integer, MetaData, String
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Json = JSON().with_variant(JSONB(), "postgresql")
BigId = BigInteger().with_variant(Integer(), "sqlite")


def code(name: str, **options: Any) -> Column[str]:
    """Make a column for a word of the procedure, or for an id."""
    return Column(name, String(64), **options)


def listed(codes: Iterable[str]) -> str:
    """Write codes as SQL for the condition of an index: both databases compare it word for word."""
    return ", ".join(f"'{each}'" for each in codes)
