"""A courtyard meeting that takes place, from the opening of its month to its report."""

from datetime import timedelta
from typing import Any

import pytest

from domain.duty.lifecycle import DutyTask
from domain.order.lifecycle import TaskKind
from store.matter.said.decisions import NotEntitled, Refused
from tests.support.office import now
from tests.support.stories.meetings import CALM, HANDLER, RUSHED, Meetings

ISSUES = [
    {"text": "3号楼门禁坏了", "name": "李某", "phone": "000-0000-0007"},
    {
        "text": "想知道养老金怎么认证",
        "answer": "已现场演示手机认证",
        "name": "张某",
        "phone": "000-0000-0008",
    },
    {"text": "垃圾桶不够", "category": "city_appearance"},
]

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"attendees": None}, "attendees"),
    ({"attendees": 0}, "attendees"),
    ({"summary": " "}, "summary"),
    ({"started_at": "2020-01-01T00:00:00+00:00"}, "started_at"),
    ({"ended_at": "2020-01-01T00:00:00+00:00"}, "ended_at"),
    ({"no_issue_reason": None}, "no_issue_reason"),
    ({"evidence": "orders"}, "evidence"),
    ({"evidence": "place_photo"}, "attachments"),
]
"""Faults of a report, each with the field that the refusal names."""


