"""Fixtures of meetings: an office whose only team answers for one community."""

import pytest

from tests.support.office import Office
from tests.support.stories.meetings import TEAM, Meetings


@pytest.fixture
def meetings(office: Office) -> Meetings:
    """Return the meetings of an office with a team for one community."""
    found = Meetings(office)
    found.set_up(TEAM)
    return found


@pytest.fixture
def closed_meetings(closed_office: Office) -> Meetings:
    """Return the same without a worker."""
    found = Meetings(closed_office)
    found.set_up(TEAM)
    return found
