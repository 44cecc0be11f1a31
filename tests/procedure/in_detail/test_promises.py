"""The effect of later rounds, joined orders, extensions and another class on the promise and the unit's clock."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.calendar.workdays import DayKind, NamedDay
from store.calendar.years import find_year
from store.database import Store
from store.order.resting import changed_days, resting_on
from store.telling.recalculation import load_year
from tests.support.instants import about, due, office, promised
from tests.support.stories.stored_story import MONDAY, StoredStory, hours

DAY = timedelta(days=1)


def comes_back(order: StoredStory) -> None:
    """Let the resident withdraw the order and reopen it."""
    order.order_action("withdraw")
    order.order_action("reopen", text="问题又出现了")


def pause(order: StoredStory, length: timedelta) -> None:
    """Pause the work, and let the pause pass."""
    until = (order.now + length).isoformat()
    order.decide_task("handle", "request_pause", until=until, reason="third_party")
    order.decide_task("review", "approve")
    order.forward(length)


def extend(order: StoredStory, until: datetime) -> None:
    """Grant an extension."""
    order.decide_task("handle", "request_extension", due_at=until.isoformat(), reason="weather")
    order.decide_task("review", "approve")


def class_anew(order: StoredStory, order_class: str, reason: str) -> None:
    """Grant another class."""
    anew: Any = {"class": order_class}
    order.decide_task("handle", "request_reclassification", reason=reason, **anew)
    order.decide_task("review", "approve")


def joins(order: StoredStory, leading: StoredStory) -> None:
    """Join an order to another, which hears of it."""
    order.now = leading.now = max(order.now, leading.now)
    order.order_action("merge", by="leader-1", leading_order_no=leading.order_no)
    assert order.row["ending"] == "merged"
    leading.send_outbox()
    leading.settle()


class TestALaterRound:
    def test_after_a_withdrawal_under_review_begins_with_a_clock_of_its_own(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work(order_class="complex")
        order.forward(DAY)
        order.decide_task("handle", "report_result", text="已办")
        comes_back(order)
        # The third working day after Tuesday 24 November.
        assert (promised(order), due(order)) == (office("2026-11-27T18:00"), office("2026-11-27T18:00"))

    def test_begins_with_all_that_a_unit_may_ask_for(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work()
        order.decide_task("handle", "ask_resident", text="请补充地址")
        comes_back(order)
        order.decide_task("handle", "ask_resident", text="请补充照片")
        assert order.row["stage"] == "paused"

    def test_is_not_bound_by_the_limit_of_a_superior_platform(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2", source_due_at=MONDAY + hours(5))
        order.to_work()
        assert promised(order) == MONDAY + hours(5)
        order.forward(DAY)
        comes_back(order)
        assert (promised(order), due(order)) == (office("2026-11-27T18:00"), office("2026-11-27T18:00"))

    @pytest.mark.parametrize("order_class", ["urgent", "general", "complex"])
    def test_keeps_promise_and_clock_together_over_rests(self, store: Store, order_class: str) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work(order_class=order_class)
        comes_back(order)
        pause(order, 4 * DAY + hours(3))
        order.hold(order.now + hours(30))
        order.settle()
        order.forward(hours(31))
        # Three working days after Monday 23 November, with a rest from Monday at 10 to Friday at 13, and a hold for a
        # day from Friday to Saturday.
        assert order.row["held"] == 0
        assert promised(order) == due(order)
        assert promised(order) > office("2026-12-02T18:00")

    def test_that_begins_in_a_hold_counts_only_what_is_left_of_it(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work()
        order.hold(order.now + 4 * DAY)
        order.settle()
        order.forward(2 * DAY)
        comes_back(order)
        order.forward(2 * DAY + hours(1))
        # From Wednesday at 10 the third working day is Monday 30 November; Wednesday at 10 to Friday at 10 was held.
        assert about(promised(order), office("2026-12-02T18:00"))
        assert promised(order) == due(order)

    def test_after_a_review_has_no_more_than_its_own_limit(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work(order_class="complex")
        comes_back(order)
        order.forward(2 * DAY)
        order.decide_task("handle", "report_result", text="已办")
        order.decide_task("review", "revise", text="照片不清楚")
        assert due(order) == office("2026-11-30T18:00")


class TestAnExtendedOrder:
    @pytest.mark.parametrize(
        ("was", "now", "reason"),
        [("general", "complex", "more_difficult"), ("complex", "general", "less_difficult")],
    )
    def test_keeps_what_was_granted_when_it_is_classed_anew(
        self, store: Store, was: str, now: str, reason: str
    ) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work(order_class=was)
        until = office("2026-12-18T18:00")
        extend(order, until)
        assert (promised(order), due(order)) == (until, until)
        class_anew(order, now, reason)
        assert (promised(order), due(order)) == (until, until)

    def test_does_not_wait_for_it_in_danger(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work()
        extend(order, office("2026-12-18T18:00"))
        class_anew(order, "urgent", "danger")
        assert (promised(order), due(order)) == (MONDAY + DAY, MONDAY + DAY)

    def test_keeps_it_over_a_rest(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work()
        extend(order, office("2026-12-18T18:00"))
        pause(order, 7 * DAY)
        class_anew(order, "complex", "more_difficult")
        assert about(promised(order), office("2026-12-25T18:00"))
        assert due(order) == promised(order)

    def test_in_a_hold_counts_only_what_is_left_of_it(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work()
        order.hold(order.now + 4 * DAY)
        order.settle()
        order.forward(2 * DAY)
        extend(order, office("2026-12-18T18:00"))
        order.forward(2 * DAY + hours(1))
        assert about(promised(order), office("2026-12-22T18:00"))
        assert due(order) == promised(order)

    def test_is_done_earlier_again_for_an_order_that_joins_it(self, store: Store) -> None:
        leading, order = StoredStory(store, book="standard-2"), StoredStory(store, book="standard-2")
        leading.to_work()
        extend(leading, office("2026-12-18T18:00"))
        order.to_work()
        joins(order, leading)
        assert (promised(leading), due(leading)) == (office("2026-11-30T18:00"), office("2026-11-30T18:00"))

    def test_extends_what_an_order_that_had_joined_it_was_promised(self, store: Store) -> None:
        leading, order = StoredStory(store, book="standard-2"), StoredStory(store, book="standard-2")
        leading.to_work(order_class="complex")
        order.to_work()
        joins(order, leading)
        assert promised(leading) == office("2026-11-30T18:00")
        extend(leading, office("2026-12-04T18:00"))
        assert (promised(leading), due(leading)) == (office("2026-12-04T18:00"), office("2026-12-04T18:00"))


class TestAnotherClass:
    def test_that_is_more_difficult_leaves_a_date_that_a_leader_gave(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work()
        order.order_action("supervise", by="leader-1")
        date = office("2026-12-18T18:00")
        order.decide_task("supervise", "set_date", by="leader-1", due_at=date.isoformat())
        class_anew(order, "complex", "more_difficult")
        assert promised(order) == office("2026-12-07T18:00")
        assert due(order) == date

    def test_that_is_less_difficult_promises_nothing_that_has_passed(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work(order_class="complex")
        order.forward(9 * DAY)
        class_anew(order, "general", "less_difficult")
        # The fifth working day after 23 November has passed; two working days from 2 December are left.
        assert (promised(order), due(order)) == (office("2026-12-04T18:00"), office("2026-12-04T18:00"))

    def test_that_is_less_difficult_promises_nothing_later(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work(order_class="complex")
        order.forward(14 * DAY)
        class_anew(order, "general", "less_difficult")
        assert promised(order) == office("2026-12-07T18:00")

    def test_that_is_less_difficult_counts_from_receipt(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.decide_task("first_contact", "refer", text="请办理")
        order.decide_task("classify", "complex")
        anew: Any = {"class": "general"}
        order.decide_task("dispatch", "reclassify", reason="less_difficult", **anew)
        assert promised(order) == office("2026-11-30T18:00")


class TestAnOverdueOrderThatJoins:
    def test_leaves_the_leading_unit_its_minimum_remainder(self, store: Store) -> None:
        late = StoredStory(store, book="standard-2", source_due_at=MONDAY + hours(5))
        late.to_work()
        late.forward(DAY)
        leading = StoredStory(store, book="standard-2", now=late.now)
        leading.to_work(order_class="complex")
        assert promised(late) < late.now
        joins(late, leading)
        assert (promised(leading), due(leading)) == (office("2026-11-26T18:00"), office("2026-11-26T18:00"))
        leading.forward(hours(1))
        assert not leading.status.overdue

    def test_with_time_left_is_answered_when_it_was_promised(self, store: Store) -> None:
        late, leading = StoredStory(store, book="standard-2"), StoredStory(store, book="standard-2")
        late.to_work()
        leading.to_work(order_class="complex")
        pause(leading, 2 * DAY)
        late.forward(2 * DAY)
        joins(late, leading)
        assert (promised(leading), due(leading)) == (promised(late), promised(late))
        leading.hold(leading.now + 2 * DAY)
        leading.settle()
        leading.forward(2 * DAY + hours(1))
        assert promised(leading) == due(leading) > promised(late)

    def test_lets_no_limit_of_the_leading_order_pass_twice(self, store: Store) -> None:
        late = StoredStory(store, book="standard-2", source_due_at=MONDAY + hours(5))
        late.to_work()
        leading = StoredStory(store, book="standard-2", now=MONDAY)
        leading.to_work("district-traffic", "complex")
        late.forward(DAY)
        leading.forward(15 * DAY)
        assert limits_passed(leading) == 1
        late.now = leading.now
        joins(late, leading)
        leading.forward(hours(1))
        assert limits_passed(leading) == 1


class TestAUnitWhoseLimitHasPassed:
    def test_is_not_late_again_in_the_moment_in_which_a_pause_ends(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work("district-traffic")
        order.forward(8 * DAY)
        assert limits_passed(order) == 1
        pause(order, DAY)
        order.forward(hours(1))
        assert limits_passed(order) == 1
        assert due(order) > order.now + DAY

    def test_is_reminded_once_of_a_limit_that_did_not_move(self, store: Store) -> None:
        order = StoredStory(store, now=office("2026-12-28T10:00").astimezone(UTC), book="standard-2")
        order.to_work(order_class="complex")
        order.forward(office("2027-01-08T17:00") - order.now)
        assert order.event_types.count("TaskReminded") == 1
        announce(order, 2027, [])
        order.forward(hours(1))
        assert order.event_types.count("TaskReminded") == 1


class TestARestAfterAReview:
    def test_takes_nothing_of_the_minimum_remainder(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work()
        order.forward(6 * DAY + hours(24))
        order.decide_task("handle", "report_result", text="已办")
        order.decide_task("review", "revise", text="照片不清楚")
        was = due(order)
        assert was == office("2026-12-02T18:00")
        pause(order, 7 * DAY)
        assert about(due(order), was + 7 * DAY)


class TestAYearThatIsChanged:
    """At short notice, Monday 30 November becomes a day off, or Saturday the 28th a workday."""

    OFF = NamedDay(day=date(2026, 11, 30), kind=DayKind.OFF, name="调整放假")
    WORKED = NamedDay(day=date(2026, 11, 28), kind=DayKind.WORK, name="调整上班")

    def test_moves_promise_and_clock_that_gain_and_tells_the_resident_once(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work()
        assert (promised(order), due(order)) == (office("2026-11-30T18:00"), office("2026-11-30T18:00"))
        announce(order, 2026, [*in_force(order), self.OFF])
        assert (promised(order), due(order)) == (office("2026-12-01T18:00"), office("2026-12-01T18:00"))
        assert order.templates().count("promise_moved") == 1
        announce(order, 2026, in_force(order)[:-1])
        assert (promised(order), due(order)) == (office("2026-12-01T18:00"), office("2026-12-01T18:00"))
        assert order.templates().count("promise_moved") == 1

    def test_takes_nothing_back_also_when_the_order_rests_afterwards(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work()
        announce(order, 2026, [*in_force(order), self.WORKED])
        assert (promised(order), due(order)) == (office("2026-11-30T18:00"), office("2026-11-30T18:00"))
        assert "promise_moved" not in order.templates()
        pause(order, DAY)
        assert about(promised(order), office("2026-12-01T18:00"))
        assert promised(order) == due(order)

    def test_counts_when_work_goes_on_after_a_rest(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work()
        until = (order.now + DAY).isoformat()
        order.decide_task("handle", "request_pause", until=until, reason="third_party")
        order.decide_task("review", "approve")
        announce(order, 2026, [*in_force(order), self.OFF])
        order.forward(DAY + hours(1))
        assert about(due(order), office("2026-12-02T18:00"))
        assert promised(order) == due(order)

    def test_takes_no_promise_back_that_another_order_brought(self, store: Store) -> None:
        leading, order = StoredStory(store, book="standard-2"), StoredStory(store, book="standard-2")
        leading.to_work(order_class="complex")
        order.to_work()
        joins(order, leading)
        pause(leading, 2 * DAY)
        was = promised(leading)
        assert was == due(leading) > office("2026-12-01T18:00")
        announce(leading, 2026, [*in_force(leading), self.WORKED])
        assert (promised(leading), due(leading)) == (was, was)

    def test_lets_no_limit_pass_twice_and_promises_nothing_to_who_was_answered(self, store: Store) -> None:
        late = StoredStory(store, book="standard-2", source_due_at=MONDAY + hours(5))
        late.to_work("district-traffic")
        late.forward(3 * DAY)
        assert limits_passed(late) == 1
        announce(late, 2026, [*in_force(late), self.OFF])
        late.forward(hours(1))
        assert limits_passed(late) == 1
        answered = StoredStory(store, book="standard-2")
        answered.to_work()
        answered.decide_task("handle", "report_result", text="已办")
        answered.decide_task("review", "approve")
        was = promised(answered)
        tomorrow = NamedDay(day=date(2026, 11, 24), kind=DayKind.OFF, name="调整放假")
        announce(answered, 2026, [*in_force(answered), tomorrow])
        assert answered.task("follow_up").due_at == office("2026-11-25T18:00")
        assert promised(answered) == was
        assert "promise_moved" not in answered.templates()

    def test_is_heard_by_the_orders_that_rest_on_it_alone(self, store: Store) -> None:
        general, urgent = StoredStory(store, book="standard-2"), StoredStory(store, book="standard-2")
        general.to_work()
        urgent.to_work(order_class="urgent")
        early = StoredStory(store, book="standard-2", now=MONDAY - 14 * DAY)
        early.to_work()
        days = [*in_force(general), self.OFF]
        with store.look() as connection:
            resting = resting_on(connection, changed_days(connection, 2026, days), now=general.now)
        with store.write() as connection:
            loaded = load_year(connection, 2026, days, source="（试验）", now=general.now)
        assert (loaded.is_new, loaded.orders) == (True, 1)
        assert [(each.order_no, each.what, each.whose) for each in resting] == [
            (general.order_no, "promise", "requester"),
            (general.order_no, "handle", "street-urban-management"),
        ]
        assert all(each.at == office("2026-11-30T18:00") for each in resting)


def in_force(order: StoredStory) -> list[NamedDay]:
    """Return the loaded days of this year."""
    with order.store.read() as connection:
        found = find_year(connection, 2026)
    assert found is not None
    return list(found.days)


def limits_passed(order: StoredStory) -> int:
    """Count how often the unit's limit passed."""
    events = [event for step in order.told.steps for event in step.events]
    return sum(event.type == "LimitPassed" and event.data["kind"] == "handle" for event in events)


def announce(order: StoredStory, year: int, days: list[NamedDay]) -> None:
    """Load a year, and let the order hear of it."""
    with order.store.write() as connection:
        load_year(connection, year, days, source="（试验）", now=order.now)
    order.be_told()
    order.settle()
