"""The messages to residents of joined orders; residents who have taken their order back get none."""

from datetime import timedelta

import pytest

from api.acts.tracking import seen_by_the_resident
from domain.order.policy import policy
from gateways.messaging.protocol import GatewayUnavailable, Message
from store.database import Store
from store.matter.said.decisions import Refused
from store.order.message.last_words import last_reply
from store.order.step import write_step
from tests.support.stories.joined import Post, answered, delivered, heard, join, placed
from tests.support.stories.stored_story import MONDAY, StoredStory, hours


class TestTheAnswer:
    def test_reaches_everybody_though_the_provider_goes_away_in_between(self, store: Store) -> None:
        leading = placed(store, "000-0001")
        followers = [placed(store, f"000-000{number}") for number in (2, 3)]
        leading.to_work()
        for each in followers:
            join(each, leading)
        delivered(leading, Post())
        answered(leading)
        tries = iter((False, False, True))

        def fails(_: Message) -> None:
            if next(tries, False):
                raise GatewayUnavailable

        post = Post(fails)
        with pytest.raises(GatewayUnavailable):
            delivered(leading, post)
        delivered(leading, post)
        assert sorted(each.contact["phone"] for each in post.sent) == ["000-0001", "000-0002", "000-0003"]
        assert len({each.key for each in post.sent}) == 3

    def test_reaches_one_who_joined_before_it_was_written_whatever_two_clocks_say(self, store: Store) -> None:
        leading, follower = placed(store, "000-0001"), placed(store, "000-0002", now=MONDAY + hours(1))
        leading.to_work()
        join(follower, leading)
        answered(leading)
        post = Post()
        delivered(leading, post)
        replies = [each.order_no for each in post.sent if each.template == "replied_resolved"]
        assert replies == [leading.order_no, follower.order_no]

    def test_that_was_given_before_somebody_joined_is_not_theirs(self, store: Store) -> None:
        leading, follower = placed(store, "000-0001"), placed(store, "000-0002")
        leading.to_work()
        answered(leading, "请王先生本人来取")
        leading.decide_task("follow_up", "reached", solved="no", satisfied="no", cause="unit")
        join(follower, leading)
        with store.read() as connection:
            assert last_reply(connection, follower.order_no) is None
            assert last_reply(connection, leading.order_no) == "请王先生本人来取"


class TestAResidentWhoTakesTheOrderBack:
    def test_is_told_nothing_more_that_still_waited(self, store: Store) -> None:
        order = placed(store, "000-0001")
        order.to_work()
        order.order_action("withdraw")
        post = Post()
        delivered(order, post)
        assert [each.recipient for each in post.sent if each.recipient == "requester"] == []
        states = order.sql("SELECT state FROM message WHERE recipient = 'requester'")
        assert [each["state"] for each in states] == ["dropped"]

    def test_while_messages_go_out_is_told_nothing_after_it(self, store: Store) -> None:
        order = placed(store, "000-0001")
        order.to_work()
        order.decide_task("handle", "ask_resident", text="哪一栋？")

        def withdraws(_: Message) -> None:
            if order.row["ending"] is None:
                order.order_action("withdraw")

        post = Post(withdraws)
        delivered(order, post)
        assert [each.template for each in post.sent if each.recipient == "requester"] == ["accepted"]
        states = order.sql("SELECT template, state FROM message WHERE recipient = 'requester' ORDER BY id")
        assert [each["state"] for each in states] == ["sent", "dropped"]


class TestAConfidentialOrder:
    @pytest.mark.parametrize("led", [False, True])
    def test_is_joined_to_an_ordinary_one_or_the_reverse_only_by_the_leader_with_a_reason(
        self, store: Store, led: bool
    ) -> None:
        leading, follower = (
            placed(store, "000-0001", confidential=led),
            placed(store, "000-0002", confidential=not led),
        )
        leading.to_work()
        follower.to_work()
        for by, fields in (("desk-1", {"reason": "同一件事"}), ("leader-1", {})):
            merge = join(follower, leading, by=by, **fields)
            (row,) = follower.sql(
                "SELECT code FROM decision WHERE decision_id = :id", id=merge.row.decision_id
            )
            assert row["code"] == "confidential_differs"
            assert follower.row["merged_into"] is None
        join(follower, leading, by="leader-1", reason="两位都同意一并答复")
        assert follower.row["merged_into"] == leading.order_no

    def test_is_joined_to_another_one_by_the_desk(self, store: Store) -> None:
        leading, follower = [placed(store, phone, confidential=True) for phone in ("000-0001", "000-0002")]
        leading.to_work()
        join(follower, leading)
        assert follower.row["merged_into"] == leading.order_no

    def test_is_joined_by_no_raw_signal_whatever_name_it_bears(self, store: Store) -> None:
        leading, follower = placed(store, "000-0001"), placed(store, "000-0002", confidential=True)
        leading.to_work()
        follower.to_work()
        merge = {"action": "merge", "fields": {"leading_order_no": leading.order_no}, "comment": "同一件事"}
        for actor in ("desk-1", "leader-1"):
            follower.act({"action_id": f"by-{actor}", "actor": actor, **merge}, by_hand=True)
            follower.settle()
            (row,) = follower.sql("SELECT code FROM decision WHERE decision_id = :id", id=f"by-{actor}")
            assert (row["code"], follower.row["merged_into"]) == ("confidential_differs", None)

    @pytest.mark.parametrize("is_last", [True, False])
    def test_brings_nobody_along_for_whom_the_leader_has_not_said_why(
        self, store: Store, is_last: bool
    ) -> None:
        last, middle, first = (
            placed(store, "000-0001", confidential=is_last),
            placed(store, "000-0002", confidential=not is_last),
            placed(store, "000-0003", confidential=not is_last),
        )
        for each in (first, middle):
            each.to_work()
        join(last, middle, by="leader-1", reason="两位都同意一并答复")
        join(middle, first)
        assert middle.row["merged_into"] is None
        join(first, middle)
        assert first.row["merged_into"] is None
        join(middle, first, by="leader-1", reason="三位都同意一并答复")
        assert middle.row["merged_into"] == first.order_no


