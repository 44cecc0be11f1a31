"""Computing the clocks that a step of a duty asks for: from the wire to the rules, on the calendar in force now.

Assumes nothing is written here; the caller keeps the answer with the step, so that it is never computed twice.
"""

from sqlalchemy import Connection

from domain.calendar.workdays import WorkCalendar
from domain.duty.deadlines import DutyBasis, DutyClock, duty_clock
from domain.duty.policy import DutyBook
from domain.matter.clocks import Clock, Rested
from messages.duty.step import DutyStep
from messages.matter.step import ClockReading, ClockRequest, MatterAnswer
from store.calendar.years import calendar_since


def reckon_duty_step(connection: Connection, step: DutyStep, book: DutyBook) -> MatterAnswer:
    """Compute the clocks that a step asks for."""
    if not step.clocks:
        return MatterAnswer()
    # A limit before the end of a period may lie in the year before.
    calendar = calendar_since(connection, min(each.since for each in step.clocks).replace(month=1, day=1))
    return MatterAnswer(clocks={each.key: reading(_clock_of(each, book, calendar)) for each in step.clocks})


def _clock_of(request: ClockRequest, book: DutyBook, calendar: WorkCalendar) -> Clock:
    facts = DutyClock(
        basis=DutyBasis(request.basis),
        since=request.since,
        rests=tuple(Rested(each.began, each.ended) for each in request.rests),
        repetition=request.repetition,
    )
    return duty_clock(facts, book, calendar)


def reading(clock: Clock) -> ClockReading:
    """Turn a clock into what the workflow has to know of it."""
    return ClockReading(due_at=clock.due_at, remind_at=clock.remind_at, is_provisional=clock.is_provisional)
