"""The kinds of matter: the name of each, how it is numbered, and its tables.

Assumes that only code for matters of every kind asks here; the code of one kind uses its own tables.
"""

from dataclasses import dataclass
from typing import Final

from domain.duty import words as duties
from domain.duty.actions import duty_action_fields
from domain.duty.lifecycle import DUTY_TASKS
from domain.matter.stages import OVER
from domain.matter.tasks import Tables
from domain.order import words as orders
from domain.order.actions import action_fields
from domain.order.lifecycle import TASKS

ORDER_TABLES: Final = Tables(TASKS, action_fields)
"""The tasks and actions of an order."""
DUTY_TABLES: Final = Tables(DUTY_TASKS, duty_action_fields)
"""The tasks and actions of a duty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MatterKind:
    """A kind of matter: its name, the letter before its numbers (orders have none), what people call it, its tables."""

    name: str
    letter: str
    label: str
    tables: Tables


KINDS: Final = (
    MatterKind(name=orders.KIND, letter="", label="订单", tables=ORDER_TABLES),
    MatterKind(name=duties.KIND, letter=duties.LETTER, label="院坝寻单", tables=DUTY_TABLES),
)
"""Every kind of matter."""
OPEN_STAGES: Final[tuple[str, ...]] = (
    *orders.OPEN,
    *(each for each in duties.DutyStage if str(each) not in OVER),
)
"""Stages in which a matter of any kind is open; named one by one, so that an index of stages finds them."""
_BY_LETTER: Final = {each.letter: each for each in KINDS}


def kind_of(matter_no: str) -> MatterKind:
    """Return the kind of a matter by its number; a number without a known letter is an order's."""
    return _BY_LETTER.get(matter_no[:1], KINDS[0])


def named(matter_no: str) -> str:
    """Name a matter with its kind, for sentences to operators."""
    return f"{kind_of(matter_no).name} {matter_no}"
