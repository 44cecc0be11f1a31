"""Holds that follow each other, end while no worker listens, or come before there is a class."""

from datetime import timedelta
from functools import partial

import pytest

from store.database import Store
from store.telling.holds import lift_hold, order_hold
from tests.support import instants
from tests.support.instants import due, promised
from tests.support.stories.stored_story import MONDAY, StoredStory, hours

A_MOMENT = timedelta(seconds=5)


about = partial(instants.about, within=timedelta(seconds=30))


class TestAHoldAfterAHold:
    def test_is_counted_when_the_lift_and_the_next_one_come_together(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work(order_class="urgent")
        was = due(order)
        order.hold(order.now + hours(10))
        order.settle()
        order.forward(hours(9))
        order.lift()
        order.hold(order.now + hours(20))
        order.settle()
        order.forward(hours(20) + A_MOMENT)
        assert about(due(order), was + hours(29))

    def test_is_counted_when_it_comes_while_the_lift_is_recorded(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work(order_class="urgent")
        was = due(order)
        order.hold(order.now + hours(10))
        order.settle()
        order.forward(hours(9))
        order.lift()
        order.step()
        order.hold(order.now + hours(20))
        order.settle()
        order.forward(hours(20) + A_MOMENT)
        assert about(due(order), was + hours(29))

    def test_is_counted_when_no_worker_saw_the_end_of_the_first(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work(order_class="urgent")
        was = due(order)
        order.hold(order.now + hours(10))
        order.settle()
        order.now += hours(10) + A_MOMENT
        order.hold(order.now + hours(10))
        order.settle()
        order.forward(hours(10) + A_MOMENT)
        assert about(due(order), was + hours(20))

    def test_is_not_lifted_by_the_lift_of_one_that_had_ended(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work(order_class="urgent")
        was = due(order)
        order.hold(order.now + hours(1))
        order.settle()
        with order.worker_away(order.now + hours(1) - timedelta(seconds=10)):
            pass
        late = order.now
        order.forward(timedelta(seconds=20))
        with order.store.write() as connection:
            lift_hold(connection, lifted_by="administrator-1", now=late)
        order.be_told()
        order.settle()
        order.forward(hours(2))
        order.hold(order.now + hours(4))
        order.settle()
        assert order.row["held"]
        order.forward(hours(4) + A_MOMENT)
        assert about(due(order), was + hours(5))


class TestAHoldThatWasCalledOff:
    def test_holds_no_order_that_was_placed_afterwards_and_hears_of_it_when_its_successor_is_over(
        self, store: Store
    ) -> None:
        """The order knows the successor from its start, and hears of the other two only afterwards."""
        begins, ordered_by = MONDAY + hours(2), "administrator-1"
        for until in (begins + hours(30), begins + hours(1)):
            with store.write() as connection:
                order_hold(
                    connection, reason="暴雨", since=begins, until=until, ordered_by=ordered_by, now=MONDAY
                )
                if until > begins + hours(1):
                    lift_hold(connection, lifted_by=ordered_by, now=MONDAY, number=1)
        order = StoredStory(store, book="standard-2")
        order.forward(begins + hours(2) - order.now)
        order.be_told()
        order.settle()
        assert "ReleaseOrdered" in order.event_types
        assert not order.row["held"]


class TestAHoldBeforeThereIsAClass:
    def test_counts_whether_the_order_is_classed_before_or_after_it_ends(self, store: Store) -> None:
        promised = []
        for earlier in (A_MOMENT, -A_MOMENT):
            order = StoredStory(store, book="standard-2")
            order.hold(order.now + hours(30))
            order.settle()
            order.decide_task("first_contact", "refer", text="请办理")
            order.forward(MONDAY + hours(30) - earlier - order.now)
            order.decide_task("classify", "urgent", unit="street-urban-management")
            order.forward(timedelta(minutes=1))
            with store.write() as connection:
                connection.exec_driver_sql("DELETE FROM office_hold")
            assert order.status.promised_at is not None
            promised.append(order.status.promised_at)
        assert about(promised[0], promised[1])
        assert about(promised[0], MONDAY + hours(24 + 30))


class TestAHoldWithNoClockToMove:
    """A clock that stands still already, or has not begun, gives the end of a hold nothing to move."""

    def paused(self, store: Store) -> StoredStory:
        order = StoredStory(store, book="standard-2")
        order.to_work()
        until = (order.now + hours(200)).isoformat()
        order.decide_task("handle", "request_pause", until=until, reason="third_party")
        order.decide_task("review", "approve")
        return order

    def asked(self, store: Store) -> StoredStory:
        order = StoredStory(store, book="standard-2")
        order.to_work()
        order.decide_task("handle", "ask_resident", text="请补充地址")
        return order

    def between_calls(self, store: Store) -> StoredStory:
        order = StoredStory(store, book="standard-2")
        order.decide_task("first_contact", "refer", text="请办理")
        order.decide_task("classify", "general", unit="street-urban-management")
        order.decide_task("acknowledge", "accept")
        order.decide_task("handle", "report_result", text="已办")
        order.decide_task("review", "approve")
        order.forward(timedelta(minutes=1))
        order.decide_task("follow_up", "not_reached")
        return order

    @pytest.mark.parametrize("where", ["paused", "asked", "between_calls"])
    @pytest.mark.parametrize("ends", ["by_itself", "lifted"])
    def test_is_over_at_once_when_it_ends(self, store: Store, where: str, ends: str) -> None:
        order = getattr(self, where)(store)
        order.hold(order.now + hours(2))
        order.settle()
        assert order.row["held"]
        if ends == "lifted":
            order.forward(hours(1))
            order.lift()
            order.settle()
        else:
            order.forward(hours(2) + A_MOMENT)
        assert not order.row["held"]


class TestARestThatBeginsInAHold:
    @pytest.mark.parametrize("rests_until", [5, 12])
    def test_leaves_what_the_hold_had_taken_before_the_work_began(
        self, store: Store, rests_until: int
    ) -> None:
        order = StoredStory(store, book="standard-2")
        order.hold(MONDAY + hours(10))
        order.settle()
        order.forward(hours(2))
        order.to_work(order_class="urgent")
        order.forward(hours(1))
        order.decide_task("handle", "ask_resident", text="请补充地址")
        order.forward(MONDAY + hours(rests_until) - order.now)
        order.order_action("supplement", text="三号楼")
        order.forward(hours(13))
        assert not order.row["held"]
        stood = max(rests_until, 10)
        assert about(promised(order), MONDAY + hours(24 + stood))
        assert about(due(order), promised(order))


class TestAHoldOrderedAhead:
    def test_stops_no_clock_before_it_begins_and_moves_every_one_by_its_length(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work(order_class="urgent")
        was, began = due(order), order.now + hours(3)
        order.hold(began + hours(5), since=began)
        order.settle()
        assert not order.row["held"]
        order.forward(hours(3) - A_MOMENT)
        assert not order.row["held"]
        order.forward(2 * A_MOMENT)
        assert order.row["held"]
        assert order.event_types[-1] == "MatterHeld"
        order.forward(hours(5))
        assert not order.row["held"]
        assert about(due(order), was + hours(5))

    def test_is_known_to_an_order_that_is_placed_before_it_begins(self, store: Store) -> None:
        first = StoredStory(store, book="standard-2")
        began = first.now + hours(1)
        first.hold(began + hours(30), since=began)
        order = StoredStory(store, book="standard-2", now=began - A_MOMENT, key="placed-before-the-hold")
        assert not order.row["held"]
        was = order.task("first_contact").due_at
        order.forward(timedelta(seconds=10))
        assert order.row["held"]
        order.forward(hours(30) - A_MOMENT)
        assert "LimitPassed" not in order.event_types
        order.forward(A_MOMENT)
        moved = order.task("first_contact").due_at
        assert not order.row["held"]
        assert was is not None
        assert moved is not None
        assert moved > was + hours(8)

    def test_lets_a_limit_pass_before_it_and_none_within(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        limit = order.task("first_contact").due_at
        assert limit is not None
        order.hold(limit + hours(10), since=limit + timedelta(minutes=5))
        order.settle()
        order.forward(limit + timedelta(minutes=1) - order.now)
        assert order.event_types.count("LimitPassed") == 1
        next_limit = order.task("classify").due_at
        assert next_limit is not None
        order.forward(hours(9))
        assert order.event_types.count("LimitPassed") == 1

    def test_called_off_before_it_begins_was_never_there(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work(order_class="urgent")
        was, began = due(order), order.now + hours(3)
        order.hold(began + hours(5), since=began)
        order.settle()
        (row,) = order.sql("SELECT id FROM office_hold")
        order.forward(hours(1))
        order.lift(row["id"])
        order.settle()
        order.forward(hours(3))
        assert not order.row["held"]
        assert "MatterHeld" not in order.event_types
        assert due(order) == was

    def test_begun_and_ended_while_no_worker_was_there_is_counted(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work(order_class="urgent")
        was, began = due(order), order.now + hours(3)
        order.hold(began + hours(5), since=began)
        order.settle()
        with order.worker_away(began + hours(6)):
            pass
        order.forward(A_MOMENT)
        assert about(due(order), was + hours(5))

    def test_heard_of_only_after_it_was_over_is_counted_once(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work(order_class="urgent")
        was = due(order)
        with store.write() as connection:
            order_hold(
                connection,
                reason="暴雨",
                until=order.now + hours(30),
                ordered_by="administrator-1",
                now=order.now,
            )
        # The order was not told: the first automatic step finds out.
        order.forward(hours(31))
        assert about(due(order), was + hours(30))
        order.be_told()
        order.settle()
        order.forward(A_MOMENT)
        assert not order.row["held"]
        assert about(due(order), was + hours(30))
