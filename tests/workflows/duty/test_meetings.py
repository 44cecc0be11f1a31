"""A courtyard meeting, from the opening of its month to its report."""

import pytest

from tests.support.office import Office
from tests.support.stories.meetings import TEAM, Meetings


@pytest.fixture
def meetings(office: Office) -> Meetings:
    """An office with a team for one community."""
    found = Meetings(office)
    found.set_up(TEAM)
    return found


class TestAMeetingThatIsHeld:
    async def test_is_closed_by_its_report_and_counts_as_kept(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.held(duty_no)
        await meetings.closed(duty_no)
        ended = await meetings.result(duty_no)
        row = meetings.row(duty_no)
        assert (ended.ending, row["ending"], row["stage"], row["missed_at"]) == (
            "kept",
            "kept",
            "archived",
            None,
        )
        assert (row["attendees"], row["led_by"], row["unit"]) == (17, "leader", "street-safety")
        assert meetings.office.types(duty_no)[-2:] == ["DutyClosed", "OrderArchived"]
        await meetings.office.replay()
