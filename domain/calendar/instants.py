"""Instants, as the office reads, stores and shows them.

Assumes nothing: an instant without a zone is refused, never guessed.
"""

from datetime import UTC, datetime

from domain.calendar.workdays import OFFICE_ZONE
from domain.errors import DomainError

_FIRST_YEAR, _LAST_YEAR = 2000, 2199


class NaiveDatetime(DomainError):
    """An instant came without a zone."""

    code = "naive_datetime"


def instant(value: object) -> datetime | None:
    """Read an aware ISO 8601 instant of the years 2000 to 2199; return `None` for anything else."""
    try:
        read = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return read if is_reckonable(read) else None


def is_reckonable(instant: datetime) -> bool:
    """Tell whether an instant has a zone and a year that every database and calendar can handle."""
    return instant.tzinfo is not None and _FIRST_YEAR <= instant.year <= _LAST_YEAR


def utc(instant: datetime) -> datetime:
    """Return the same instant in UTC.

    Raises:
        NaiveDatetime: it has no zone.
    """
    if instant.tzinfo is None:
        raise NaiveDatetime("an instant without a zone cannot be reckoned with; give it an offset")
    return instant.astimezone(UTC)


def local(instant: datetime) -> datetime:
    """Return the same instant as the office's clocks show it."""
    return instant.astimezone(OFFICE_ZONE)