class TestAMeetingThatIsHeld:
    async def test_is_closed_by_its_report_and_counts_as_kept(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.held(duty_no)
        await meetings.closed(duty_no)
        ended = await meetings.result(duty_no)
        row = meetings.row(duty_no)
        assert (ended.ending, row["ending"], row["stage"]) == ("kept", "kept", "archived")
        assert (row["missed_at"], row["overdue"], row["attendees"], row["led_by"]) == (None, 0, 17, "leader")
        assert (row["unit"], row["team"], row["community"]) == ("street-safety", "T1", "community-03")
        await meetings.office.replay()

    async def test_shows_where_it_is_in_row_status_and_search_attributes(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        assert (await meetings.status(duty_no)).stage == "planning"
        await meetings.announced(duty_no)
        await meetings.office.task(duty_no, DutyTask.HOLD_MEETING)
        await meetings.office.quiet(duty_no)
        status, row = await meetings.status(duty_no), meetings.row(duty_no)
        attributes = await meetings.office.attributes(duty_no)
        assert (status.stage, row["stage"], attributes["Stage"]) == ("planned", "planned", "planned")
        assert status.planned_at is not None
        assert (attributes["Community"], attributes["Category"]) == ("community-03", "courtyard_meeting")
        described = await meetings.office.handle(duty_no).describe()
        assert "院坝寻单 2026-12 · community-03" in str(await described.static_summary())

    async def test_stays_below_sixty_events(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.held(duty_no)
        await meetings.closed(duty_no)
        await meetings.result(duty_no)
        assert len(await meetings.office.history(duty_no)) <= 60

    async def test_may_be_postponed_twice_and_not_a_third_time(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.announced(duty_no)
        for _ in range(2):
            at = (now() + timedelta(minutes=5)).isoformat()
            said = await meetings.decide(duty_no, DutyTask.HOLD_MEETING, "postpone", at=at, reason="weather")
            await meetings.office.settled(said)
        with pytest.raises(Refused) as refused:
            await meetings.decide(duty_no, DutyTask.HOLD_MEETING, "postpone", at=at, reason="weather")
        assert refused.value.refusal.code == "unknown_outcome"
        assert meetings.row(duty_no)["postponed"] == 2

    async def test_that_is_cancelled_is_planned_again(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.announced(duty_no)
        await meetings.decide(duty_no, DutyTask.HOLD_MEETING, "cancel", reason="weather")
        await meetings.office.task(duty_no, DutyTask.PLAN_MEETING)
        assert meetings.row(duty_no)["announced_at"] is None
        await meetings.held(duty_no)
        await meetings.decide(duty_no, DutyTask.CLOSE_MEETING, "not_held", reason="nobody_came")
        await meetings.office.task(duty_no, DutyTask.PLAN_MEETING)
        assert (await meetings.status(duty_no)).stage == "planning"

    async def test_is_the_street_leaders_own_where_a_community_has_no_team(self, meetings: Meetings) -> None:
        duty_no = await meetings.open(community="community-04")
        task = await meetings.office.task(duty_no, DutyTask.PLAN_MEETING)
        assert (task["unit"], task["role"], meetings.row(duty_no)["team"]) == (
            "street",
            "street_leader",
            None,
        )

    async def test_is_not_closed_by_a_report_that_is_not_in_order(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.held(duty_no)
        for wrong, field in WRONG:
            with pytest.raises(Refused) as refused:
                await meetings.closed(duty_no, **wrong)
            assert refused.value.refusal.field == field, wrong
        assert meetings.row(duty_no)["report_of"] is None
        assert meetings.office.rows("SELECT 1 FROM decision WHERE name = 'close'") == []

    async def test_is_not_decided_by_another_team(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        task = await meetings.office.task(duty_no, DutyTask.PLAN_MEETING)
        at = (now() + timedelta(minutes=5)).isoformat()
        with pytest.raises(NotEntitled):
            meetings.office.submit(task, "announce", by="street-peace-handler", at=at, place="广场")

    async def test_is_closed_once(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.held(duty_no)
        task = await meetings.office.task(duty_no, DutyTask.CLOSE_MEETING)
        first = meetings.office.submit(task, "close", **meetings.report())
        second = meetings.office.submit(task, "close", **meetings.report(attendees=3))
        await meetings.office.send(first)
        await meetings.office.send(second)
        await meetings.result(duty_no)
        assert (await meetings.office.settled(second.row.decision_id))["code"] == "task_done"
        assert meetings.row(duty_no)["attendees"] == 17


class TestTheIssuesOfAMeeting:
    async def test_become_orders_with_the_writer_as_first_contact(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.held(duty_no)
        await meetings.closed(duty_no, issues=ISSUES, no_issue_reason=None, evidence="orders")
        await meetings.result(duty_no)
        rows = meetings.office.rows(
            "SELECT orders.*, position, on_the_spot FROM duty_issue JOIN orders USING (order_no) "
            "WHERE duty_no = :no ORDER BY position",
            no=duty_no,
        )
        assert [each["on_the_spot"] for each in rows] == [0, 1, 0]
        assert {each["channel"] for each in rows} == {"courtyard_visit"}
        assert {each["received_by"] for each in rows} == {HANDLER}
        await meetings.office.drain()
        ((first, *_), _, (third, *_)) = (meetings.office.tasks(each["order_no"]) for each in rows)
        assert (first["kind"], first["unit"], first["holder"]) == ("first_contact", "street-safety", HANDLER)
        assert third["state"] == "open"
        await meetings.office.drain()
        spot = rows[1]["order_no"]
        await meetings.office.task(spot, TaskKind.FOLLOW_UP)
        assert meetings.office.order(spot)["ending"] == "resolved_on_the_spot"

    async def test_are_placed_once_however_often_the_step_is_committed(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.held(duty_no)
        await meetings.closed(duty_no, issues=ISSUES, no_issue_reason=None, evidence="orders")
        await meetings.result(duty_no)
        assert meetings.office.rows("SELECT count(*) AS n FROM orders")[0]["n"] == 3


class TestAMeetingThatIsExcused:
    async def test_needs_a_leader_and_stays_listed(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.decide(
            duty_no, DutyTask.PLAN_MEETING, "request_excuse", reason="disaster", text="本月汛情"
        )
        await meetings.decide(duty_no, DutyTask.REVIEW, "approve")
        ended = await meetings.result(duty_no)
        row = meetings.row(duty_no)
        assert (ended.ending, row["ending"], row["missed_at"]) == ("excused", "excused", None)

    async def test_that_a_leader_denies_is_owed_as_before(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.decide(
            duty_no, DutyTask.PLAN_MEETING, "request_excuse", reason="disaster", text="本月汛情"
        )
        await meetings.decide(duty_no, DutyTask.REVIEW, "revise", text="请按期召开")

        await meetings.offers(duty_no, "request_excuse")
        await meetings.held(duty_no)

    async def test_is_not_missed_while_a_leader_has_not_answered(self, meetings: Meetings) -> None:
        duty_no = await meetings.open(lasts=timedelta(seconds=3))
        await meetings.decide(
            duty_no, DutyTask.PLAN_MEETING, "request_excuse", reason="disaster", text="本月汛情"
        )
        review = await meetings.office.task(duty_no, DutyTask.REVIEW)
        ends = meetings.row(duty_no)["period_ends"]
        await meetings.office.eventually(
            lambda: str(now().replace(tzinfo=None)) > ends, "the end of the period"
        )
        assert meetings.row(duty_no)["missed_at"] is None
        await meetings.office.send(meetings.office.submit(review, "approve"))
        assert (await meetings.result(duty_no)).ending == "excused"

    async def test_that_waits_keeps_waiting_whatever_the_team_does(self, meetings: Meetings) -> None:
        duty_no = await meetings.open(lasts=timedelta(seconds=8))
        await meetings.decide(
            duty_no, DutyTask.PLAN_MEETING, "request_excuse", reason="disaster", text="本月汛情"
        )
        review = await meetings.office.task(duty_no, DutyTask.REVIEW)
        await meetings.announced(duty_no)
        hold = await meetings.office.task(duty_no, DutyTask.HOLD_MEETING)
        assert "request_excuse" in hold["withheld"]
        ends = meetings.row(duty_no)["period_ends"]
        await meetings.office.eventually(
            lambda: str(now().replace(tzinfo=None)) > ends, "the end of the period"
        )
        await meetings.office.send(meetings.office.submit(review, "approve"))
        assert (await meetings.result(duty_no)).ending == "excused"

    async def test_that_is_denied_may_be_asked_for_again_at_the_next_task(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.decide(
            duty_no, DutyTask.PLAN_MEETING, "request_excuse", reason="disaster", text="本月汛情"
        )
        await meetings.announced(duty_no)
        await meetings.decide(duty_no, DutyTask.REVIEW, "revise", text="请按期召开")

        await meetings.office.task(duty_no, DutyTask.HOLD_MEETING)
        await meetings.offers(duty_no, "request_excuse")

    async def test_that_nobody_answers_is_missed_in_the_end(self, meetings: Meetings) -> None:
        duty_no = await meetings.open(lasts=timedelta(seconds=3), book=RUSHED)
        await meetings.decide(
            duty_no, DutyTask.PLAN_MEETING, "request_excuse", reason="disaster", text="本月汛情"
        )
        await meetings.office.eventually(lambda: meetings.row(duty_no)["missed_at"], "missed")
        assert "ExcuseDenied" in meetings.office.types(duty_no)


class TestTheClocksOfAMeeting:
    async def test_remind_the_team_and_tell_leaders_of_a_shortage(self, meetings: Meetings) -> None:
        duty_no = await meetings.open(lasts=timedelta(seconds=4), book=CALM)

        def told() -> bool:
            rows = meetings.office.rows(
                "SELECT recipient, template FROM message WHERE matter_no = :no", no=duty_no
            )
            wanted = {("street-safety", "reminder"), ("street", "shortage")}
            return wanted <= {(each["recipient"], each["template"]) for each in rows}

        await meetings.office.eventually(told, "both messages")
        types = meetings.office.types(duty_no)
        assert types.index("TaskReminded") < types.index("ShortageReported")
