"""A courtyard meeting that did not take place in its month: missed, climbing, and entered late if possible."""

from datetime import timedelta

import pytest

from domain.duty.lifecycle import DutyTask
from store.matter.said.decisions import Refused
from tests.support.office import at, now
from tests.support.stories.meetings import LAST, LATE, RUSHED, Meetings

SOON = timedelta(seconds=3)


class TestAMeetingThatIsMissed:
    async def test_is_supervised_and_ends_as_missed_when_a_leader_takes_note(
        self, meetings: Meetings
    ) -> None:
        duty_no = await meetings.open(lasts=SOON)
        supervise = await meetings.office.task(duty_no, DutyTask.SUPERVISE)
        assert (supervise["unit"], supervise["role"]) == ("street", "street_leader")
        row = meetings.row(duty_no)
        assert (row["stage"], row["overdue"]) == ("missed", 1)
        assert row["missed_at"] >= row["period_ends"]
        await meetings.decide(
            duty_no, DutyTask.SUPERVISE, "conclude", reason="no_reason_given", text="未见报备"
        )
        ended = await meetings.result(duty_no)
        assert (ended.ending, ended.is_missed) == ("missed", True)
        assert meetings.row(duty_no)["missed_at"] == row["missed_at"]
        await meetings.office.replay()

    async def test_climbs_to_the_district_while_nobody_acts_and_ends_at_last(
        self, meetings: Meetings
    ) -> None:
        duty_no = await meetings.open(lasts=SOON, book=RUSHED)
        ended = await meetings.result(duty_no)
        asked = [each["unit"] for each in meetings.office.tasks(duty_no) if each["kind"] == "supervise"]
        assert asked[:3] == ["street", "street", "district"]
        row = meetings.row(duty_no)
        assert (ended.ending, row["ending"], row["escalations"]) == ("missed", "missed", 1)
        assert "EntryEnded" in meetings.office.types(duty_no)
        await meetings.office.replay()

    async def test_is_asked_for_again_by_a_leader_who_urges(self, meetings: Meetings) -> None:
        duty_no = await meetings.open(lasts=SOON)
        await meetings.decide(duty_no, DutyTask.SUPERVISE, "urge")
        again = await meetings.office.task(duty_no, DutyTask.SUPERVISE)
        assert again["unit"] == "street"
        await meetings.office.words("duty_urged")

    async def test_that_was_held_is_entered_late_by_itself(self, meetings: Meetings) -> None:
        duty_no = await meetings.open(lasts=timedelta(seconds=6))
        await meetings.held(duty_no)
        report = meetings.report()
        await meetings.office.task(duty_no, DutyTask.SUPERVISE)
        missed_at = meetings.row(duty_no)["missed_at"]
        await meetings.decide(duty_no, DutyTask.CLOSE_MEETING, "close", **report)
        ended = await meetings.result(duty_no)
        row = meetings.row(duty_no)
        assert (ended.ending, row["missed_at"]) == ("entered_late", missed_at)
        assert row["closed_at"] > missed_at > row["started_at"]
        await meetings.office.replay()

    async def test_that_was_announced_and_held_is_entered_late_too(self, meetings: Meetings) -> None:
        duty_no = await meetings.open(lasts=timedelta(seconds=5))
        await meetings.announced(duty_no)
        report = meetings.report()
        await meetings.office.task(duty_no, DutyTask.SUPERVISE)
        await meetings.decide(duty_no, DutyTask.CLOSE_MEETING, "close", **report)
        assert (await meetings.result(duty_no)).ending == "entered_late"

    async def test_needs_a_leaders_word_once_the_free_days_are_over(self, meetings: Meetings) -> None:
        duty_no = await meetings.open(lasts=timedelta(seconds=5), book=LATE)
        await meetings.held(duty_no)
        report = meetings.report()
        await meetings.office.eventually(
            lambda: "FreeEntryEnded" in meetings.office.types(duty_no), "the end of the free days"
        )
        await meetings.decide(duty_no, DutyTask.CLOSE_MEETING, "close", **report)
        await meetings.decide(duty_no, DutyTask.REVIEW, "revise", text="请补充签到")
        await meetings.decide(duty_no, DutyTask.CLOSE_MEETING, "close", **report)
        await meetings.decide(duty_no, DutyTask.REVIEW, "approve")
        ended = await meetings.result(duty_no)
        assert (ended.ending, ended.is_missed) == ("entered_late", True)
        types = meetings.office.types(duty_no)
        assert types.index("LateEntryDenied") < types.index("LateEntryApproved")
        await meetings.office.replay()

    async def test_that_is_entered_on_the_last_day_waits_for_its_leader(self, meetings: Meetings) -> None:
        duty_no = await meetings.open(lasts=timedelta(seconds=4), book=LAST)
        await meetings.held(duty_no)
        report = meetings.report()
        await meetings.office.eventually(
            lambda: "FreeEntryEnded" in meetings.office.types(duty_no), "the end of the free days"
        )
        await meetings.decide(duty_no, DutyTask.CLOSE_MEETING, "close", **report)
        review = await meetings.office.task(duty_no, DutyTask.REVIEW)
        last = at(meetings.row(duty_no)["period_ends"]) + timedelta(seconds=4)
        await meetings.office.eventually(lambda: now() > last, "the last day")
        await meetings.office.send(meetings.office.submit(review, "approve"))
        assert (await meetings.result(duty_no)).ending == "entered_late"

    async def test_keeps_a_late_report_from_a_leader_who_concludes(self, meetings: Meetings) -> None:
        duty_no = await meetings.open(lasts=timedelta(seconds=4), book=LATE)
        await meetings.held(duty_no)
        report = meetings.report()
        await meetings.office.eventually(
            lambda: "FreeEntryEnded" in meetings.office.types(duty_no), "the end of the free days"
        )
        await meetings.decide(duty_no, DutyTask.CLOSE_MEETING, "close", **report)
        await meetings.office.task(duty_no, DutyTask.REVIEW)
        with pytest.raises(Refused):
            await meetings.decide(
                duty_no, DutyTask.SUPERVISE, "conclude", reason="no_reason_given", text="未见报备"
            )

    async def test_is_not_spared_by_an_excuse_that_waits_while_the_meeting_is_held(
        self, meetings: Meetings
    ) -> None:
        duty_no = await meetings.open(lasts=timedelta(seconds=4))
        await meetings.announced(duty_no)
        await meetings.decide(
            duty_no, DutyTask.HOLD_MEETING, "request_excuse", reason="disaster", text="本月汛情"
        )
        await meetings.decide(duty_no, DutyTask.HOLD_MEETING, "held")
        await meetings.office.eventually(lambda: meetings.row(duty_no)["missed_at"], "missed")
        assert "ExcuseWithdrawn" in meetings.office.types(duty_no)

    async def test_offers_no_late_report_if_residents_were_never_told(self, meetings: Meetings) -> None:
        duty_no = await meetings.open(lasts=SOON)
        await meetings.office.task(duty_no, DutyTask.SUPERVISE)
        assert {each["kind"] for each in meetings.office.tasks(duty_no) if each["state"] == "open"} == {
            "supervise"
        }
