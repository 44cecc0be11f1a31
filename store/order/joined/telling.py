"""What the office itself tells matters: a hold, its end, a year announced, an order that joins them.

Assumes the transaction of the change that is told. That transaction only orders that all open orders are told. They are
told batch by batch, each batch in a short transaction of its own that locks no order. Any worker that finds a telling
unfinished goes on with it, and an order that was not reached yet hears it before its next automatic step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from domain.doors import Via
from domain.kinds import kind_of
from domain.matter.judging import DecisionStatus
from domain.matter.normal import normal
from domain.matter.tasks import SYSTEM
from domain.order.actions import ActionName, action_fields
from domain.order.words import KIND, Stage
from messages.matter.signals import MatterAction
from messages.names import system_id
from store.auditing import audit
from store.database import Store
from store.matter.outbox import put_told
from store.matter.said.decisions import Actor, Refused, Subject, fingerprint_of
from store.matter.tables import decision, matter
from store.order.resting import rests_after
from store.order.rows import WHOLE
from store.order.said.decisions import submit_action
from store.order.tables import orders, telling

BATCH = 50
"""Orders that are told in one transaction; no other writer waits longer than for these."""

PAUSE = timedelta(milliseconds=50)
"""The time for other writers between two batches: on SQLite they wait for the one writer by polling."""


class Audience(StrEnum):
    """Which matters are told."""

    OPEN = "open"
    PROVISIONAL = "provisional"
    DATED = "dated"
    """Orders that have a date later than the field `changed_from` of the action, or a provisional one."""


def _who(audience: str, fields: Mapping[str, str]) -> ColumnElement[bool]:
    match Audience(audience):
        case Audience.OPEN:
            return matter.c.stage != Stage.ARCHIVED
        case Audience.PROVISIONAL:
            return orders.c.is_provisional.is_(True) & (matter.c.stage != Stage.ARCHIVED)
        case Audience.DATED:
            return rests_after(datetime.fromisoformat(fields["changed_from"]))


_OTHERS: Final = (matter.c.kind != KIND) & (matter.c.stage != Stage.ARCHIVED)
"""Open matters of other kinds: they are few, and each asks again only for what concerns it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TellingProgress:
    """How far a telling has come."""

    told: int
    is_done: bool


def order_telling(
    connection: Connection,
    action: ActionName,
    *,
    key: str,
    fields: Mapping[str, str],
    audience: Audience,
    now: datetime,
) -> int:
    """Order that an action of the office's own is sent to many orders, and return the number of this telling.

    An order hears a `key` once, however often it is told.
    """
    values = {
        "action": action,
        "key": key,
        "fields": normal(action_fields(action), fields),
        "audience": audience,
        "reached": "",
        "told": 0,
        "ordered_at": now,
    }
    return int(connection.scalar(insert(telling).values(**values).returning(telling.c.id)) or 0)


def audience_size(
    connection: Connection, audience: Audience, fields: Mapping[str, str] = MappingProxyType({})
) -> int:
    """Count the matters that would be told this now."""
    meant = select(func.count()).select_from(WHOLE).where(_who(audience, fields))
    others = select(func.count()).select_from(matter).where(_OTHERS)
    return (connection.scalar(meant) or 0) + (connection.scalar(others) or 0)


def progress_of(connection: Connection, number: int) -> TellingProgress:
    """Say how far a telling has come."""
    row = connection.execute(select(telling.c.told, telling.c.done_at).where(telling.c.id == number)).one()
    return TellingProgress(told=row.told, is_done=row.done_at is not None)


def tell_next(store: Store, *, now: datetime) -> bool:
    """Tell the next batch of the oldest telling that is not finished; `False` if there is none.

    The batch is read beside all writers. It is told only if no other process has told it meanwhile.
    """
    with store.look() as connection:
        row = connection.execute(_unfinished().limit(1)).one_or_none()
        if row is None:
            return False
        matter_nos = _page(connection, row)
    with store.write() as connection:
        here = telling.c.id == row.id, telling.c.reached == row.reached, telling.c.done_at.is_(None)
        goes_on = {"reached": matter_nos[-1]} if matter_nos else {"done_at": now}
        if connection.execute(update(telling).where(*here).values(**goes_on).returning(telling.c.id)).first():
            told = _tell(connection, row, matter_nos, now)
            counted = update(telling).where(telling.c.id == row.id)
            connection.execute(counted.values(told=telling.c.told + told))
    return True


