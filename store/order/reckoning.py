"""Computing the clocks and the promise that a step asks for: from the wire to the rules, on the calendar in force now.

Assumes nothing is written here; the caller keeps the answer with the step, so that it is never computed twice.
"""

from datetime import datetime
from typing import TypedDict

from sqlalchemy import Connection

from domain.calendar.workdays import DueTime, WorkCalendar
from domain.matter import clocks
from domain.matter.clocks import Clock, Rested
from domain.office.words import OrderClass
from domain.order import deadlines
from domain.order.deadlines import Basis, ClockFacts, PromiseFacts, promised
from domain.order.policy import PolicyBook
from messages.matter.step import ClockReading, ClockRequest, GivenWord, PromiseRequest
from messages.order.step import OrderAnswer, OrderStep
from store.calendar.years import calendar_since


def reckon_step(
    connection: Connection, step: OrderStep, cap: datetime | None, book: PolicyBook
) -> OrderAnswer:
    """Compute the clocks and the promise that a step asks for; `cap` is the limit that a superior platform set."""
    asked = [each.since for each in (step.promise, *step.clocks) if each is not None]
    asked += [each.promise.since for each in step.clocks if each.promise is not None]
    if not asked:
        return OrderAnswer()
    calendar = calendar_for(connection, book, min(asked))
    promise = promise_of(step.promise, cap, book, calendar)
    readings = {each.key: clock_of(each, cap, book, calendar) for each in step.clocks}
    return OrderAnswer(
        clocks={
            key: ClockReading(
                due_at=reading.due_at, remind_at=reading.remind_at, is_provisional=reading.is_provisional
            )
            for key, reading in readings.items()
        },
        promised_at=promise.at if promise else None,
        promise_is_provisional=bool(promise and promise.is_provisional),
    )


def promise_of(
    request: PromiseRequest | None, cap: datetime | None, book: PolicyBook, calendar: WorkCalendar
) -> DueTime | None:
    """Compute a promise, if one is asked for."""
    if request is None:
        return None
    facts = PromiseFacts(
        **_facts(request),
        granted=_given(request.granted),
        cap=cap if request.is_capped else None,
        was=request.was,
    )
    return promised(facts, book, calendar)


def clock_of(request: ClockRequest, cap: datetime | None, book: PolicyBook, calendar: WorkCalendar) -> Clock:
    """Compute a clock."""
    facts = ClockFacts(
        **_facts(request),
        basis=Basis(request.basis),
        promised=promise_of(request.promise, cap, book, calendar),
        repetition=request.repetition,
        given=request.given,
        cap=cap if request.promise is not None and request.promise.is_capped else None,
    )
    return deadlines.clock(facts, book, calendar)


class _Facts(TypedDict):
    since: datetime
    order_class: OrderClass | None
    rests: tuple[Rested, ...]
    word: clocks.Given | None
    joined: tuple[clocks.Given, ...]
    floor_from: datetime | None


def _facts(request: PromiseRequest | ClockRequest) -> _Facts:
    return _Facts(
        since=request.since,
        order_class=OrderClass(request.order_class) if request.order_class else None,
        rests=tuple(Rested(each.began, each.ended) for each in request.rests),
        word=_given(request.word),
        joined=tuple(clocks.Given(each.at, each.said_at) for each in request.joined),
        floor_from=request.floor_from,
    )


def _given(said: GivenWord | None) -> clocks.Given | None:
    return clocks.Given(said.at, said.said_at) if said else None


def calendar_for(connection: Connection, book: PolicyBook, since: datetime) -> WorkCalendar:
    """Return the calendar by which a book counts; none is read for a book that runs by the clock on the wall."""
    return calendar_since(connection, since) if book.needs_calendar else WorkCalendar({})
