"""Merging and splitting while other things happen to the same orders."""

from datetime import timedelta
from typing import Any

import pytest

from domain.doors import Via
from store.database import Store
from store.matter.said.decisions import Actor, NotEntitled, Refused
from store.office.people import find_staff
from store.order.said.decisions import submit_action
from tests.support.stories.stored_story import StoredStory, hours


class TestAMerge:
    def test_into_an_order_whose_withdrawal_is_on_its_way_is_refused(self, store: Store) -> None:
        leading, follower = StoredStory(store), StoredStory(store)
        leading.to_work()
        follower.to_work()
        withdrawal = leading.keep_action("withdraw")
        follower.order_action("merge", by="desk-1", leading_order_no=leading.order_no)
        assert follower.row["ending"] is None
        leading.hear(withdrawal)
        assert (leading.row["ending"], follower.row["stage"]) == ("withdrawn", "handling")

    def test_into_an_order_that_is_answered_is_refused(self, store: Store) -> None:
        leading, follower = StoredStory(store, category=None), StoredStory(store, category=None)
        leading.to_work()
        leading.decide_task("handle", "report_result", text="已清理")
        leading.decide_task("review", "approve")
        assert leading.row["stage"] == "follow_up"
        follower.to_work()
        with pytest.raises(Refused, match="answered"):
            follower.keep_action("merge", by="desk-1", leading_order_no=leading.order_no)
        fields = {"leading_order_no": leading.order_no}
        follower.act({"action_id": "by-hand", "actor": "desk-1", "action": "merge", "fields": fields})
        follower.settle()
        assert follower.row["merged_into"] is None
        told = follower.sql("SELECT reason FROM decision WHERE decision_id = 'by-hand'")
        assert "answered" in told[0]["reason"]

    def test_keeps_the_earlier_promise_for_an_order_that_is_not_classed_yet(self, store: Store) -> None:
        leading = StoredStory(store, book="standard-2")
        leading.decide_task("first_contact", "refer", text="请办理")
        follower = StoredStory(store, book="standard-2")
        follower.to_work(order_class="urgent")
        promised = follower.status.promised_at
        follower.order_action("merge", by="desk-1", leading_order_no=leading.order_no)
        leading.send_outbox()
        leading.settle()
        leading.decide_task("classify", "complex", unit="street-urban-management")
        assert leading.status.promised_at == promised

    def test_that_comes_while_the_order_climbs_is_the_leaders(self, store: Store) -> None:
        leading, order = StoredStory(store), StoredStory(store)
        leading.to_work("street-safety")
        order.to_work("community-03")
        climbs = order.submit("handle", "hand_up", text="无权处理")
        merge = order.keep_action("merge", by="desk-1", leading_order_no=leading.order_no)
        for each in (climbs, merge):
            assert each.said is not None
            payload = each.said.model_dump(mode="json")
            (order.decide if each is climbs else order.act)(payload)
        order.settle()
        assert (order.row["ending"], order.row["escalations"]) == (None, 1)

    def test_of_many_with_earlier_promises_goes_on_however_many_they_are(self, store: Store) -> None:
        leading = StoredStory(store, book="standard-2")
        leading.to_work(order_class="complex")
        for _ in range(22):
            follower = StoredStory(store, book="standard-2")
            follower.to_work()
            follower.order_action("merge", by="desk-1", leading_order_no=leading.order_no)
            assert follower.row["ending"] == "merged"
        leading.send_outbox()
        leading.settle()
        assert leading.status.promised_at == follower.status.promised_at


class TestALeadingOrder:
    def test_that_an_operator_withdraws_by_a_raw_signal_leaves_its_followers_an_answer(
        self, store: Store
    ) -> None:
        leading, follower = StoredStory(store), StoredStory(store)
        leading.to_work()
        follower.to_work()
        follower.order_action("merge", by="desk-1", leading_order_no=leading.order_no)
        leading.send_outbox()
        leading.settle()
        leading.act({"action_id": "raw", "actor": "desk-1", "action": "withdraw", "fields": {}})
        leading.settle()
        assert (leading.row["ending"], leading.row["requester_left"]) == (None, True)


