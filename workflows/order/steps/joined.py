"""Joined (并单): the order waits until the one that it was joined to has answered its resident too.

Assumes that the store joined it. Whoever tells it that there is an answer, the store is asked: a signal typed by hand
ends nobody's wait.
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
                # Nobody told it: it looks itself.
                continue
            case Interrupted(said) if said.action == ActionName.ANSWER:
                continue
            case other:
                raise NotForeseen("joined", other)
    _take(case, leading)


def _has_answered(case: Case, leading: LeadingStands) -> bool:
    """Tell whether there is an answer, also if the leading order works on since: it was given all the same."""
    return leading.answered or leading.answers > case.state.answers_before


def _look_again() -> Led:
    led = Led()
    led.deadline.due_at = workflow.now() + options.JOINED_LOOKS_AGAIN
    return led


def _take(case: Case, leading: LeadingStands) -> None:
    """Take the leading order's answer for this one's: its unit works again, should the resident say no."""
    state = case.state
    state.led_to = Ending(leading.ending) if leading.ending else None
    state.handled_by = leading.handled_by
    if leading.unit is not None and state.routing is not None:
        state.units[leading.unit.code] = leading.unit
        case.hand_to(leading.unit.code, leading.unit.tier)
    case.note(EventName.ORDER_REPLIED, ending=Ending.MERGED)