def _page(connection: Connection, row: Row[Any]) -> list[str]:
    """List the matters to tell next: first the orders meant, then matters of other kinds, whose numbers sort behind."""
    meant = select(matter.c.matter_no).select_from(WHOLE).where(_who(row.audience, row.fields))
    # Limit both tables, or PostgreSQL walks one of them from its first row on.
    behind = matter.c.matter_no > row.reached, orders.c.order_no > row.reached
    page = list(connection.scalars(meant.where(*behind).order_by(matter.c.matter_no).limit(BATCH)))
    if len(page) < BATCH:
        others = select(matter.c.matter_no).where(_OTHERS, matter.c.matter_no > row.reached)
        page += connection.scalars(others.order_by(matter.c.matter_no).limit(BATCH - len(page)))
    return page


def hear_tellings(connection: Connection, matter_no: str, *, now: datetime) -> None:
    """Tell a matter at once what it would be told later; its next automatic step may depend on it."""
    for row in connection.execute(_unfinished().where(telling.c.reached < matter_no)).all():
        of_orders = select(matter.c.matter_no).select_from(WHOLE).where(_who(row.audience, row.fields))
        of_others = select(matter.c.matter_no).where(_OTHERS)
        meant = of_orders if kind_of(matter_no).name == KIND else of_others
        if connection.scalar(meant.where(matter.c.matter_no == matter_no)) is not None:
            _tell(connection, row, [matter_no], now)


def tell(
    connection: Connection,
    order_nos: Sequence[str],
    action: ActionName,
    *,
    key: str,
    fields: Mapping[str, str],
    now: datetime,
) -> int:
    """Send an action of the office's own to a few orders, once each, and return to how many.

    An order that was archived since it was listed needs to hear nothing.
    """
    told = 0
    for order_no in order_nos:
        try:
            submit_action(
                connection,
                order_no=order_no,
                action_id=system_id(key, order_no),
                action=action,
                fields=fields,
                actor=Actor(name=SYSTEM, via=Via.SYSTEM),
                now=now,
            )
        except Refused as refused:
            if refused.refusal.code not in {"wrong_stage", "merged"}:
                raise
        else:
            told += 1
    return told


def _unfinished() -> Any:
    """Select the unfinished tellings in sequence: an order hears of a hold before it hears of its end."""
    return select(telling).where(telling.c.done_at.is_(None)).order_by(telling.c.id)


def _tell(connection: Connection, row: Row[Any], order_nos: Sequence[str], now: datetime) -> int:
    """Write decision, signal and audit for each order that has not heard this, and return how many there are."""
    said = [_said(row, order_no) for order_no in order_nos]
    new = _keep(connection, row, said, order_nos)
    heard = [(order_no, each) for order_no, each in zip(order_nos, said, strict=True) if order_no in new]
    if not heard:
        return 0
    put_told(connection, [(order_no, each.model_dump(mode="json")) for order_no, each in heard], now=now)
    connection.execute(
        insert(audit),
        [
            {
                "at": now,
                "actor": SYSTEM,
                "via": Via.SYSTEM,
                "act": "decided",
                "matter_no": order_no,
                "data": {"decision_id": each.action_id, "name": each.action},
            }
            for order_no, each in heard
        ],
    )
    return len(heard)


def _said(row: Row[Any], order_no: str) -> MatterAction:
    return MatterAction(
        action_id=system_id(row.key, order_no),
        actor=SYSTEM,
        action=row.action,
        fields=row.fields,
        decided_at=row.ordered_at,
    )


def _keep(
    connection: Connection, row: Row[Any], said: Sequence[MatterAction], order_nos: Sequence[str]
) -> set[str]:
    """Keep the decisions, and return the orders that had not been told this."""
    if not said:
        return set()
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(decision).on_conflict_do_nothing().returning(decision.c.matter_no)
    values = [
        {
            "decision_id": each.action_id,
            "matter_no": order_no,
            "subject": Subject.MATTER,
            "name": each.action,
            "actor": SYSTEM,
            "via": Via.SYSTEM,
            "fields": each.fields,
            "texts": {},
            "fingerprint": fingerprint_of(order_no, each.action, each.fields, None, SYSTEM),
            "decided_at": row.ordered_at,
            "status": DecisionStatus.PENDING,
        }
        for each, order_no in zip(said, order_nos, strict=True)
    ]
    return set(connection.scalars(statement, values))
