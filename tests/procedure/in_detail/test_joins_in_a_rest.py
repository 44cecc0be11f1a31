"""Orders that join another while clocks stand still: their own, the leading order's, or those of the whole office."""

from datetime import UTC, datetime, timedelta

import pytest

from store.database import Store
from tests.support.instants import about, due, office, promised
from tests.support.stories.stored_story import MONDAY, StoredStory, hours

DAY = timedelta(days=1)


def at_work(store: Store, order_class: str, *, now: datetime = MONDAY, **changes: str) -> StoredStory:
    """Place an order that is being handled, with the limits of an ordinary office."""
    order = StoredStory(store, book="standard-2", now=now, **changes)
    order.to_work(order_class=order_class)
    return order


def pause(order: StoredStory, length: timedelta) -> None:
    """Pause the work from now on."""
    until = (order.now + length).isoformat()
    order.decide_task("handle", "request_pause", until=until, reason="third_party")
    order.decide_task("review", "approve")
    assert order.row["stage"] == "paused"


def hold(until: datetime, *orders: StoredStory) -> None:
    """Stop the office's clocks, and let these orders hear of it."""
    first, *others = orders
    first.hold(until)
    for each in others:
        each.be_told()
    for each in orders:
        each.settle()
        assert each.row["held"]


def to(at: datetime, *orders: StoredStory) -> None:
    """Let time pass until an instant."""
    for each in orders:
        each.forward(max(at - each.now, timedelta(0)))


def joins(order: StoredStory, leading: StoredStory) -> None:
    """Join an order to another, which hears of it."""
    order.now = leading.now = max(order.now, leading.now)
    order.order_action("merge", by="leader-1", leading_order_no=leading.order_no)
    assert order.row["ending"] == "merged"
    leading.send_outbox()
    leading.settle()


def own(order: StoredStory) -> datetime:
    """Return the promise to the resident of a joined order, from the order's own row."""
    return datetime.fromisoformat(order.row["promised_at"]).replace(tzinfo=UTC)


def leads_with(leading: StoredStory, expected: datetime) -> bool:
    """Tell whether a leading order's promise and its unit's due time are this instant."""
    return about(promised(leading), expected) and about(due(leading), expected)


def two(store: Store) -> tuple[StoredStory, StoredStory]:
    """Place an order, and five hours later the one to lead it; both are promised an answer within a day."""
    order, leading = at_work(store, "urgent"), at_work(store, "urgent", now=MONDAY + hours(5))
    to(MONDAY + hours(6), order, leading)
    return order, leading


class TestAJoinDuringARest:
    @pytest.mark.parametrize("how", ["paused", "asked"])
    def test_brings_a_promise_with_what_has_rested_until_then(self, store: Store, how: str) -> None:
        order, leading = at_work(store, "urgent"), at_work(store, "complex")
        if how == "paused":
            pause(order, 30 * DAY)
        else:
            order.decide_task("handle", "ask_resident", text="哪一栋？")
        to(MONDAY + hours(20), order, leading)
        joins(order, leading)
        assert about(own(order), MONDAY + hours(24 + 20))
        assert leads_with(leading, own(order))

    def test_of_the_leading_order_alone_keeps_a_promise_that_is_earlier_only_with_the_rest(
        self, store: Store
    ) -> None:
        leading = at_work(store, "general")
        pause(leading, hours(46))
        order = at_work(store, "general", now=MONDAY + DAY)
        assert promised(leading) == office("2026-11-30T18:00")
        assert promised(order) == office("2026-12-01T18:00")
        # At night, so that no office time of the rest is left.
        to(MONDAY + hours(40), leading, order)
        joins(order, leading)
        to(MONDAY + hours(47), leading)
        assert leading.row["stage"] == "handling"
        assert leads_with(leading, office("2026-12-01T18:00"))


