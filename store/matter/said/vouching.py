"""What the directory in force says of the codes that a decision or action names.

The workflow cannot look there itself: what is kept here travels with the signal (ADR-0018).
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection

from domain.matter.judging import Codes, named_codes
from domain.matter.tasks import CODED, Field
from messages.office.directory import LookUp, Vouched
from store.office.directory import current, look_up


def codes_for(connection: Connection, fields: Collection[Field]) -> Codes:
    """Give the codes that may be named, in fields that hold any."""
    if CODED.isdisjoint(each.type for each in fields):
        return Codes()
    return Codes.of(current(connection))


def vouched_for(
    connection: Connection, fields: Collection[Field], given: Mapping[str, Any]
) -> Vouched | None:
    """Say what these codes are; `None` where none is named."""
    units, categories = named_codes(fields, given)
    if not units and not categories:
        return None
    return look_up(connection, LookUp(units=tuple(units), categories=tuple(categories)))
