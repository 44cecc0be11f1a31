"""How an instant is kept: in UTC, with its zone wherever the database knows zones."""

from datetime import UTC, datetime
from typing import Final, TypeAlias

from sqlalchemy import ColumnElement, DateTime, Dialect, TypeDecorator, bindparam


class NaiveInstant(TypeError):
    """An instant without a zone was to be stored."""


class Instant(TypeDecorator[datetime]):
    """An aware instant, stored in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; SQLite keeps no zone, so it gets none."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveInstant("only instants with a zone are stored")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware instant, in UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


At: TypeAlias = datetime | ColumnElement[datetime]
"""An instant, or the parameter for one in a statement that is built once."""
NOW: Final = bindparam("now", type_=Instant())
"""The parameter `now` of such a statement."""