class TestAJoinDuringAHold:
    """The hold lasts from the sixth hour to the thirtieth, and the join comes in the twentieth."""

    def test_brings_a_promise_that_moves_by_the_whole_hold_once(self, store: Store) -> None:
        order, leading = two(store)
        hold(MONDAY + hours(30), order, leading)
        to(MONDAY + hours(20), order, leading)
        joins(order, leading)
        to(MONDAY + hours(31), order, leading)
        assert about(own(order), MONDAY + hours(24 + 24))
        assert leads_with(leading, own(order))

    @pytest.mark.parametrize("rests_from", [7, 8])
    def test_and_during_a_rest_counts_once_what_both_have_taken(self, store: Store, rests_from: int) -> None:
        order, leading = two(store)
        to(MONDAY + hours(7), order, leading)
        if rests_from == 7:
            pause(order, 30 * DAY)
        to(MONDAY + hours(7.5), order, leading)
        hold(MONDAY + hours(30), order, leading)
        to(MONDAY + hours(8), order, leading)
        if rests_from == 8:
            pause(order, 30 * DAY)
        to(MONDAY + hours(20), order, leading)
        joins(order, leading)
        to(MONDAY + hours(31), order, leading)
        assert about(own(order), MONDAY + hours(24 + 30 - min(rests_from, 7.5)))
        assert leads_with(leading, own(order))

    def test_of_the_leading_order_at_rest_moves_by_what_is_left_once(self, store: Store) -> None:
        order, leading = two(store)
        pause(leading, 30 * DAY)
        hold(MONDAY + hours(30), order, leading)
        to(MONDAY + hours(20), order, leading)
        joins(order, leading)
        to(MONDAY + hours(32), leading)
        leading.order_action("resume", by="street-urban-management-handler")
        # The leading order's rest went on for two hours after the hold.
        assert leads_with(leading, MONDAY + hours(24 + 24 + 2))

    def test_that_is_over_and_not_lifted_yet_counts_until_its_end(self, store: Store) -> None:
        order, leading = two(store)
        hold(MONDAY + hours(10), order, leading)
        with order.worker_away(MONDAY + hours(15)):
            to(MONDAY + hours(15), leading)
        joins(order, leading)
        assert about(own(order), MONDAY + hours(24 + 4))
        assert leads_with(leading, own(order))

    def test_into_an_order_that_is_placed_in_it_moves_by_what_was_left_of_it(self, store: Store) -> None:
        order = at_work(store, "urgent")
        hold(MONDAY + hours(30), order)
        leading = at_work(store, "urgent", now=MONDAY + hours(10))
        to(MONDAY + hours(20), order, leading)
        joins(order, leading)
        to(MONDAY + hours(31), order, leading)
        assert leads_with(leading, MONDAY + hours(24 + 30))

    def test_into_an_order_with_an_extension_leaves_it_the_earlier_one(self, store: Store) -> None:
        order, leading = at_work(store, "general"), at_work(store, "complex")
        hold(MONDAY + 2 * DAY, order, leading)
        to(MONDAY + DAY, order, leading)
        until = office("2026-12-18T18:00").isoformat()
        leading.decide_task("handle", "request_extension", due_at=until, reason="weather")
        leading.decide_task("review", "approve")
        joins(order, leading)
        to(MONDAY + 2 * DAY + hours(1), order, leading)
        assert about(own(order), office("2026-12-02T18:00"))
        assert leads_with(leading, own(order))

    @pytest.mark.parametrize("first", ["earlier", "later"])
    def test_of_the_second_of_two_leaves_the_earlier_one(self, store: Store, first: str) -> None:
        leading = at_work(store, "urgent", now=MONDAY + hours(5))
        both = {"earlier": at_work(store, "urgent"), "later": at_work(store, "urgent", now=MONDAY + hours(3))}
        one = both.pop(first)
        (other,) = both.values()
        to(MONDAY + hours(6), leading, one, other)
        joins(one, leading)
        hold(MONDAY + hours(30), leading, other)
        to(MONDAY + hours(20), leading, other)
        joins(other, leading)
        to(MONDAY + hours(31), leading)
        assert leads_with(leading, MONDAY + hours(24 + 24))

    def test_of_many_stays_short_and_keeps_the_earliest(self, store: Store) -> None:
        leading = at_work(store, "urgent", now=MONDAY + hours(5))
        hold(MONDAY + hours(31), leading)
        first = MONDAY + hours(24)
        for number in range(30):
            to(MONDAY + hours(6 + number / 2), leading)
            at = (first + hours(1 + number / 2)).isoformat()
            said = {"action_id": f"joined {number}", "actor": "system", "action": "recalculate"}
            leading.act({**said, "fields": {"joined": leading.order_no, "not_later_than": at}})
            leading.settle()
        asked = [step.promise for step in leading.told.steps if step.promise is not None]
        assert max(len(promise.joined) for promise in asked) == 20
        to(MONDAY + hours(32), leading)
        assert leads_with(leading, first + hours(1 + 25))


class TestAJoinInTheMomentOfTheClass:
    def test_brings_what_is_promised_in_that_moment(self, store: Store) -> None:
        order, leading = StoredStory(store, book="standard-2"), at_work(store, "complex")
        order.decide_task("first_contact", "refer", text="请办理")
        classed = order.submit("classify", "urgent", by="desk-1", unit="street-urban-management")
        merge = order.keep_action("merge", by="leader-1", leading_order_no=leading.order_no)
        for each, hear in ((classed, order.decide), (merge, order.act)):
            assert each.said is not None
            hear(each.said.model_dump(mode="json"))
        order.settle()
        assert order.row["ending"] == "merged"
        leading.send_outbox()
        leading.settle()
        assert leads_with(leading, MONDAY + hours(24))
