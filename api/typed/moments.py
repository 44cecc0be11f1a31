"""Instants at the edge: with an offset, and within the years that the calendar can handle."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

from domain.calendar.instants import is_reckonable


def _reckonable(value: datetime) -> datetime:
    if not is_reckonable(value):
        raise ValueError("the year must lie between 2000 and 2199")
    # The same instant becomes the same value, whatever offset it was sent with.
    return value.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_reckonable)]
