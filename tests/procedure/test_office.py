"""An office with orders and meetings: whatever happens to them, together or at once, nothing is lost or doubled.

The stories are the same each time. `make stories N=10000` plays others, see CONTRIBUTING.
"""

import pytest

from tests.support.machine.databases import Databases
from tests.support.stories.office import play

_PARTS = 3
"""Parts that run beside each other."""
_STORIES = 300


class TestAnOffice:
    """It has several orders, and meetings to hold."""

    @pytest.mark.timeout(900)
    @pytest.mark.parametrize("part", range(_PARTS))
    def test_keeps_every_promise_whatever_happens(self, part: int, databases: Databases) -> None:
        play(databases, stories=_STORIES // _PARTS, seed_=part)
