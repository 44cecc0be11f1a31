"""An office with orders and meetings: whatever happens to them, together or at once, nothing is lost or doubled.

The stories are the same each time. `make stories N=10000` plays others, see CONTRIBUTING.
"""

import pytest

from domain.duty.events import DutyEvent
from domain.matter.events import MatterEvent
from domain.order.events import EventName
from tests.support.machine.databases import Databases
from tests.support.stories.playing import play

_PARTS = 6
"""Parts that run beside each other."""
_STORIES = 300
_OFTEN = {
    *(MatterEvent.HELD, MatterEvent.LIMIT_PASSED, MatterEvent.SIGNAL_REFUSED),
    *(EventName.ORDER_MERGED, EventName.ORDER_REOPENED, EventName.ORDER_WITHDRAWN, EventName.ROUND_BEGAN),
    *(EventName.LEADING_ANSWERED, MatterEvent.DUE_TIMES_RECALCULATED, EventName.SUPERVISION_BEGAN),
    *(DutyEvent.DUTY_MISSED, DutyEvent.DUTY_CLOSED),
}
"""Events that every tenth story meets, at the least: stories that do not are too tame to prove anything."""
_PAIRS = 500
"""Pairs of types of events that some matter of fifty stories has in its history, at the least; measured: some 800."""


class TestAnOffice:
    """It has several orders, and meetings to hold."""

    @pytest.mark.timeout(900)
    @pytest.mark.parametrize("part", range(_PARTS))
    def test_keeps_every_promise_whatever_happens(self, part: int, databases: Databases) -> None:
        each = _STORIES // _PARTS
        met = play(databases, range(part * each, (part + 1) * each))
        assert met.events.keys() >= _OFTEN
        assert len(met.pairs) > _PAIRS
