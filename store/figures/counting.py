"""The figures of the office, counted by the database in a few grouped statements.

Assumes a transaction in which all statements see one state. `domain/figures/counting.py` says what counts; a test
counts the same rows again by those rules. Each statement walks an index over open orders or over the days asked for.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, or_, select, union_all

from domain.figures.counting import COUNTED, OWED, Count, Day, DayLine, Picture, Rate, lines
from domain.office.words import Tier
from domain.order.events import EventName
from domain.order.words import ANSWERED, KIND, Ending, Satisfied, Stage
from store.figures.tables import TOLD
from store.instants import Instant
from store.matter.reach import Scope, scoped
from store.matter.tables import STILL_OPEN, event, matter
from store.order.rows import WHOLE
from store.order.tables import orders

_ANSWERS: Final = (EventName.FOLLOW_UP_ENDED, EventName.ORDER_RATED)
_OVER: Final = ""
"""The stage in counts of answered orders, which are not grouped by stage."""


def picture(connection: Connection, days: Sequence[Day], scope: Scope, *, now: datetime) -> Picture:
    """Return the picture of a scope over the days of a window, today last."""
    since, today = days[0].begins, days[-1]
    counts = _open(connection, scope, since=since, today=today, now=now)
    counts += _answered(connection, scope, since=since)
    answers = _answers(connection, scope, since=since)
    total = lines(counts, lambda _: "") or lines([Count(stage=_OVER, tier="", unit="")], lambda _: "")
    by_tier = {each.key: each for each in lines(counts, lambda each: each.tier)}
    by_stage = {each.key: each for each in lines(counts, lambda each: each.stage)}
    return Picture(
        days=_by_day(connection, days, scope),
        all=total[0],
        by_unit=lines(counts, lambda each: each.unit),
        by_tier=tuple(by_tier[tier] for tier in Tier if tier in by_tier),
        by_stage=tuple(by_stage[stage] for stage in Stage if stage in by_stage),
        satisfied={each: answers.get(each, 0) for each in Satisfied},
        unrated=answers.get(None, 0),
    )


def _open(connection: Connection, scope: Scope, *, since: datetime, today: Day, now: datetime) -> list[Count]:
    """Count the open orders, and those among them that missed their promise in the window."""
    due_at, promised_at = matter.c.due_at, matter.c.promised_at
    missed = and_(
        matter.c.stage.in_(OWED), matter.c.held.is_(False), promised_at >= since, promised_at <= now
    )
    query = select(
        matter.c.stage,
        matter.c.tier,
        matter.c.unit,
        func.count().label("open"),
        func.count().filter(and_(due_at > now, due_at < today.ends)).label("due_today"),
        func.count().filter(or_(matter.c.overdue.is_(True), due_at <= now)).label("overdue"),
        func.count().filter(missed).label("missed"),
    ).where(STILL_OPEN, matter.c.kind == KIND)
    rows = connection.execute(scoped(query, scope).group_by(matter.c.unit, matter.c.tier, matter.c.stage))
    return [
        Count(
            stage=row.stage,
            tier=row.tier,
            unit=row.unit,
            open=row.open,
            due_today=row.due_today,
            overdue=row.overdue,
            on_time=Rate(0, row.missed),
        )
        for row in rows
    ]


def _answered(connection: Connection, scope: Scope, *, since: datetime) -> list[Count]:
    """Count the orders that were answered in the window.

    An order that had missed its promise before the window counted then.
    """
    last = (
        _told(EventName.ORDER_REPLIED)
        .with_only_columns(event.c.matter_no, func.max(event.c.at).label("at"))
        .where(event.c.at >= since)
        .group_by(event.c.matter_no)
        .subquery()
    )
    promised_at = matter.c.promised_at
    query = (
        select(
            matter.c.tier,
            matter.c.unit,
            func.count().filter(or_(promised_at.is_(None), last.c.at < promised_at)).label("on_time"),
            func.count().label("judged"),
        )
        .select_from(WHOLE)
        .join(last, last.c.matter_no == matter.c.matter_no)
        .where(
            matter.c.stage.in_(ANSWERED),
            orders.c.ending.in_(COUNTED),
            or_(promised_at.is_(None), promised_at >= since),
        )
    )
    rows = connection.execute(scoped(query, scope).group_by(matter.c.tier, matter.c.unit))
    return [
        Count(stage=_OVER, tier=row.tier, unit=row.unit, on_time=Rate(row.on_time, row.judged))
        for row in rows
    ]


def _answers(connection: Connection, scope: Scope, *, since: datetime) -> dict[Satisfied | None, int]:
    """Count each resident's last answer, in a call-back or a rating; `None` stands for a call-back without one."""
    latest = func.row_number().over(
        partition_by=event.c.matter_no, order_by=(event.c.at.desc(), event.c.seq.desc())
    )
    said = (
        _told(*_ANSWERS)
        .with_only_columns(
            event.c.matter_no,
            event.c.data["satisfied"].as_string().label("satisfied"),
            latest.label("place"),
        )
        .where(event.c.at >= since)
        .subquery()
    )
    query = (
        select(said.c.satisfied, func.count().label("orders"))
        .select_from(said)
        .join(WHOLE, matter.c.matter_no == said.c.matter_no)
        .where(said.c.place == 1, orders.c.ending.is_distinct_from(Ending.WITHDRAWN))
    )
    rows = connection.execute(scoped(query, scope).group_by(said.c.satisfied))
    return {Satisfied(row.satisfied) if row.satisfied else None: row.orders for row in rows}


def _by_day(connection: Connection, days: Sequence[Day], scope: Scope) -> tuple[DayLine, ...]:
    # Not `VALUES`, which SQLAlchemy compiles again each time.
    table = union_all(
        *(
            select(
                literal(day.on.isoformat()).label("day"),
                literal(day.begins, Instant).label("begins"),
                literal(day.ends, Instant).label("ends"),
            )
            for day in days
        )
    ).cte("days")

    def within(at: ColumnElement[Any]) -> ColumnElement[bool]:
        return and_(at >= table.c.begins, at < table.c.ends)

    # Keep the window next to the day filter, or the planner scans every event ever written.
    received = scoped(
        select(table.c.day, func.count().label("orders"))
        .select_from(table)
        .join(matter, within(matter.c.begun_at))
        .where(matter.c.kind == KIND, matter.c.begun_at >= days[0].begins),
        scope,
    )
    closed = _within_scope(
        _told(EventName.ORDER_CLOSED)
        .with_only_columns(table.c.day, func.count(event.c.matter_no.distinct()).label("orders"))
        .select_from(table)
        .join(event, within(event.c.at))
        .where(event.c.at >= days[0].begins),
        event.c.matter_no,
        scope,
    )
    came, went = (
        {row.day: row.orders for row in connection.execute(query.group_by(table.c.day))}
        for query in (received, closed)
    )
    keys = ((day.on, day.on.isoformat()) for day in days)
    return tuple(DayLine(on=on, received=came.get(key, 0), closed=went.get(key, 0)) for on, key in keys)


def _within_scope(query: Select[Any], order_no: ColumnElement[str], scope: Scope) -> Select[Any]:
    """Limit a query over events to orders of a scope; if that is all of them, no order is read."""
    return query if scope.everything else scoped(query.join(matter, matter.c.matter_no == order_no), scope)


def _told(*types: str) -> Select[Any]:
    """Select events for figures; with `TOLD` worded as in the index, or neither database would use the index."""
    return select(event).where(TOLD, event.c.type.in_(types), event.c.abandoned.is_(False))
