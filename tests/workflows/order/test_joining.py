"""Joining orders about one matter, and splitting an order that holds several."""

from functools import partial

import pytest

from domain.order.lifecycle import TaskKind
from runtime.histories import RunStanding, read_tail
from store.matter.said.decisions import Refused
from tests.replay.paths import take_back
from tests.support.office import Office


async def joined(office: Office, order_no: str, leading: str) -> None:
    await office.settled(
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "mark_duplicate", leading_order_no=leading)
    )


async def standing(office: Office, order_no: str) -> list[str]:
    return [(await read_tail(await office.orders.client(), order_no)).standing]


class TestADuplicate:
    async def test_ends_and_its_resident_gets_the_leading_orders_reply(self, office: Office) -> None:
        leading = await office.dispatched(requester={"phone": "000-0001"})
        order_no = await office.place(requester={"phone": "000-0002"})
        await joined(office, order_no, leading)
        await office.stage(order_no, "joined")
        assert await office.words("merged", leading)
        await office.reported(leading, text="五辆车都清走了")
        for each in (leading, order_no):
            await office.called_back(each)
            await office.drain()
        assert (await office.result(leading)).ending == "resolved"
        assert (await office.result(order_no)).ending == "merged"
        told = [each for each in office.messenger.sent if each.template == "replied_resolved"]
        assert [(each.order_no, each.contact["phone"]) for each in told] == [
            (leading, "000-0001"),
            (order_no, "000-0002"),
        ]
        assert len({each.key for each in told}) == 2

    async def test_can_be_joined_later_by_the_desk_and_moves_its_own_followers_along(
        self, office: Office
    ) -> None:
        first, second, third = [await office.dispatched(requester={}) for _ in range(3)]
        await office.settled(await office.act(third, "merge", by="desk-1", leading_order_no=second))
        await office.settled(await office.act(second, "merge", by="desk-1", leading_order_no=first))
        assert office.order(third)["merged_into"] == second
        assert office.order(second)["merged_into"] == first
        await office.reported(first, text="已办")
        await office.result(first)
        await office.drain()
        for order_no in (second, third):
            assert (await office.result(order_no)).ending == "merged"

    async def test_leaves_its_earlier_promise_to_the_leading_order(self, office: Office) -> None:
        earlier = await office.dispatched(requester={})
        leading = await office.dispatched(requester={})
        before = office.order(leading)["promised_at"]
        assert office.order(earlier)["promised_at"] < before
        await office.settled(await office.act(earlier, "merge", by="desk-1", leading_order_no=leading))
        await office.drain()
        # The same instant, or its unit's minimum remainder, depending on how long this took.
        await office.eventually(lambda: office.order(leading)["promised_at"] < before, "earlier")
        await office.reported(leading, text="已办")
        await office.result(leading)
        await office.drain()
        await office.result(earlier)

    async def test_is_refused_where_it_cannot_lead_anywhere(self, office: Office) -> None:
        leading, order_no = [await office.place(requester={}) for _ in range(2)]
        with pytest.raises(Refused) as refused:
            await office.act(order_no, "merge", by="desk-1", leading_order_no=order_no)
        assert refused.value.refusal.code == "same_order"
        with pytest.raises(Refused) as refused:
            await office.act(order_no, "merge", by="desk-1", leading_order_no="20260101-AAAAAA")
        assert refused.value.refusal.code == "unknown_order"
        by_hand = {"action_id": "by-hand", "actor": "desk-1", "action": "merge"}
        await office.raw_action(order_no, **by_hand, fields={"leading_order_no": "20260101-AAAAAA"})
        row = await office.settled("by-hand")
        assert (row["status"], row["code"]) == ("rejected", "merge_refused")
        assert "no order" in row["reason"]

        await joined(office, leading, order_no)
        await office.stage(leading, "joined")
        with pytest.raises(Refused, match="was joined to") as circle:
            await office.act(order_no, "merge", by="desk-1", leading_order_no=leading)
        assert circle.value.refusal.code == "cannot_lead"
        assert office.order(order_no)["merged_into"] is None
        for each in (order_no, leading):
            await office.handle(each).terminate()

    async def test_is_refused_where_the_leading_order_was_withdrawn(self, office: Office) -> None:
        leading, order_no = [await office.place(requester={}) for _ in range(2)]
        await office.act(leading, "withdraw")
        await office.stage(leading, "closed")
        with pytest.raises(Refused) as late:
            await office.decide(order_no, TaskKind.FIRST_CONTACT, "mark_duplicate", leading_order_no=leading)
        assert late.value.refusal.code == "cannot_lead"
        await office.act(order_no, "withdraw")
        await office.result(order_no)

    @pytest.mark.hasty
    async def test_that_has_climbed_is_joined_by_the_leader_only(self, office: Office) -> None:
        leading = await office.dispatched("street-safety", requester={})
        order_no = await office.dispatched("community-03", requester={})
        await office.settled(await office.decide(order_no, TaskKind.HANDLE, "hand_up", text="无权处理"))
        by_the_desk = await office.act(order_no, "merge", by="desk-1", leading_order_no=leading)
        assert (await office.settled(by_the_desk))["code"] == "merge_refused"
        await office.settled(await office.act(order_no, "merge", by="leader-1", leading_order_no=leading))
        await office.reported(leading, text="已办")
        await office.result(leading)
        await office.drain()
        result = await office.result(order_no)
        assert (result.ending, result.escalations) == ("merged", 1)