class TestAnActor:
    def test_of_any_length_that_the_wire_takes_ends_an_order(self, store: Store) -> None:
        order = StoredStory(store)
        task = order.task("first_contact")
        said = {"task_id": task.task_id, "decision_id": "by-hand", "actor": "运维人员" * 16}
        order.decide({**said, "outcome": "resolve", "comment": "已答复"})
        order.settle()
        assert order.row["stage"] == "follow_up"
        assert order.row["handled_by"] == "运维人员" * 16


class TestASignal:
    def test_that_says_something_else_than_its_row_is_an_operators(self, store: Store) -> None:
        order = StoredStory(store)
        order.decide_task("first_contact", "refer", text="请办理")
        order.decide_task("classify", "general")
        kept = order.submit("dispatch", "assign", by="desk-1", lead_unit="street-safety")
        task = order.task("dispatch")
        said = {"task_id": task.task_id, "decision_id": kept.row.decision_id, "actor": "desk-1"}
        order.decide({**said, "outcome": "assign", "fields": {"lead_unit": "street-peace"}}, by_hand=True)
        order.settle()
        (row,) = order.sql("SELECT * FROM decision WHERE decision_id = :id", id=kept.row.decision_id)
        assert (row["status"], row["code"]) == ("rejected", "overtaken_by_signal")


class TestAHelper:
    def test_that_becomes_the_lead_does_not_help_itself(self, store: Store) -> None:
        order = StoredStory(store)
        order.decide_task("first_contact", "refer", text="请办理")
        order.decide_task("classify", "general")
        order.decide_task(
            "dispatch", "assign", by="desk-1", lead_unit="street-safety", helping_units=["street-peace"]
        )
        order.order_action("reassign", by="desk-1", unit="street-peace", reason="归平安办")
        order.decide_task("acknowledge", "accept")
        assert {task.kind for task in order.status.tasks} == {"handle"}


class TestAnExplanation:
    def test_of_a_rejection_that_goes_to_another_unit_does_not_say_that_it_was_accepted(
        self, store: Store
    ) -> None:
        order = StoredStory(store)
        order.decide_task("first_contact", "refer", text="请办理")
        order.decide_task("classify", "reject", by="desk-1", reason="no_facts", text="查无此事")
        order.decide_task("review", "approve", by="leader-1")
        order.order_action("reassign", by="leader-1", unit="street-safety", reason="请安全办说明")
        assert order.task("explain").unit == "street-safety"
        assert "accepted" not in order.templates()


class TestAStranger:
    def test_of_a_helping_unit_neither_resumes_nor_withdraws(self, store: Store) -> None:
        order = StoredStory(store)
        order.decide_task("first_contact", "refer", text="请办理")
        order.decide_task("classify", "general")
        helping = ["community-05", "street-peace"]
        order.decide_task("dispatch", "assign", by="desk-1", lead_unit="street-safety", helping_units=helping)
        order.decide_task("acknowledge", "accept")
        until = (order.now + timedelta(seconds=9)).isoformat()
        order.decide_task("handle", "request_pause", until=until, reason="weather")
        order.decide_task("review", "approve", by="desk-1")
        for stranger, action in (("street-peace-handler", "resume"), ("community-05-worker", "withdraw")):
            with pytest.raises(NotEntitled):
                order.keep_action(action, by=stranger)
        order.order_action("resume", by="street-safety-handler")
        assert order.row["stage"] == "handling"


class TestTheWholeOffice:
    def test_is_held_though_somebody_used_the_holds_own_ids(self, store: Store) -> None:

        order = StoredStory(store)
        with store.write() as connection:
            staff = find_staff(connection, "desk-1", now=order.now)
            submit_action(
                connection,
                order_no=order.order_no,
                action_id=f"hold-1-{order.order_no}",
                action="urge",
                fields={},
                actor=Actor(name="desk-1", via=Via.STAFF, staff=staff),
                now=order.now,
            )
        order.hold(order.now + hours(1))
        order.settle()
        assert order.row["held"]


class TestAReclassification:
    def test_to_the_same_class_is_refused_and_not_counted(self, store: Store) -> None:
        order = StoredStory(store)
        order.decide_task("first_contact", "refer", text="请办理")
        order.decide_task("classify", "general")
        same: Any = {"class": "general"}
        with pytest.raises(Refused, match="class"):
            order.decide_task("dispatch", "reclassify", reason="danger", **same)
        anew: Any = {"class": "urgent"}
        order.decide_task("dispatch", "reclassify", reason="danger", **anew)
        assert order.row["class"] == "urgent"
