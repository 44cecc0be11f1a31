"""Instants at the edge: with an offset, and within the years that can be reckoned with."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

from domain.deadlines import is_reckonable


def _reckonable(value: datetime) -> datetime:
    if not is_reckonable(value):
        raise ValueError("the year must lie between 2000 and 2199")
    return value


Moment = Annotated[AwareDatetime, AfterValidator(_reckonable)]
