"""Holds that follow each other, end while nobody listens, or come before there is a class."""

from datetime import datetime, timedelta

from store.database import Store
from store.holds import lift_hold
from tests.support.stored_story import MONDAY, StoredStory, hours

A_MOMENT = timedelta(seconds=5)


def due(order: StoredStory) -> datetime:
    """When the unit has to be done."""
    found = order.task("handle").due_at
    assert found is not None
    return found


def about(instant: datetime, expected: datetime) -> bool:
    """Whether two instants are the same but for the moments that a story takes."""
    return abs(instant - expected) < timedelta(seconds=30)


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
        order.send_outbox()
        order.settle()
        order.forward(hours(2))
        order.hold(order.now + hours(4))
        order.settle()
        assert order.row["held"]
        order.forward(hours(4) + A_MOMENT)
        assert about(due(order), was + hours(5))


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
