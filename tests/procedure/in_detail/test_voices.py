"""The voices of a leading order: its own resident and its followers' residents; neither silences the other."""

import pytest

from api.acts.tracking import seen_by_the_resident
from domain.order.policy import SECONDS
from store.database import Store
from store.matter.said.decisions import Refused
from tests.support.stories.joined import Post, delivered, join, led, placed
from tests.support.stories.stored_story import StoredStory


def says(
    order: StoredStory, leading: StoredStory, action: str = "urge", times: int = 1, **fields: str
) -> None:
    """Let a follower's resident act, so that the leading order hears it."""
    for _ in range(times):
        leading.hear(order.keep_action(action, **fields))


def code_of(order: StoredStory, action: str, **fields: str) -> str:
    """Return the code with which the store refuses an action."""
    with pytest.raises(Refused) as refused:
        order.keep_action(action, **fields)
    return refused.value.refusal.code


def question(order: StoredStory) -> str | None:
    """Return the question that the page shows to an order's resident."""
    with order.store.read() as connection:
        return seen_by_the_resident(connection, order.order_no).question


class TestAFollowersWords:
    def test_leave_the_leading_orders_own_resident_and_staff_their_say(self, store: Store) -> None:
        leading, order = led(store)
        says(order, leading, times=SECONDS.action_cap)
        assert code_of(order, "urge") == "too_often"
        leading.order_action("urge")
        leading.order_action("urge", by="desk-1")
        assert leading.event_types.count("OrderUrged") == SECONDS.action_cap + 2
        assert leading.status.refusals == ()

    def test_leave_the_leading_orders_own_resident_an_answer_to_what_they_are_asked(
        self, store: Store
    ) -> None:
        leading, order = led(store)
        says(order, leading, "supplement", SECONDS.action_cap, text="晚上更吵")
        leading.decide_task("handle", "ask_resident", text="哪一栋？")
        leading.order_action("supplement", text="三号楼")
        assert leading.row["stage"] == "handling"

    def test_are_left_to_them_by_the_leading_orders_own_resident(self, store: Store) -> None:
        leading, order = led(store)
        for _ in range(SECONDS.action_cap):
            leading.order_action("urge")
        assert code_of(leading, "urge") == "too_often"
        says(order, leading)
        assert leading.status.refusals == ()

    def test_are_heard_of_each_so_often_and_of_all_together_so_often_and_no_more(self, store: Store) -> None:
        leading, *followers = [placed(store, f"000-000{number}") for number in range(1, 8)]
        leading.to_work()
        for each in followers:
            join(each, leading)
        before = leading.events
        for each in followers[:5]:
            says(each, leading, times=SECONDS.action_cap)
        heard = SECONDS.followers_cap
        assert heard == 5 * SECONDS.action_cap == leading.event_types.count("OrderUrged")
        assert (leading.events - before) / heard <= 18
        assert code_of(followers[5], "urge") == "too_often"
        says(followers[5], leading, "supplement", text="晚上更吵")
        leading.order_action("urge")
        leading.act({"action_id": "more", "actor": f"resident {followers[5].order_no}", "action": "urge"})
        leading.settle()
        assert [each.code for each in leading.status.refusals] == ["too_often"]


class TestAQuestion:
    def test_waits_for_whom_it_was_asked_whatever_a_follower_adds(self, store: Store) -> None:
        leading, order = led(store)
        leading.decide_task("handle", "ask_resident", text="哪一栋？")
        before = leading.row
        says(order, leading, "supplement", text="晚上更吵")
        assert leading.row["stage"] == "paused"
        assert (leading.row["promised_at"], leading.row["due_at"]) == (
            before["promised_at"],
            before["due_at"],
        )
        assert leading.event_types[-1] == "OrderSupplemented"
        assert question(leading) == "哪一栋？"
        leading.order_action("supplement", text="三号楼")
        assert leading.row["stage"] == "handling"
        assert question(leading) is None

    def test_is_answered_by_staff_whom_its_resident_told(self, store: Store) -> None:
        leading, _ = led(store)
        leading.decide_task("handle", "ask_resident", text="哪一栋？")
        leading.order_action("supplement", by="desk-1", text="三号楼")
        assert leading.row["stage"] == "handling"

    def test_is_put_to_the_leading_orders_own_resident_alone(self, store: Store) -> None:
        leading, order = led(store)
        leading.decide_task("handle", "ask_resident", text="哪一栋？")
        post = Post()
        delivered(leading, post)
        assert [each.order_no for each in post.sent if each.template == "asked"] == [leading.order_no]
        assert question(order) is None

    def test_of_an_order_that_was_joined_since_is_shown_no_more(self, store: Store) -> None:
        leading, order = placed(store, "000-0001"), placed(store, "000-0002")
        leading.to_work()
        order.to_work()
        order.decide_task("handle", "ask_resident", text="您家门牌？")
        assert question(order) == "您家门牌？"
        join(order, leading)
        leading.decide_task("handle", "ask_resident", text="哪一栋？")
        assert leading.row["stage"] == "paused"
        assert question(order) is None

    def test_that_nobody_is_left_to_answer_is_answered_by_whoever_waits_too(self, store: Store) -> None:
        leading, order = led(store)
        leading.decide_task("handle", "ask_resident", text="哪一栋？")
        leading.order_action("withdraw")
        assert (leading.row["stage"], question(order)) == ("paused", None)
        says(order, leading, "supplement", text="三号楼")
        assert leading.row["stage"] == "handling"

    def test_after_the_leading_orders_own_resident_has_left_is_put_to_the_others(self, store: Store) -> None:
        leading, order = led(store)
        leading.order_action("withdraw")
        leading.decide_task("handle", "ask_resident", text="哪一栋？")
        assert question(order) == "哪一栋？"
        says(order, leading, "supplement", text="三号楼")
        assert (leading.row["stage"], question(order)) == ("handling", None)
