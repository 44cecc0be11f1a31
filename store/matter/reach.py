"""Which matters a caller may see."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, exists, false, or_, select

from store.matter.tables import matter, task
from store.office.tables import unit


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Which matters a caller may see: all, those that a client sent, or what any of the other fields allows.

    `unit` and `tier` allow a matter that ever had a task there, `below` one that had a task at a unit below this one,
    `community` one about something there.
    """

    everything: bool = False
    client_id: str | None = None
    unit: str | None = None
    below: str | None = None
    community: str | None = None
    tier: str | None = None


EVERYTHING: Final = Scope(everything=True)
"""No limit, for the office's own programs."""


def scoped(query: Select[Any], scope: Scope) -> Select[Any]:
    """Limit a query over matters to those of a scope, except for `client_id`, which the kind itself applies."""
    if scope.everything:
        return query
    theirs = task.alias("theirs")
    concerned: list[ColumnElement[bool]] = []
    if scope.unit is not None:
        concerned.append(theirs.c.unit == scope.unit)
    if scope.below is not None:
        concerned.append(theirs.c.unit.in_(_below(scope.below)))
    if scope.tier is not None:
        concerned.append(theirs.c.tier == scope.tier)
    allowed: list[ColumnElement[bool]] = (
        [exists().where(theirs.c.matter_no == matter.c.matter_no, or_(*concerned))] if concerned else []
    )
    if scope.community is not None:
        allowed.append(matter.c.community == scope.community)
    return query.where(or_(false(), *allowed))


def _below(code: str) -> Select[Any]:
    """Find the units below one, however deep."""
    tree = select(unit.c.code).where(unit.c.parent == code).cte(recursive=True)
    return select(tree.union(select(unit.c.code).where(unit.c.parent == tree.c.code)).c.code)


def is_within(connection: Connection, matter_no: str, scope: Scope) -> bool:
    """Tell whether there is such a matter within the scope of a member of staff."""
    query = select(matter.c.matter_no).where(matter.c.matter_no == matter_no)
    return connection.scalar(scoped(query, scope)) is not None