class TestAResetOfAJoinedOrder:
    def test_takes_it_out_of_the_join_and_brings_back_whom_it_led(self, store: Store) -> None:
        first, second, third = [placed(store, f"000-000{number}") for number in (1, 2, 3)]
        first.to_work()
        second.to_work()
        join(third, second)
        join(second, first)
        before = next(each for each in second.told.steps if each.merge is not None)
        assert second.row["merged_into"] == first.order_no
        anew = before.model_copy(
            update={"run_id": "reset", "at": second.now + timedelta(seconds=1), "merge": None, "events": ()}
        )
        with store.write() as connection:
            write_step(connection, anew, policy("seconds"), takes_over=second.run_id)
        assert second.row["merged_into"] is None
        answered(first)
        post = Post()
        delivered(first, post)
        replied = [each.order_no for each in post.sent if each.template == "replied_resolved"]
        assert replied == [first.order_no]


class TestALeadingOrdersOwnResident:
    def joined(self, store: Store) -> tuple[StoredStory, StoredStory]:
        """Place an order that is being handled, and one that has joined it."""
        leading, follower = placed(store, "000-0001"), placed(store, "000-0002")
        leading.to_work()
        join(follower, leading)
        return leading, follower

    def test_who_withdraws_leaves_it_to_the_others_and_is_told_and_called_no_more(self, store: Store) -> None:
        leading, follower = self.joined(store)
        leading.order_action("withdraw")
        assert (leading.row["ending"], leading.row["requester_left"]) == (None, True)
        assert leading.event_types[-2:] == ["OrderWithdrawn", "RequesterLeft"]
        answered(leading)
        assert "follow_up" not in {each.kind for each in leading.status.tasks}
        post = Post()
        delivered(leading, post)
        assert [each.order_no for each in post.sent if each.recipient == "requester"] == [follower.order_no]

    def test_who_withdraws_again_is_told_that_they_have(self, store: Store) -> None:
        leading, _ = self.joined(store)
        leading.order_action("withdraw")
        for action in ("withdraw", "urge"):
            with pytest.raises(Refused) as refused:
                leading.keep_action(action)
            assert refused.value.refusal.code == "withdrawn_already"
        leading.act({"action_id": "again", "actor": "x", "action": "withdraw", "fields": {}})
        leading.settle()
        assert leading.status.refusals[-1].code == "withdrawn_already"

    def test_who_withdraws_before_the_order_has_heard_of_the_others_leaves_it_to_them(
        self, store: Store
    ) -> None:
        leading, follower = placed(store, "000-0001"), placed(store, "000-0002")
        leading.to_work()
        follower.order_action("merge", by="desk-1", leading_order_no=leading.order_no)
        leading.act({"action_id": "raw", "actor": "x", "action": "withdraw", "fields": {}})
        leading.settle()
        assert (leading.row["ending"], leading.row["requester_left"]) == (None, True)

    def test_is_written_nothing_more_when_the_order_is_joined_itself(self, store: Store) -> None:
        first, (leading, follower) = placed(store, "000-0003"), self.joined(store)
        first.to_work()
        leading.order_action("withdraw")
        join(leading, first)
        answered(first)
        delivered(first, Post())
        for each in (leading, follower):
            heard(each)
        written = first.sql(
            "SELECT for_matter, state FROM message WHERE template = 'replied_resolved' ORDER BY id"
        )
        assert [(each["for_matter"], each["state"]) for each in written] == [
            (first.order_no, "sent"),
            (follower.order_no, "sent"),
        ]
        assert "OrderReplied" in leading.event_types
        assert "follow_up" in {each.kind for each in follower.status.tasks}

    @pytest.mark.parametrize("is_split_first", [True, False])
    def test_is_told_and_shown_only_what_became_orders_before_they_left(
        self, store: Store, is_split_first: bool
    ) -> None:
        leading, follower = placed(store, "000-0001"), placed(store, "000-0002")
        leading.decide_task("first_contact", "refer", text="请办理")
        join(follower, leading)
        if not is_split_first:
            leading.order_action("withdraw")
        leading.decide_task("classify", "split", by="desk-1", parts=[{"text": "路灯不亮"}])
        if is_split_first:
            leading.order_action("withdraw")
        post = Post()
        delivered(leading, post)
        told = [each.template for each in post.sent if each.order_no == leading.order_no]
        assert told == (["split"] if is_split_first else [])
        with store.read() as connection:
            shown = seen_by_the_resident(connection, leading.order_no).parts
        assert len(shown) == (1 if is_split_first else 0)
