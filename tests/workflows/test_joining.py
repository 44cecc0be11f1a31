"""Joining orders about one matter, and splitting one that holds several."""

import pytest

from domain.lifecycle import TaskKind
from store.decisions import Refused
from tests.support.office import Office


async def joined(office: Office, order_no: str, leading: str) -> None:
    await office.settled(
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "mark_duplicate", leading_order_no=leading)
    )


class TestADuplicate:
    async def test_ends_and_its_resident_gets_the_leading_orders_reply(self, office: Office) -> None:
        leading = await office.dispatched(requester={"phone": "000-0001"})
        order_no = await office.place(requester={"phone": "000-0002"})
        await joined(office, order_no, leading)
        assert (await office.result(order_no)).ending == "merged"
        assert await office.words("merged", leading)
        await office.reported(leading, text="五辆车都清走了")
        await office.called_back(leading)
        await office.result(leading)
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
        for order_no in (second, third):
            assert (await office.result(order_no)).ending == "merged"
            assert office.order(order_no)["merged_into"] == first
        await office.reported(first, text="已办")
        await office.result(first)

    async def test_leaves_its_earlier_promise_to_the_leading_order(self, office: Office) -> None:
        earlier = await office.dispatched(requester={})
        leading = await office.dispatched(requester={})
        promised = office.order(earlier)["promised_at"]
        assert promised < office.order(leading)["promised_at"]
        await office.settled(await office.act(earlier, "merge", by="desk-1", leading_order_no=leading))
        await office.drain()
        await office.eventually(lambda: office.order(leading)["promised_at"] == promised, "earlier")
        await office.reported(leading, text="已办")
        await office.result(leading)

    async def test_is_refused_where_it_cannot_lead_anywhere(self, office: Office) -> None:
        leading, order_no = [await office.place(requester={}) for _ in range(2)]
        with pytest.raises(Refused) as refused:
            await office.act(order_no, "merge", by="desk-1", leading_order_no=order_no)
        assert refused.value.refusal.code == "same_order"
        unknown = await office.act(order_no, "merge", by="desk-1", leading_order_no="20260101-AAAAAA")
        row = await office.settled(unknown)
        assert (row["status"], row["code"]) == ("rejected", "merge_refused")
        assert "no order" in row["reason"]

        await joined(office, leading, order_no)
        assert (await office.result(leading)).ending == "merged"
        circle = await office.settled(
            await office.act(order_no, "merge", by="desk-1", leading_order_no=leading)
        )
        assert (circle["code"], "was joined to" in circle["reason"]) == ("merge_refused", True)
        assert office.order(order_no)["merged_into"] is None
        await office.eventually(lambda: len(office.data(order_no, "MergeRefused")) == 2, "refused twice")
        await office.handle(order_no).terminate()

    async def test_is_refused_where_the_leading_order_was_withdrawn(self, office: Office) -> None:
        leading, order_no = [await office.place(requester={}) for _ in range(2)]
        await office.act(leading, "withdraw")
        await office.stage(leading, "closed")
        late = await office.settled(
            await office.decide(order_no, TaskKind.FIRST_CONTACT, "mark_duplicate", leading_order_no=leading)
        )
        assert late["code"] == "merge_refused"
        await office.act(order_no, "withdraw")
        await office.result(order_no)

    async def test_that_has_climbed_is_joined_by_the_leader_only(self, office: Office) -> None:
        leading = await office.dispatched("street-safety", requester={})
        order_no = await office.dispatched("community-03", requester={})
        await office.settled(await office.decide(order_no, TaskKind.HANDLE, "hand_up", text="无权处理"))
        by_the_desk = await office.act(order_no, "merge", by="desk-1", leading_order_no=leading)
        assert (await office.settled(by_the_desk))["code"] == "merge_refused"
        await office.settled(await office.act(order_no, "merge", by="leader-1", leading_order_no=leading))
        result = await office.result(order_no)
        assert (result.ending, result.escalations) == ("merged", 1)
        await office.reported(leading, text="已办")
        await office.result(leading)


class TestALeadingOrder:
    async def test_goes_on_when_its_own_resident_withdraws(self, office: Office) -> None:
        leading = await office.dispatched(requester={"phone": "000-0001"})
        order_no = await office.place(requester={"phone": "000-0002"})
        await joined(office, order_no, leading)
        await office.result(order_no)
        left = office.submit_action(leading, "withdraw")
        assert (left.row.status, left.said) == ("applied", None)
        await office.reported(leading, text="五辆车都清走了")
        await office.called_back(leading)
        assert (await office.result(leading)).ending == "resolved"
        told = {
            each.order_no: each.contact
            for each in office.messenger.sent
            if each.template == "replied_resolved"
        }
        assert told == {leading: {}, order_no: {"phone": "000-0002"}}


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

        await office.drain()
        for each in made:
            office.placed.append(each["order_no"])
            await office.act(each["order_no"], "withdraw")
        await office.act(order_no, "withdraw")
        for each in (order_no, *(each["order_no"] for each in made)):
            assert (await office.result(each)).ending == "withdrawn"
