"""Promises that change: an order that joins brings one forward, a new calendar moves them.

Assumes that the store computes promises; here it is only asked again.
"""

from dataclasses import replace
from datetime import datetime

from temporalio import workflow

from workflows import options
from workflows.matter.ledger import Ledger, is_touched
from workflows.order.asking import Asking
from workflows.order.state import State

with workflow.unsafe.imports_passed_through():
    from domain.order.templates import Template
    from messages.matter.step import ClockRequest, GivenWord
    from messages.names import REQUESTER
    from messages.order.step import OrderAnswer, OrderStep


def bring_forward(
    state: State, asking: Asking, ledger: Ledger[OrderStep, OrderAnswer], *, at: datetime
) -> None:
    """Take over the promise of an order that joined this one, and move the clocks of the unit with it.

    A promise that was given before and is later can be dropped: rests only move it on, so it never binds
    again. Which of the others is the earliest, only the store can compute while clocks stand still.
    """
    earlier = [each for each in state.joined if each.at < at]
    said = GivenWord(at=at, said_at=workflow.now())
    state.joined = (*earlier, said)[: options.JOINED_COUNTED]
    if state.promise is not None:
        asking.promise(state.promise)
    for task in state.open_tasks.values():
        deadline = task.deadline
        clock = deadline.asked = _not_later(deadline.asked, state.joined)
        is_running = deadline.due_at is not None and not deadline.expired
        if is_running and clock is not None and clock.promise is not None:
            ledger.clock(clock)
    if state.rest is not None:
        state.rest.clock = _not_later(state.rest.clock, state.joined)
    if state.stood is not None:
        state.stood = replace(state.stood, clock=_not_later(state.stood.clock, state.joined))


def reckon_again(
    state: State, asking: Asking, ledger: Ledger[OrderStep, OrderAnswer], *, changed_from: datetime | None
) -> None:
    """Ask again for every instant that a new calendar may move, and tell the resident the new promise."""
    promise, promised_at, is_owed = state.promise, state.promised_at, state.ending is None
    if promise is not None and state.promise_is_provisional:
        asking.promise(promise)
        if is_owed:
            ledger.write(REQUESTER, Template.PROMISE_CONFIRMED, only_if_firm=True)
    elif (
        promise is not None
        and promised_at is not None
        and is_owed
        and is_touched(promised_at, changed_from=changed_from)
    ):
        asking.promise(promise)
        ledger.write(REQUESTER, Template.PROMISE_MOVED, only_if_after=promised_at)
    ledger.reckon_again(state.clocks, changed_from=changed_from)


def _not_later(clock: ClockRequest | None, joined: tuple[GivenWord, ...]) -> ClockRequest | None:
    """Make a clock that serves the promise due not later than the promises of orders that joined."""
    if clock is None or clock.promise is None:
        return clock
    return clock.model_copy(update={"joined": joined})