class TestAnAnswerThatIsHeardLate:
    async def test_ends_the_wait_though_the_leading_order_works_again_and_once_more_after_a_reset(
        self, office: Office
    ) -> None:
        office.policy = "standard"
        leading = await office.dispatched(requester={"phone": "000-0001"})
        order_no = await office.place(requester={"phone": "000-0002"})
        await joined(office, order_no, leading)
        await office.stage(order_no, "joined")
        await office.reported(leading, text="五辆车都清走了")
        await office.called_back(leading, solved="no", satisfied="no", cause="unit")
        await office.task(leading, TaskKind.HANDLE)
        await office.drain()
        first = await office.task(order_no, TaskKind.FOLLOW_UP)
        await office.quiet(order_no)
        await take_back(office, order_no, says_it_again=True)

        async def calls() -> list[str]:
            status = await office.status(order_no)
            return [each.kind for each in status.tasks if each.task_id != first["task_id"]]

        await office.eventually_async(calls, TaskKind.FOLLOW_UP)


class TestALeadingOrder:
    async def test_goes_on_when_its_own_resident_withdraws(self, office: Office) -> None:
        leading = await office.dispatched(requester={"phone": "000-0001"})
        order_no = await office.place(requester={"phone": "000-0002"})
        await joined(office, order_no, leading)
        await office.stage(order_no, "joined")
        await office.settled(await office.act(leading, "withdraw"))
        await office.eventually(lambda: office.order(leading)["requester_left"], "left")
        await office.reported(leading, text="五辆车都清走了")
        assert (await office.result(leading)).ending == "resolved"
        await office.drain()
        await office.called_back(order_no)
        assert (await office.result(order_no)).ending == "merged"
        told = {
            each.order_no: each.contact
            for each in office.messenger.sent
            if each.template == "replied_resolved"
        }
        assert told == {order_no: {"phone": "000-0002"}}
        assert office.data(leading, "FollowUpEnded") == [{"result": "requester_left"}]


class TestSplitting:
    async def test_makes_an_order_of_each_further_matter(self, office: Office) -> None:
        order_no = await office.place(requester={"phone": "000-0003"})
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="一单三诉")
        await office.settled(
            await office.decide(
                order_no,
                TaskKind.CLASSIFY,
                "split",
                parts=[{"text": "路灯不亮", "category": "public_facilities"}, {"text": "楼上漏水"}],
            )
        )
        made = office.rows("SELECT * FROM orders WHERE split_from = :no ORDER BY description", no=order_no)
        assert [each["description"] for each in made] == ["楼上漏水", "路灯不亮"]
        assert [each["category"] for each in made] == [None, "public_facilities"]
        assert {each["channel"] for each in made} == {"hotline"}
        phones = office.rows(
            "SELECT phone FROM requester WHERE order_no IN (SELECT order_no FROM orders WHERE split_from = :no)",
            no=order_no,
        )
        assert phones == [{"phone": "000-0003"}] * 2
        again = await office.task(order_no, TaskKind.CLASSIFY)
        with pytest.raises(Refused):
            office.submit(again, "split", parts=[{"text": "还有"}])
        history = str((await office.handle(order_no).fetch_history()).to_json())
        assert "路灯不亮" not in history

        # They start by themselves, without waiting for a round of `Reconcile`.
        for each in made:
            office.placed.append(each["order_no"])
            await office.eventually_async(partial(standing, office, each["order_no"]), RunStanding.RUNNING)
            await office.act(each["order_no"], "withdraw")
        await office.act(order_no, "withdraw")
        for each in (order_no, *(each["order_no"] for each in made)):
            assert (await office.result(each)).ending == "withdrawn"
