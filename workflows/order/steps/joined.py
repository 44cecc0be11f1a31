"""Joined (并单): the order waits until its leading order has answered, which answers this resident too.

Assumes that the store joined it. Any signal of an answer makes it ask the store, so that one typed by hand
cannot end the wait.
"""

from temporalio import workflow

from workflows import options
from workflows.matter.state import Expired, Interrupted, NotForeseen
from workflows.order.case import Case
from workflows.order.state import Led

with workflow.unsafe.imports_passed_through():
    from domain.order.actions import ActionName
    from domain.order.events import EventName
    from domain.order.words import Ending
    from messages.order.step import LeadingStands


async def await_leading(case: Case) -> None:
    """Wait for the leading order's answer; this order's own call-back and window come after it."""
    while not _has_answered(case, leading := await case.leading()):
        match await case.answer(_look_again()):
            case Expired():
                # No signal came: it asks the store by itself.
                continue
            case Interrupted(said) if said.action == ActionName.ANSWER:
                continue
            case other:
                raise NotForeseen("joined", other)
    _take(case, leading)


def _has_answered(case: Case, leading: LeadingStands) -> bool:
    """Tell whether the leading order has answered, even if it has gone back to work since."""
    return leading.answered or leading.answers > case.state.answers_before


def _look_again() -> Led:
    led = Led()
    led.deadline.due_at = workflow.now() + options.JOINED_LOOKS_AGAIN
    return led


def _take(case: Case, leading: LeadingStands) -> None:
    """Take over the leading order's answer; its unit does the rework if this resident says no."""
    state = case.state
    state.led_to = Ending(leading.ending) if leading.ending else None
    state.handled_by = leading.handled_by
    if leading.unit is not None and state.routing is not None:
        state.units[leading.unit.code] = leading.unit
        case.hand_to(leading.unit.code, leading.unit.tier)
    case.note(EventName.ORDER_REPLIED, ending=Ending.MERGED)
