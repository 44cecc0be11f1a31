"""The steps after the answer: call-backs, ratings, rework, reopening, withdrawal."""

from datetime import datetime, timedelta

import pytest

from domain.order.lifecycle import TaskKind
from store.matter.said.decisions import Refused
from tests.support.office import Office


class TestAFollowUp:
    async def test_that_reaches_nobody_three_times_says_so(self, office: Office) -> None:
        order_no = await office.place()
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
        for _ in range(3):
            await office.settled(await office.decide(order_no, TaskKind.FOLLOW_UP, "not_reached"))
        await office.result(order_no)
        assert office.data(order_no, "FollowUpEnded") == [{"result": "not_reached"}]
        assert len([each for each in office.tasks(order_no) if each["kind"] == "follow_up"]) == 3

    @pytest.mark.hasty
    async def test_that_nobody_makes_is_the_desks_breach(self, office: Office) -> None:
        order_no = await office.place()
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
        await office.result(order_no)
        assert office.data(order_no, "FollowUpEnded") == [{"result": "not_called"}]
        assert [each["kind"] for each in office.data(order_no, "LimitPassed")] == ["follow_up"] * 3

    async def test_is_left_out_where_nobody_can_be_called(self, office: Office) -> None:
        order_no = await office.place(requester={"name": "无联系方式", "phone": None})
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
        await office.result(order_no)
        assert office.data(order_no, "FollowUpEnded") == [{"result": "not_callable"}]

    async def test_is_completed_by_the_residents_own_rating(self, office: Office) -> None:
        order_no = await office.place()
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
        await office.task(order_no, TaskKind.FOLLOW_UP)
        await office.act(order_no, "rate", solved="yes", satisfied="basically")
        await office.result(order_no)
        assert office.data(order_no, "FollowUpEnded") == [
            {"result": "rated", "solved": "yes", "satisfied": "basically"}
        ]
        call = next(each for each in office.tasks(order_no) if each["kind"] == "follow_up")
        assert call["state"] == "superseded"

    async def test_is_never_made_by_who_handled_the_order(self, office: Office) -> None:
        order_no = await office.place()
        task = await office.task(order_no, TaskKind.FIRST_CONTACT)
        await office.signal(
            order_no,
            {
                "task_id": task["task_id"],
                "decision_id": "own",
                "actor": "call-back-1",
                "outcome": "resolve",
                "comment": "x",
            },
        )
        call = await office.task(order_no, TaskKind.FOLLOW_UP)
        with pytest.raises(Refused) as refused:
            office.submit(call, "not_reached", by="call-back-1")
        assert refused.value.refusal.code == "own_work"
        await office.act(order_no, "rate", solved="yes", satisfied="yes")
        await office.result(order_no)


class TestRework:
    async def test_goes_to_the_last_unit_with_a_promise_of_its_own(self, office: Office) -> None:
        order_no = await office.dispatched("community-03")
        promised = office.order(order_no)["promised_at"]
        await office.reported(order_no, text="已办")
        await office.called_back(order_no, solved="no", satisfied="no", cause="unit")
        again = await office.task(order_no, TaskKind.HANDLE)
        assert again["unit"] == "community-03"
        order = office.order(order_no)
        assert (order["round"], order["ending"]) == (2, None)
        assert order["promised_at"] != promised
        began = next(each for each in office.events(order_no) if each["type"] == "RoundBegan")["at"]
        promise = datetime.fromisoformat(order["promised_at"]) - datetime.fromisoformat(began)
        assert promise == timedelta(minutes=10)
        await office.reported(order_no, text="重新办好")
        await office.called_back(order_no)
        result = await office.result(order_no)
        assert (result.ending, result.rounds) == ("resolved", 2)

    async def test_is_supervised_past_the_cap_and_then_only_counts(self, office: Office) -> None:
        order_no = await office.dispatched("community-03")
        for _ in range(3):
            await office.reported(order_no, text="已办")
            await office.settled(
                await office.decide(
                    order_no, TaskKind.FOLLOW_UP, "reached", solved="no", satisfied="no", cause="unit"
                )
            )
        supervise = await office.task(order_no, TaskKind.SUPERVISE)
        assert supervise["role"] == "street_leader"
        await office.reported(order_no, text="领导过问后办好")
        await office.called_back(order_no, solved="no", satisfied="no", cause="unit")
        result = await office.result(order_no)
        assert (result.ending, result.rounds) == ("resolved", 4)
        assert [each["cause"] for each in office.data(order_no, "RoundBegan")] == ["rework"] * 3

    async def test_is_not_owed_when_the_rule_is_the_cause(self, office: Office) -> None:
        order_no = await office.place()
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="按规定不行")
        await office.called_back(order_no, solved="no", satisfied="no", cause="rule")
        assert (await office.result(order_no)).rounds == 1

    async def test_of_an_order_that_never_had_a_unit_is_classed_first(self, office: Office) -> None:
        order_no = await office.place()
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
        await office.called_back(order_no, solved="no", satisfied="no")
        await office.decide(order_no, TaskKind.CLASSIFY, "general", unit="community-03")
        await office.decide(order_no, TaskKind.ACKNOWLEDGE, "accept")
        await office.reported(order_no, text="办好")
        await office.called_back(order_no)
        result = await office.result(order_no)
        assert (result.ending, result.rounds) == ("resolved", 2)


