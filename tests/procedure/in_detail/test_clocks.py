"""The effect of rests, reviews, extensions and a late announced year on the clocks of one order."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.calendar.workdays import DayKind, NamedDay
from store.database import Store
from store.matter.said.decisions import Refused
from store.telling.recalculation import load_year
from tests.support.instants import about, due, office, promised
from tests.support.stories.stored_story import MONDAY, StoredStory, hours

DAY = timedelta(days=1)
ANEW: Any = {"class": "complex"}


class TestAnExtension:
    def test_never_shortens_a_time_that_a_superior_platform_capped(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2", source_due_at=MONDAY + hours(5))
        order.to_work()
        was = due(order)
        order.forward(DAY)
        asked = (order.now + 5 * DAY).isoformat()
        order.decide_task("handle", "request_extension", due_at=asked, reason="weather")
        order.decide_task("review", "approve")
        assert due(order) == was
        assert promised(order) == MONDAY + hours(5)

    def test_never_takes_a_promise_back(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work("community-03", "complex")
        was = promised(order)
        order.forward(hours(1))
        order.decide_task("handle", "hand_up", text="需要街道办理")
        until = office("2026-11-27T18:00")
        order.decide_task("handle", "request_extension", due_at=until.isoformat(), reason="weather")
        order.decide_task("review", "approve")
        assert (promised(order), due(order)) == (was, until)


class TestAPause:
    def test_counts_when_the_order_is_classed_anew(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work()
        until = order.now + 14 * DAY
        order.decide_task("handle", "request_pause", until=until.isoformat(), reason="third_party")
        order.decide_task("review", "approve")
        order.forward(14 * DAY + hours(1))
        was = promised(order)
        order.decide_task("handle", "request_reclassification", reason="more_difficult", **ANEW)
        order.decide_task("review", "approve")
        assert promised(order) > was
        # The tenth working day after Monday 23 November is 7 December; ten working days rested.
        assert about(promised(order), office("2026-12-21T18:00"))

    def test_is_given_back_when_a_result_from_within_it_is_refused(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work(order_class="complex")
        until = order.now + 20 * DAY
        order.decide_task("handle", "request_pause", until=until.isoformat(), reason="third_party")
        order.decide_task("review", "approve")
        order.forward(DAY)
        order.decide_task("handle", "report_result", text="已办")
        order.decide_task("review", "revise", text="照片不清楚")
        # 7 December at 18:00, and the day that rested.
        assert office("2026-12-08T17:59") <= due(order) <= office("2026-12-09T09:01")


class TestAHoldDuringAReview:
    def test_is_given_back_with_it_and_not_twice(self, store: Store) -> None:
        found = []
        for held in (False, True):
            order = StoredStory(store)
            order.decide_task("first_contact", "refer", text="请办理")
            order.decide_task("classify", "complex", unit="street-safety")
            order.decide_task("acknowledge", "send_back", reason="not_competent", text="不属我办")
            began = order.now
            if held:
                order.hold(order.now + timedelta(seconds=100))
                order.settle()
            order.forward(timedelta(seconds=104 if held else 4))
            order.decide_task("review", "revise", text="请办理")
            found.append(due(order) - (order.now - began))
            with store.write() as connection:
                connection.exec_driver_sql("DELETE FROM office_hold")
        assert abs(found[0] - found[1]) < timedelta(seconds=1)

    def test_that_was_in_force_when_the_result_came_is_given_back(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work()
        order.forward(3 * DAY)
        order.hold(order.now + 4 * DAY)
        order.settle()
        order.forward(3 * DAY)
        order.decide_task("handle", "report_result", text="已办")
        order.forward(DAY + hours(1))
        order.decide_task("review", "revise", text="照片不清楚")
        # Monday 30 November at 18:00, held from Thursday to Monday for two working days, and an hour of review.
        assert about(due(order), office("2026-12-03T10:00"))


@pytest.mark.parametrize("paused", ["never", "before", "during"])
class TestAYearAnnounced:
    def test_makes_every_date_firm_whatever_rested_meanwhile(self, store: Store, paused: str) -> None:
        december = datetime(2026, 12, 28, 2, 0, tzinfo=UTC)
        order = StoredStory(store, now=december, book="standard-2")
        order.to_work(order_class="complex")
        if paused != "never":
            until = (order.now + hours(1)).isoformat()
            order.decide_task("handle", "request_pause", until=until, reason="third_party")
            order.decide_task("review", "approve")
        if paused == "before":
            order.forward(hours(1.1))
        with store.write() as connection:
            # Another year does not concern these dates, so nobody must be told.
            load_year(connection, 2025, _year_2027(2025), source="（试验）", now=order.now)
        order.be_told()
        order.settle()
        assert "promise_confirmed" not in order.templates()
        with store.write() as connection:
            load_year(connection, 2027, _year_2027(), source="（试验）", now=order.now)
        order.be_told()
        order.settle()
        if paused == "during":
            order.forward(hours(1.1))
        # The tenth working day after 28 December, with the first six days of January off, and an hour of rest.
        expected = office("2027-01-15T18:00" if paused == "never" else "2027-01-18T10:00")
        assert abs(promised(order) - expected) < timedelta(minutes=10)
        assert abs(due(order) - expected) < timedelta(minutes=10)
        row: dict[str, Any] = order.row
        assert not row["promise_is_provisional"]
        assert not row["is_provisional"]
        assert order.templates().count("promise_confirmed") == 1


def _year_2027(year: int = 2027) -> list[NamedDay]:
    off = [date(year, 1, day) for day in range(1, 7)] + [date(year, 5, 1), date(year, 10, 1)]
    return [NamedDay(day=day, kind=DayKind.OFF, name="假日") for day in off]


class TestAUnit:
    @pytest.mark.parametrize("outcome", ["hand_up", "report_result"])
    def test_that_lets_its_limit_pass_under_a_request_was_late(self, store: Store, outcome: str) -> None:
        order = StoredStory(store)
        order.to_work("community-03")
        order.forward(timedelta(seconds=29))
        order.decide_task("handle", "request_reclassification", reason="more_difficult", **ANEW)
        order.forward(timedelta(seconds=4))
        order.decide_task("handle", outcome, text="现在")
        assert order.status.overdue
        assert order.event_types.count("LimitPassed") == 1

    def test_at_the_district_hands_up_once_and_not_again_while_a_leader_looks(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work("district-traffic")
        order.decide_task("handle", "hand_up", text="需要上级协调")
        order.forward(DAY)
        shown = order.sql("SELECT withheld FROM task WHERE task_id = :id", id=order.task("handle").task_id)
        assert "hand_up" in shown[0]["withheld"]

    def test_whose_result_came_late_while_nobody_listened_was_late(self, store: Store) -> None:
        order = StoredStory(store)
        order.to_work()
        late = due(order) + timedelta(seconds=20)
        with order.worker_away(late):
            kept = None
        kept = order.submit("handle", "report_result", text="已办", at=late)
        order.hear(kept)
        assert order.status.overdue


class TestALeadersDate:
    def test_that_was_set_in_time_is_heard_before_the_limit(self, store: Store) -> None:
        order = StoredStory(store)
        order.to_work()
        order.order_action("supervise", by="leader-1")
        order.forward(due(order) - order.now - timedelta(seconds=8))
        tomorrow = (order.now + DAY).isoformat()
        order.submit("supervise", "set_date", by="leader-1", due_at=tomorrow)
        order.forward(timedelta(seconds=30))
        assert not order.status.overdue
        assert due(order) > order.now + hours(23)

    def test_lies_within_a_year(self, store: Store) -> None:
        order = StoredStory(store, book="standard-2")
        order.to_work()
        order.order_action("supervise", by="leader-1")
        with pytest.raises(Refused, match="due_at"):
            order.decide_task("supervise", "set_date", by="leader-1", due_at="2062-12-01T17:00:00+08:00")
