"""The calendar's rows: whole years in versions, and the dates that rest on an unannounced year."""

from datetime import date, datetime, timedelta

import pytest

from domain.calendar.hours_file import read_hours, write_hours
from domain.calendar.instants import local
from domain.calendar.workdays import USUAL_HOURS, DayKind, NamedDay
from domain.order.policy import SECONDS, STANDARD_2
from messages.matter.step import PromiseRequest
from store.calendar.calendar_seed import seed
from store.calendar.years import all_years, find_year, hours, put_hours, put_year
from store.database import Store
from store.order.joined.telling import tell_next
from store.order.reckoning import calendar_for
from store.order.resting import provisional_orders
from store.telling.recalculation import load_year
from tests.store.taking import answer_of, rows, step_of, take
from tests.support.office import now


def tell_all(store: Store) -> int:
    """Finish all tellings, and return how many orders were told."""
    before = len(rows(store, "SELECT decision_id FROM decision"))
    while tell_next(store, now=now()):
        pass
    return len(rows(store, "SELECT decision_id FROM decision")) - before


HOLIDAY = NamedDay(day=date(2030, 1, 1), kind=DayKind.OFF, name="元旦")


class TestAYear:
    def test_is_seeded_with_its_make_up_days(self, store: Store) -> None:
        found = rows(store, "SELECT year FROM calendar_year ORDER BY year")
        assert found[0] == (now().year,)
        with store.read() as connection:
            year = find_year(connection, 2026)
        assert year is not None
        worked = [each.day.isoformat() for each in year.days if each.kind is DayKind.WORK]
        # 国务院办公厅, 2025-11-04
        assert worked == ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]

    def test_that_is_there_is_not_seeded_again(self, store: Store) -> None:
        with store.write() as connection:
            assert seed(connection, now=now()) == []

    def test_loaded_again_is_a_new_version_if_anything_differs(self, store: Store) -> None:
        later = NamedDay(day=date(2030, 10, 1), kind=DayKind.OFF, name="国庆节")
        with store.write() as connection:
            first = put_year(connection, 2030, [HOLIDAY], source="a", now=now())
            assert put_year(connection, 2030, [HOLIDAY], source="a", now=now()) is None
            second = put_year(connection, 2030, [later, HOLIDAY], source="b", now=now())
            (in_force,) = [each for each in all_years(connection) if each.year == 2030]
        assert first is not None
        assert second is not None
        assert (first.version, second.version) == (1, 2)
        assert (in_force.source, in_force.days) == ("b", (HOLIDAY, later))

    def test_is_read_only_for_books_that_need_it(self, store: Store) -> None:
        with store.read() as connection:
            assert not calendar_for(connection, SECONDS, now()).years
            assert set(calendar_for(connection, STANDARD_2, now()).years) >= {now().year}


class TestTheHours:
    def test_are_the_usual_ones_until_the_office_sets_its_own(self, store: Store) -> None:
        own = read_hours(write_hours(USUAL_HOURS).replace("09:00,12:00", "08:30,12:00"))
        with store.write() as connection:
            assert calendar_for(connection, STANDARD_2, now()).hours == hours(connection) == USUAL_HOURS
            assert put_hours(connection, own, source="a", now=now()) == 1
            assert put_hours(connection, own, source="b", now=now()) is None
            assert calendar_for(connection, STANDARD_2, now()).hours == own
            assert put_hours(connection, USUAL_HOURS, source="c", now=now()) == 2
            assert hours(connection) == USUAL_HOURS

    def test_may_end_with_the_day(self, store: Store) -> None:
        own = read_hours(write_hours(USUAL_HOURS) + "fri,19:00,24:00\nmake_up,19:00,24:00\n")
        with store.write() as connection:
            put_hours(connection, own, source="a", now=now())
            assert hours(connection) == own
            assert calendar_for(connection, STANDARD_2, now()).hours == own
            assert put_hours(connection, own, source="a", now=now()) is None
        assert write_hours(own).count(",24:00\n") == 2


class TestAStepUnderTheStatutoryCalendar:
    @pytest.fixture
    def no_years(self, store: Store) -> Store:
        with store.write() as connection:
            connection.exec_driver_sql("DELETE FROM calendar_year")
        return store

    def test_is_reckoned_in_working_days(self, store: Store) -> None:
        start = take(store)
        ask = PromiseRequest(since=start.received_at, order_class="general")
        with store.write() as connection:
            answer = answer_of(connection, step_of(start, promise=ask), STANDARD_2)
        assert answer.promised_at is not None
        assert local(answer.promised_at).strftime("%H:%M") == "18:00"
        assert answer.promised_at - start.received_at > timedelta(days=4)
        assert not answer.promise_is_provisional
        assert rows(store, "SELECT promise_is_provisional, is_provisional FROM orders") == [(False, False)]

    def test_of_an_unknown_year_is_flagged_until_the_order_is_told(self, no_years: Store) -> None:
        store = no_years
        start = take(store)
        ask = PromiseRequest(since=start.received_at, order_class="general")
        with store.write() as connection:
            answer = answer_of(connection, step_of(start, promise=ask), STANDARD_2)
        assert answer.promise_is_provisional
        assert rows(store, "SELECT promise_is_provisional, is_provisional FROM orders") == [(True, True)]
        # A step that asks for no promise leaves the flag as it is.
        with store.write() as connection:
            answer_of(connection, step_of(start, seq=2, opened=(), clocks=(), events=()), STANDARD_2)
            assert provisional_orders(connection) == [start.order_no]
            days = [NamedDay(day=date(now().year, 1, 1), kind=DayKind.OFF, name="元旦")]
            loaded = load_year(connection, now().year, days, source="a notice", now=now())
        assert (loaded.version, loaded.is_new, loaded.orders) == (1, True, 1)
        assert tell_all(store) == 1
        with store.write() as connection:
            again = load_year(connection, now().year, days, source="a notice", now=now())
        assert (again.version, again.is_new) == (1, False)
        # An order is told once, however often the same year is loaded.
        assert tell_all(store) == 0
        said = rows(store, "SELECT name, actor, via, status FROM decision")
        assert said == [("recalculate", "system", "system", "pending")]
        assert ("told",) in rows(store, "SELECT kind FROM outbox WHERE done_at IS NULL")


def test_a_year_is_a_row(store: Store) -> None:
    with store.write() as connection:
        put_year(connection, 2030, [HOLIDAY], source="s", now=datetime.fromisoformat("2029-11-05T00:00:00Z"))
    (days,) = rows(store, "SELECT days FROM calendar_year WHERE year = 2030")[0]
    assert "2030-01-01" in str(days)