class TestReopening:
    async def test_begins_another_round_once(self, office: Office) -> None:
        order_no = await office.dispatched("community-03")
        await office.reported(order_no, text="已办")
        await office.called_back(order_no)
        await office.stage(order_no, "closed")
        await office.act(order_no, "reopen", text="又出现了")
        work = await office.task(order_no, TaskKind.HANDLE)
        assert work["unit"] == "community-03"
        await office.reported(order_no, text="再次办好")
        await office.called_back(order_no)
        await office.stage(order_no, "closed")
        with pytest.raises(Refused) as refused:
            await office.act(order_no, "reopen", text="还要")
        assert refused.value.refusal.code == "reopened_already"
        result = await office.result(order_no)
        assert (result.ending, result.rounds) == ("resolved", 2)

    async def test_window_takes_late_ratings_that_only_count(self, office: Office) -> None:
        order_no = await office.place()
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
        await office.called_back(order_no)
        await office.stage(order_no, "closed")
        rating = await office.act(order_no, "rate", solved="no", satisfied="no")
        assert (await office.settled(rating))["status"] == "applied"
        result = await office.result(order_no)
        assert result.rounds == 1
        (rated,) = office.data(order_no, "OrderRated")
        assert (rated["solved"], rated["satisfied"]) == ("no", "no")


class TestWithdrawing:
    async def test_closes_every_open_task_and_needs_no_call_back(self, office: Office) -> None:
        order_no = await office.dispatched()
        await office.act(order_no, "supplement", text="补充一点")
        await office.act(order_no, "urge")
        await office.act(order_no, "withdraw")
        result = await office.result(order_no)
        assert result.ending == "withdrawn"
        assert {each["state"] for each in office.tasks(order_no)} == {"done", "superseded"}
        assert office.types(order_no)[-5:] == [
            "OrderSupplemented",
            "OrderUrged",
            "OrderWithdrawn",
            "OrderClosed",
            "MatterArchived",
        ]
        urged = [each for each in office.messenger.sent if each.template == "urged"]
        assert [each.recipient for each in urged] == ["street-urban-management"]

    async def test_rejects_a_decision_that_comes_after_it(self, office: Office) -> None:
        order_no = await office.dispatched()
        late = office.submit(await office.task(order_no, TaskKind.HANDLE), "report_result", text="已办")
        await office.act(order_no, "withdraw")
        await office.stage(order_no, "closed")
        await office.send(late)
        row = await office.settled(late.row.decision_id)
        assert (row["status"], row["code"]) == ("rejected", "task_done")
        assert "superseded" in row["reason"]
        assert (await office.result(order_no)).ending == "withdrawn"

    async def test_is_refused_once_the_resident_has_an_answer(self, office: Office) -> None:
        order_no = await office.place()
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="答复")
        await office.task(order_no, TaskKind.FOLLOW_UP)
        with pytest.raises(Refused) as refused:
            await office.act(order_no, "withdraw")
        assert refused.value.refusal.code == "wrong_stage"
        await office.raw_action(order_no, action_id="late-withdraw", actor="x", action="withdraw")
        assert (await office.settled("late-withdraw"))["code"] == "wrong_stage"
        await office.called_back(order_no)
        await office.result(order_no)
