"""The wire types of each kind of matter: its start, its steps and their answers, and the activity for them.

Assumes that only code for matters of every kind asks here.
"""

from dataclasses import dataclass
from typing import Final

from domain.duty.words import KIND as A_DUTY
from domain.kinds import kind_of
from domain.order.words import KIND as AN_ORDER
from messages.duty.step import DutyStep
from messages.duty.workflow import StartDuty
from messages.matter.starting import MatterStart
from messages.matter.step import MatterAnswer, MatterStep
from messages.names import RECORD, RECORD_DUTY
from messages.order.step import OrderAnswer, OrderStep
from messages.order.workflow import StartOrder


@dataclass(frozen=True, kw_only=True, slots=True)
class Wires:
    """The types of one kind, and the name of the activity that commits its steps."""

    start: type[MatterStart]
    step: type[MatterStep]
    answer: type[MatterAnswer]
    record: str


_WIRES: Final = {
    AN_ORDER: Wires(start=StartOrder, step=OrderStep, answer=OrderAnswer, record=RECORD),
    A_DUTY: Wires(start=StartDuty, step=DutyStep, answer=MatterAnswer, record=RECORD_DUTY),
}


def wires_of(matter_no: str) -> Wires:
    """Return the wire types of a matter, by its number."""
    return _WIRES[kind_of(matter_no).name]
