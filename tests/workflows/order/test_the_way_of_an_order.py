"""The ordinary ways of an order, each on a real server, with checks of history and store."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata

from domain.order.lifecycle import TaskKind
from store.matter.said.decisions import NotEntitled
from tests.support.office import Office, seconds_between


class TestAnOrderAnsweredOnTheSpot:
    async def test_is_resolved_called_back_closed_and_archived(self, office: Office) -> None:
        order_no = await office.place()
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="带身份证来办理。")
        await office.called_back(order_no)
        result = await office.result(order_no)
        assert (result.ending, result.rounds, result.escalations) == ("resolved_on_the_spot", 1, 0)
        assert office.types(order_no) == [
            "OrderReceived",
            "TaskCompleted",
            "OrderReplied",
            "TaskCompleted",
            "FollowUpEnded",
            "OrderClosed",
            "MatterArchived",
        ]
        assert [each["seq"] for each in office.events(order_no)] == list(range(1, 8))
        assert office.order(order_no)["stage"] == "archived"
        assert [each["state"] for each in office.tasks(order_no)] == ["done", "done"]

    async def test_needs_at_most_sixty_history_events(self, office: Office) -> None:
        order_no = await office.place()
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="带身份证来办理。")
        await office.called_back(order_no)
        await office.result(order_no)
        history = await office.history(order_no)
        assert len(history) <= 60
        assert history.count("TIMER_STARTED") == 3
        assert history.count("WORKFLOW_EXECUTION_SIGNALED") == 2

    async def test_leaves_nothing_personal_in_temporal(self, office: Office) -> None:
        person = {"name": "标记姓名", "phone": "13912345678", "email": None, "wechat_openid": None}
        order_no = await office.place(
            description="标记正文", subject="标记主题", address="标记地址", requester=person
        )
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="标记答复")
        await office.called_back(order_no)
        await office.result(order_no)
        handle = office.handle(order_no)
        seen = (await handle.fetch_history()).to_json() + str((await handle.describe()).raw_description)
        # Payloads are base64 in the JSON of a history, so look at the decoded ones too.
        history = await handle.fetch_history()
        seen += b"".join(event.SerializeToString() for event in history.events).decode("utf-8", "replace")
        assert "标记" not in seen
        assert "13912345678" not in seen
        assert [message.words for message in office.messenger.sent] == [f"【订单 {order_no}】答复：标记答复"]


class TestAnOrderThatIsDispatched:
    async def test_goes_through_every_desk_to_a_result(self, office: Office) -> None:
        order_no = await office.place(category="traffic")
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单", **{"class": "general"})
        await office.decide(order_no, TaskKind.CLASSIFY, "general")
        await office.decide(order_no, TaskKind.DISPATCH, "assign", lead_unit="street-urban-management")
        await office.decide(order_no, TaskKind.ACKNOWLEDGE, "accept")
        await office.reported(order_no, text="已清走")
        await office.called_back(order_no)
        result = await office.result(order_no)
        assert (result.ending, result.overdue) == ("resolved", False)
        order = office.order(order_no)
        assert (order["tier"], order["unit"], order["class"]) == (
            "street",
            "street-urban-management",
            "general",
        )
        assert seconds_between(order["received_at"], order["promised_at"]) == 1800
        assert [message.template for message in office.messenger.sent] == ["accepted", "replied_resolved"]

    async def test_shows_its_way_in_the_search_attributes(self, office: Office) -> None:
        order_no = await office.dispatched("district-housing")
        await office.quiet(order_no)
        status = await office.status(order_no)
        attributes = await office.attributes(order_no)
        assert attributes["DueAt"] == status.tasks[0].due_at
        del attributes["DueAt"], attributes["BuildIds"]
        assert attributes == {
            "Stage": "handling",
            "Tier": "district",
            "Unit": "district-housing",
            "Community": "community-03",
            "Class": "general",
            "Channel": "hotline",
            "Category": "noise",
            "Escalations": 0,
            "Overdue": False,
        }
        await office.reported(order_no, text="已办")
        await office.called_back(order_no)
        await office.result(order_no)

    async def test_can_be_reclassified_in_place_once(self, office: Office) -> None:
        order_no = await office.place()
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单")
        await office.decide(order_no, TaskKind.CLASSIFY, "general")
        before = await office.task(order_no, TaskKind.DISPATCH)
        decision = await office.decide(
            order_no, TaskKind.DISPATCH, "reclassify", reason="danger", **{"class": "urgent"}
        )
        assert (await office.settled(decision))["status"] == "applied"
        after = await office.task(order_no, TaskKind.DISPATCH)
        assert (after["task_id"], after["due_at"]) == (before["task_id"], before["due_at"])
        assert office.order(order_no)["class"] == "urgent"
        assert office.order(order_no)["reclassified"] == 1
        await office.decide(order_no, TaskKind.DISPATCH, "assign", lead_unit="community-01")
        await office.decide(order_no, TaskKind.ACKNOWLEDGE, "accept")
        await office.reported(order_no, text="已办")
        await office.called_back(order_no)
        assert (await office.result(order_no)).ending == "resolved"

    @pytest.mark.hasty
    async def test_gives_its_unit_at_least_the_minimum_remainder(self, office: Office) -> None:
        order_no = await office.place()
        # Nobody classifies and nobody dispatches: the desks' time is over, and the promise nearly so.
        handle = await office.task(order_no, TaskKind.HANDLE)
        left = seconds_between(handle["opened_at"], handle["due_at"])
        assert left >= 1
        assert handle["due_at"] > office.order(order_no)["promised_at"]
        await office.reported(order_no, text="已办")
        await office.called_back(order_no)
        await office.result(order_no)


class TestAnOrderThatMayBeUrgent:
    @pytest.mark.parametrize(("suggested", "may"), [("urgent", True), ("general", False)])
    async def test_is_sorted_by_an_officer_on_duty_if_the_desk_is_closed(
        self, office: Office, suggested: str, may: bool
    ) -> None:
        order_no = await office.place()
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请尽快", **{"class": suggested})
        task = await office.task(order_no, TaskKind.CLASSIFY)
        assert task["role"] == "street_desk"
        if not may:
            with pytest.raises(NotEntitled, match="street_desk of street"):
                office.submit(task, "urgent", by="duty-1")
            return
        await office.send(office.submit(task, "urgent", by="duty-1"))
        assert (await office.task(order_no, TaskKind.DISPATCH))["on_duty"]


class TestAnOrderThatCannotBeSolved:
    async def test_is_explained_to_the_resident(self, office: Office) -> None:
        order_no = await office.dispatched()
        await office.decide(
            order_no, TaskKind.HANDLE, "cannot_resolve", reason="no_legal_basis", text="没有依据"
        )
        await office.decide(order_no, TaskKind.REVIEW, "approve")
        await office.decide(
            order_no,
            TaskKind.EXPLAIN,
            "explained",
            how="phone",
            at="2026-11-23T10:00:00+08:00",
            text="已经说明",
        )
        await office.called_back(order_no, solved="no", cause="rule")
        assert (await office.result(order_no)).ending == "explained"
        assert office.messenger.sent[-1].template == "replied_explained"
        assert office.messenger.sent[-1].words.endswith("已经说明")

    @pytest.mark.hasty
    async def test_is_supervised_when_nobody_explains(self, office: Office) -> None:
        order_no = await office.dispatched()
        await office.decide(order_no, TaskKind.HANDLE, "cannot_resolve", reason="no_funding", text="没有经费")
        await office.decide(order_no, TaskKind.REVIEW, "approve")
        supervise = await office.task(order_no, TaskKind.SUPERVISE)
        assert (supervise["unit"], supervise["role"]) == ("street", "street_leader")
        explain = await office.task(order_no, TaskKind.EXPLAIN)
        assert office.order(order_no)["stage"] == "supervision"
        await office.decide(
            order_no, TaskKind.EXPLAIN, "explained", how="visit", at="2026-11-23T10:00:00Z", text="说明"
        )
        await office.called_back(order_no)
        assert (await office.result(order_no)).ending == "explained"
        states = {each["task_id"]: each["state"] for each in office.tasks(order_no)}
        assert states[explain["task_id"]] == "done"
        assert states[supervise["task_id"]] == "superseded"


class TestAnOrderThatIsHandedUp:
    async def test_goes_to_the_next_tier_without_a_breach(self, office: Office) -> None:
        order_no = await office.dispatched("community-03")
        await office.decide(order_no, TaskKind.HANDLE, "hand_up", text="社区无权处理")
        task = await office.eventually(
            lambda: next(
                (each for each in office.tasks(order_no) if each["unit"] == "street-urban-management"), None
            ),
            "work at the street",
        )
        assert (task["kind"], task["tier"]) == ("handle", "street")
        order = office.order(order_no)
        assert (order["escalations"], order["overdue"]) == (1, 0)
        assert "LimitPassed" not in office.types(order_no)
        await office.reported(order_no, text="已办")
        await office.called_back(order_no)
        await office.result(order_no)
        passed_on = next(each for each in office.messenger.sent if each.template == "passed_on")
        assert "社区无权处理" in passed_on.words

    async def test_comes_under_supervision_at_the_district(self, office: Office) -> None:
        order_no = await office.dispatched("district-housing")
        await office.decide(order_no, TaskKind.HANDLE, "hand_up", text="区里也没有办法")
        supervise = await office.task(order_no, TaskKind.SUPERVISE)
        assert (supervise["unit"], supervise["role"]) == ("district", "district_desk")
        assert (await office.task(order_no, TaskKind.HANDLE))["unit"] == "district-housing"
        assert office.order(order_no)["escalations"] == 0, "no tier is left to climb"
        await office.decide(order_no, TaskKind.SUPERVISE, "urge")
        await office.reported(order_no, text="有办法了")
        await office.called_back(order_no)
        assert (await office.result(order_no)).ending == "resolved"


@pytest.mark.hasty
class TestAnOrderThatNobodyTouches:
    async def test_climbs_every_tier_and_ends_under_supervision(self, office: Office) -> None:
        order_no = await office.place(requester={})
        third = await office.eventually(
            lambda: [each for each in office.data(order_no, "SupervisionBegan") if each["repetition"] == 3],
            "the third supervision",
        )
        assert third[0]["unit"] == "district"
        await office.decide(
            order_no, TaskKind.SUPERVISE, "conclude", reason="no_solution_in_sight", text="无法解决，特此说明"
        )
        result = await office.result(order_no)
        assert (result.ending, result.escalations, result.overdue) == ("unresolved", 2, True)
        passed = [each["kind"] for each in office.data(order_no, "LimitPassed")]
        assert passed.count("assist") == 2, "who had it stays as helper"
        assert [each for each in passed if each != "assist"] == [
            "first_contact",
            "classify",
            "dispatch",
            "acknowledge",
            "handle",
            "handle",
            "handle",
            "supervise",
            "supervise",
        ]
        units = [each["unit"] for each in office.tasks(order_no) if each["kind"] == "handle"]
        assert units == ["community-03", "street-urban-management", "district-urban-management"]
        assert office.data(order_no, "FollowUpEnded") == [{"result": "not_callable"}]

    async def test_never_falls_through_two_tiers_at_once(self, office: Office) -> None:
        order_no = await office.place(requester={})
        await office.task(order_no, TaskKind.SUPERVISE)
        works = [each for each in office.tasks(order_no) if each["kind"] == "handle"]
        for lower, upper in pairwise(works):
            assert lower["due_at"] <= upper["opened_at"]
            assert seconds_between(upper["opened_at"], upper["due_at"]) == 1.5
        await office.decide(
            order_no, TaskKind.SUPERVISE, "conclude", reason="taken_elsewhere", text="另有渠道"
        )
        await office.result(order_no)

    async def test_tells_the_resident_both_dates_at_every_step_up(self, office: Office) -> None:
        order_no = await office.place()
        await office.task(order_no, TaskKind.SUPERVISE)
        await office.decide(
            order_no, TaskKind.SUPERVISE, "conclude", reason="taken_elsewhere", text="另有渠道"
        )
        await office.called_back(order_no)
        await office.result(order_no)
        to_resident = [each for each in office.messenger.sent if each.recipient == "requester"]
        assert [each.template for each in to_resident] == [
            "accepted",
            "passed_on",
            "passed_on",
            "replied_unresolved",
        ]
        assert "原承诺时间" in to_resident[1].words

    async def test_reminds_its_owners_before_each_limit(self, office: Office) -> None:
        order_no = await office.place(requester={})
        await office.task(order_no, TaskKind.CLASSIFY)
        first = next(each for each in office.events(order_no) if each["type"] == "TaskReminded")
        task = next(each for each in office.tasks(order_no) if each["task_id"] == first["task_id"])
        assert task["remind_at"] <= first["at"] < task["due_at"]
        await office.act(order_no, "withdraw")
        await office.result(order_no)
        assert next((each.recipient, each.template) for each in office.messenger.sent) == (
            "street",
            "reminder",
        )


class TestASupervisor:
    @pytest.mark.hasty
    async def test_sets_a_date_and_the_work_goes_on_with_it(self, office: Office) -> None:
        order_no = await office.dispatched("district-housing")
        await office.task(order_no, TaskKind.SUPERVISE)
        date = datetime.now().astimezone() + timedelta(seconds=3)
        await office.decide(order_no, TaskKind.SUPERVISE, "set_date", due_at=date.isoformat())
        await office.stage(order_no, "handling")
        work = await office.task(order_no, TaskKind.HANDLE)
        due = datetime.fromisoformat(work["due_at"] + "+00:00")
        assert abs((due - date).total_seconds()) < 0.001
        again = await office.eventually(
            lambda: len(office.data(order_no, "SupervisionBegan")) == 2, "supervised again after the date"
        )
        assert again
        await office.decide(
            order_no, TaskKind.SUPERVISE, "conclude", reason="taken_elsewhere", text="另有渠道"
        )
        await office.called_back(order_no)
        assert (await office.result(order_no)).ending == "unresolved"

    @pytest.mark.hasty
    async def test_may_take_an_order_up_before_any_limit(self, office: Office) -> None:
        order_no = await office.dispatched("community-03")
        await office.raw_action(
            order_no, action_id="take-up", actor="leader-1", action="supervise", fields={}
        )
        supervise = await office.task(order_no, TaskKind.SUPERVISE)
        assert supervise["role"] == "street_leader"
        # The limit of the work passes under the leader's supervision: it is noted, and the order does not climb.
        await office.eventually(lambda: office.order(order_no)["overdue"], "the breach is noted")
        assert office.order(order_no)["tier"] == "community"
        await office.reported(order_no, text="已办")
        await office.called_back(order_no)
        result = await office.result(order_no)
        assert (result.ending, result.escalations) == ("resolved", 0)


class TestWhatOperatorsSee:
    async def test_says_whom_the_order_waits_for_and_gives_a_line_to_paste(self, office: Office) -> None:
        order_no = await office.dispatched()
        handle = office.handle(order_no)

        async def details() -> list[str]:
            metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
            return str(metadata.current_details).replace("**", " ").split()

        # The store shows the task a moment before the workflow has shown it here.
        await office.eventually_async(details, "办理")
        words = " ".join(await details())
        assert "street-urban-management" in words
        assert f"temporal workflow signal -n dingdan -w order-{order_no}" in words
        assert f"http://localhost/{order_no}" in words
        await office.reported(order_no, text="已办")
        await office.called_back(order_no)
        await office.result(order_no)
