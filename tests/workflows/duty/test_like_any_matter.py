"""A duty behaves like every matter: holds, hostile signals, rebuilding, comparing, resetting."""

import json
from datetime import timedelta
from typing import Any

import pytest

from activities.mending.comparison import Comparison
from activities.mending.rebuilding import Rebuilder
from domain.duty.lifecycle import DutyTask
from messages.names import MATTER_ACTION, system_id
from store.telling.holds import lift_hold, order_hold
from tests.replay.paths import take_back
from tests.support.office import now, seconds_between
from tests.support.stories.meetings import Meetings

SOON = timedelta(seconds=3)


class TestASignalTypedByHand:
    @pytest.mark.parametrize(
        ("payload", "code"),
        [
            ({"action_id": "a-1", "actor": "somebody", "action": "urge"}, "unknown_action"),
            ({"action_id": "a-1", "actor": "somebody", "action": "hold"}, "not_by_hand"),
            ({"action": 7}, "malformed"),
            ([1, 2], "malformed"),
        ],
    )
    async def test_is_refused_and_recorded(self, meetings: Meetings, payload: Any, code: str) -> None:
        duty_no = await meetings.open()
        await meetings.office.signal(duty_no, payload, name=MATTER_ACTION)
        await meetings.office.eventually(
            lambda: [each["code"] for each in meetings.office.data(duty_no, "SignalRefused")] == [code], code
        )
        (refusal,) = (await meetings.status(duty_no)).refusals
        assert (refusal.code, refusal.signal) == (code, MATTER_ACTION)
        await meetings.office.replay()

    async def test_of_an_unknown_name_or_without_input_is_refused_too(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.office.signal(duty_no, name="order_action")
        await meetings.office.signal(duty_no, name="complete_task")
        await meetings.office.eventually(
            lambda: len(meetings.office.data(duty_no, "SignalRefused")) == 2, "two refusals"
        )

    async def test_may_decide_a_task_as_an_operator_does(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        task = await meetings.office.task(duty_no, DutyTask.PLAN_MEETING)
        at = (now() + timedelta(minutes=2)).isoformat()
        said = {
            "task_id": task["task_id"],
            "decision_id": "ops-1",
            "actor": "operator",
            "outcome": "announce",
        }
        await meetings.office.signal(duty_no, {**said, "fields": {"at": at}, "comment": "小广场"})
        await meetings.office.task(duty_no, DutyTask.HOLD_MEETING)
        (row,) = meetings.office.rows("SELECT via, texts FROM decision WHERE decision_id = 'ops-1'")
        assert (row["via"], json.loads(row["texts"])) == ("operator", {"place": "小广场"})
        assert meetings.row(duty_no)["place_of"] == "ops-1"


class TestAHoldOfTheOffice:
    async def test_moves_the_end_of_the_period(self, meetings: Meetings) -> None:
        duty_no = await meetings.open(lasts=SOON)
        before = meetings.row(duty_no)["period_ends"]
        with meetings.office.store.write() as connection:
            until = now() + timedelta(seconds=8)
            order_hold(connection, reason="台风", until=until, ordered_by="leader-1", now=now())
        await meetings.office.drain()
        await meetings.office.eventually(lambda: meetings.row(duty_no)["held"], "held")
        await meetings.office.eventually(lambda: not meetings.row(duty_no)["held"], "released")
        row = meetings.row(duty_no)
        assert row["missed_at"] is None
        await meetings.office.eventually(lambda: meetings.row(duty_no)["missed_at"], "missed")
        row = meetings.row(duty_no)
        assert 6 < seconds_between(before, row["period_ends"]) < 12
        assert 0 <= seconds_between(row["period_ends"], row["missed_at"]) < 2
        await meetings.office.replay()

    async def test_that_is_over_moves_the_clock_of_a_later_task_too(self, meetings: Meetings) -> None:
        duty_no = await meetings.open(lasts=timedelta(seconds=8))
        before = meetings.row(duty_no)["period_ends"]
        with meetings.office.store.write() as connection:
            until = now() + timedelta(seconds=3)
            order_hold(connection, reason="台风", until=until, ordered_by="leader-1", now=now())
        await meetings.office.drain()
        await meetings.office.eventually(lambda: meetings.row(duty_no)["held"], "held")
        await meetings.office.eventually(lambda: not meetings.row(duty_no)["held"], "released")
        await meetings.announced(duty_no)
        hold = await meetings.office.task(duty_no, DutyTask.HOLD_MEETING)
        assert 2 < seconds_between(before, hold["due_at"]) < 4
        assert hold["due_at"] == meetings.row(duty_no)["period_ends"]

    async def test_is_lifted_early_like_any(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        with meetings.office.store.write() as connection:
            until = now() + timedelta(minutes=20)
            order_hold(connection, reason="台风", until=until, ordered_by="leader-1", now=now())
        await meetings.office.drain()
        await meetings.office.eventually(lambda: meetings.row(duty_no)["held"], "held")
        with meetings.office.store.write() as connection:
            lift_hold(connection, lifted_by="leader-1", now=now())
        await meetings.office.drain()
        await meetings.office.eventually(lambda: not meetings.row(duty_no)["held"], "released")
        assert system_id("hold-1", duty_no) in str(
            meetings.office.rows("SELECT decision_id FROM decision WHERE matter_no = :no", no=duty_no)
        )


class TestADutysRows:
    async def test_are_whole_and_are_written_again_as_they_were(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.held(duty_no)
        issues = [{"text": "路灯坏了"}, {"text": "怎么办证", "answer": "已告知"}]
        await meetings.closed(duty_no, issues=issues, no_issue_reason=None, evidence="orders")
        await meetings.result(duty_no)
        office = meetings.office
        rebuilder = Rebuilder(office.store, office.orders)
        assert (await rebuilder.rebuild(duty_no)).changed == {}
        before = meetings.row(duty_no)
        with office.store.write() as connection:
            for statement in (
                "UPDATE duty SET ending = NULL, attendees = 1, planned_at = NULL",
                "UPDATE matter SET stage = 'planning', recorded_seq = 0 WHERE kind = 'duty'",
                "DELETE FROM event WHERE matter_no = :no AND seq > 2",
                "DELETE FROM task WHERE matter_no = :no",
            ):
                connection.exec_driver_sql(statement.replace(":no", f"'{duty_no}'"))
        rebuilt = await rebuilder.rebuild(duty_no)
        assert set(rebuilt.changed) >= {"duty", "matter", "event", "task"}
        assert meetings.row(duty_no) == before
        assert (await rebuilder.rebuild(duty_no)).changed == {}
        assert office.rows("SELECT count(*) AS n FROM orders")[0]["n"] == 2

    async def test_name_the_orders_that_a_meeting_brought_again(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.held(duty_no)
        issues = [{"text": "路灯坏了"}, {"text": "怎么办证", "answer": "已告知"}]
        await meetings.closed(duty_no, issues=issues, no_issue_reason=None, evidence="orders")
        await meetings.result(duty_no)
        office = meetings.office
        links = office.rows("SELECT * FROM duty_issue ORDER BY position")
        with office.store.write() as connection:
            connection.exec_driver_sql("DELETE FROM duty_issue")
        rebuilt = await Rebuilder(office.store, office.orders).rebuild(duty_no)
        assert rebuilt.changed == {"duty_issue": 2}
        assert office.rows("SELECT * FROM duty_issue ORDER BY position") == links

    async def test_bring_no_issue_twice_after_a_reset(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.held(duty_no)
        task = await meetings.office.task(duty_no, DutyTask.CLOSE_MEETING)
        issues = [{"text": "路灯坏了"}, {"text": "怎么办证", "answer": "已告知"}]
        await meetings.closed(duty_no, issues=issues, no_issue_reason=None, evidence="orders")
        await meetings.result(duty_no)
        await take_back(meetings.office, duty_no)
        more = [*issues, {"text": "垃圾桶不够"}]
        again = meetings.report(issues=more, no_issue_reason=None, evidence="orders")
        await meetings.office.eventually(
            lambda: meetings.row(duty_no)["run_id"] is not None, "the present run"
        )
        said = {
            "task_id": task["task_id"],
            "decision_id": "again",
            "actor": "street-safety-handler",
            "outcome": "close",
            "fields": again,
            "comment": "重新填报",
        }
        await meetings.office.signal(duty_no, said)
        await meetings.result(duty_no)
        found = meetings.office.rows(
            "SELECT position, description FROM duty_issue JOIN orders USING (order_no) ORDER BY position"
        )
        assert [(each["position"], each["description"]) for each in found] == [
            (1, "路灯坏了"),
            (2, "怎么办证"),
            (3, "垃圾桶不够"),
        ]
        assert meetings.office.rows("SELECT count(*) AS n FROM orders")[0]["n"] == 3

    async def test_are_compared_with_the_history(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.announced(duty_no)
        await meetings.office.task(duty_no, DutyTask.HOLD_MEETING)
        await meetings.office.quiet(duty_no)
        office = meetings.office
        comparison = Comparison(office.store, office.orders, now)
        assert [each async for each in comparison.findings([duty_no])] == []
        with office.store.write() as connection:
            connection.exec_driver_sql("UPDATE duty SET postponed = 2")
        (finding,) = [each async for each in comparison.findings([duty_no])]
        assert "postponed" in finding.what

    async def test_go_on_after_an_operators_reset(self, meetings: Meetings) -> None:
        from tests.workflows.matter.test_reconcile import reset_to_its_end

        duty_no = await meetings.open()
        await meetings.announced(duty_no)
        await meetings.office.task(duty_no, DutyTask.HOLD_MEETING)
        await meetings.office.ended_by_force(duty_no)
        await reset_to_its_end(meetings.office, duty_no)
        await meetings.decide(duty_no, DutyTask.HOLD_MEETING, "held")
        await meetings.closed(duty_no)
        assert (await meetings.result(duty_no)).ending == "kept"


class TestAReportTypedByHand:
    def said(self, meetings: Meetings, task: dict[str, Any], **fields: Any) -> dict[str, Any]:
        report = {
            each: value
            for each, value in meetings.report().items()
            if each not in {"summary", "no_issue_reason"}
        }
        return {
            "task_id": task["task_id"],
            "decision_id": "ops-close",
            "actor": "operator",
            "outcome": "close",
            "fields": {**report, **fields},
            "comment": "会议情况",
        }

    async def test_may_spell_its_instants_as_no_other_program_does(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.held(duty_no)
        task = await meetings.office.task(duty_no, DutyTask.CLOSE_MEETING)
        began = f"{now():%Y%m%dT%H%M%S+0000}"
        await meetings.office.signal(
            duty_no, self.said(meetings, task, started_at=began, no_issue_reason="没有")
        )
        assert (await meetings.result(duty_no)).ending == "kept"

    async def test_of_two_duties_under_one_id_loses_no_issue(self, meetings: Meetings) -> None:
        issues = [{"text": "路灯坏了"}]
        for community in ("community-03", "community-04"):
            duty_no = await meetings.open(community=community)
            await meetings.held(duty_no)
            task = await meetings.office.task(duty_no, DutyTask.CLOSE_MEETING)
            await meetings.office.signal(duty_no, self.said(meetings, task, issues=issues))
            assert (await meetings.result(duty_no)).ending == "kept"
        links = meetings.office.rows("SELECT duty_no FROM duty_issue")
        assert len({each["duty_no"] for each in links}) == 2

    async def test_names_no_resident_in_a_signal(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.held(duty_no)
        task = await meetings.office.task(duty_no, DutyTask.CLOSE_MEETING)
        issues = [{"text": "路灯坏了", "name": "某某"}]
        await meetings.office.signal(duty_no, self.said(meetings, task, issues=issues))
        await meetings.office.eventually(
            lambda: (
                [each["code"] for each in meetings.office.data(duty_no, "SignalRefused")] == ["not_by_hand"]
            ),
            "a refusal",
        )

    async def test_of_nobody_of_the_staff_keeps_what_was_answered(self, meetings: Meetings) -> None:
        duty_no = await meetings.open()
        await meetings.held(duty_no)
        task = await meetings.office.task(duty_no, DutyTask.CLOSE_MEETING)
        issues = [{"text": "怎么办证", "answer": "已告知材料"}]
        await meetings.office.signal(duty_no, self.said(meetings, task, issues=issues))
        await meetings.result(duty_no)
        (order,) = meetings.office.rows(
            "SELECT description, on_the_spot FROM orders JOIN duty_issue USING (order_no)"
        )
        assert ("已告知材料" in order["description"], order["on_the_spot"]) == (True, 0)
        (row,) = meetings.office.rows("SELECT texts FROM decision WHERE decision_id = 'ops-close'")
        assert json.loads(row["texts"]) == {"summary": "会议情况"}
