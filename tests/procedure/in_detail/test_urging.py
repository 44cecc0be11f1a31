"""Many urges become one notice with their count: which messages a unit gets while residents urge."""

from datetime import timedelta
from typing import Any

from domain.order.policy import STANDARD_2
from store.database import Store
from tests.support.stories.joined import Post, delivered, join
from tests.support.stories.stored_story import StoredStory

GAP = STANDARD_2.urge_gap
UNIT = "street-urban-management"


def notices(order: StoredStory) -> list[tuple[Any, ...]]:
    """List the recipients of the order's notices of urging, each with the count."""
    return [
        (each.recipient, each.data.get("count"))
        for step in order.told.steps
        for each in step.messages
        if each.template == "urged"
    ]


def at_work(store: Store) -> StoredStory:
    order = StoredStory(store, book="standard-2")
    order.to_work(UNIT)
    return order


class TestUrges:
    def test_are_gathered_for_a_while_after_a_notice_and_then_told_with_their_count(
        self, store: Store
    ) -> None:
        order = at_work(store)
        for _ in range(4):
            order.order_action("urge")
        order.forward(GAP - timedelta(minutes=1))
        order.order_action("urge")
        assert notices(order) == [(UNIT, 1)]
        assert order.event_types.count("OrderUrged") == 5
        order.forward(timedelta(minutes=2))
        order.order_action("urge")
        assert notices(order) == [(UNIT, 1), (UNIT, 5)]
        order.order_action("urge")
        order.forward(GAP)
        order.order_action("urge")
        assert notices(order) == [(UNIT, 1), (UNIT, 5), (UNIT, 2)]
        assert order.status.refusals == ()

    def test_of_followers_are_gathered_with_those_of_the_orders_own_resident(self, store: Store) -> None:
        leading, order = at_work(store), StoredStory(store, book="standard-2")
        join(order, leading)
        leading.order_action("urge")
        for _ in range(3):
            leading.hear(order.keep_action("urge"))
        assert notices(leading) == [(UNIT, 1)]
        leading.forward(GAP)
        leading.order_action("urge")
        assert notices(leading) == [(UNIT, 1), (UNIT, 4)]

    def test_are_worded_with_their_count(self, store: Store) -> None:
        order, post = at_work(store), Post()
        for _ in range(3):
            order.order_action("urge")
        order.forward(GAP)
        order.order_action("urge")
        delivered(order, post)
        said = [each.words.partition("】")[2] for each in post.sent if "催办" in each.words]
        assert said == ["有人催办，请尽快办理。", "上次提醒后又有3次催办，请尽快办理。"]

    def test_are_told_at_once_to_another_unit(self, store: Store) -> None:
        order = at_work(store)
        order.order_action("urge")
        order.order_action("urge")
        order.order_action("reassign", by="desk-1", unit="street-peace", reason="不归城管")
        order.order_action("urge")
        assert notices(order) == [(UNIT, 1), ("street-peace", 1)]

    def test_of_a_leader_who_supervises_are_told_at_once(self, store: Store) -> None:
        order = at_work(store)
        order.order_action("urge")
        for _ in range(2):
            order.order_action("supervise", by="leader-1")
            order.decide_task("supervise", "urge")
        assert [recipient for recipient, _ in notices(order)] == [UNIT] * 3
