"""What the directory in force says about the codes in a decision or action.

The workflow cannot read the directory itself: the answer travels with the signal (ADR-0018).
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection

from domain.matter.judging import Codes, named_codes
from domain.matter.tasks import CODED, Field
from messages.office.directory import LookUp, Vouched
from store.office.directory import current, look_up


def codes_for(connection: Connection, fields: Collection[Field]) -> Codes:
    """Return the codes that may be named in these fields; none if no field holds codes."""
    if CODED.isdisjoint(each.type for each in fields):
        return Codes()
    return Codes.of(current(connection))


def vouched_for(
    connection: Connection, fields: Collection[Field], given: Mapping[str, Any]
) -> Vouched | None:
    """Look up the codes that are named in these fields; `None` if there are none."""
    units, categories = named_codes(fields, given)
    if not units and not categories:
        return None
    return look_up(connection, LookUp(units=tuple(units), categories=tuple(categories)))
