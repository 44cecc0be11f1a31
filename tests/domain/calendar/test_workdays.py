"""Limits on the office's calendar, with literal dates.

The calendar of 2026: 国务院办公厅关于 2026 年部分节假日安排的通知, 2025-11-04. Calculated by hand.
"""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar.workdays import (
    END_OF_DAY,
    OFFICE_ZONE,
    USUAL_HOURS,
    CalendarYear,
    Limit,
    NeverOpen,
    OfficeHours,
    OfficeTime,
    Wall,
    WorkCalendar,
    Workdays,
    office_time,
    reckon,
)


def days(*spans: str) -> frozenset[date]:
    found = set()
    for span in spans:
        first, _, last = span.partition("..")
        day, end = date.fromisoformat(first), date.fromisoformat(last or first)
        while day <= end:
            found.add(day)
            day += timedelta(days=1)
    return frozenset(found)


ANNOUNCED = CalendarYear(
    year=2026,
    version=1,
    source="国务院办公厅, 2025-11-04",
    days_off=days(
        "2026-01-01..2026-01-03",
        "2026-02-15..2026-02-23",
        "2026-04-04..2026-04-06",
        "2026-05-01..2026-05-05",
        "2026-06-19..2026-06-21",
        "2026-09-25..2026-09-27",
        "2026-10-01..2026-10-07",
    ),
    make_up_days=days("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
)
CALENDAR = WorkCalendar({2026: ANNOUNCED})
LEAP_YEAR = WorkCalendar(
    {2028: CalendarYear(year=2028, version=1, source="made up", days_off=days(), make_up_days=days())}
)


def office(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


def seen(instant: datetime) -> str:
    return instant.astimezone(OFFICE_ZONE).strftime("%Y-%m-%d %H:%M")


class TestWorkingDays:
    @pytest.mark.parametrize(
        ("case", "received_at", "count", "due_at"),
        [
            ("an ordinary Monday", "2026-11-23 10:00", 5, "2026-11-30 18:00"),
            ("an ordinary Friday", "2026-05-15 10:00", 1, "2026-05-18 18:00"),
            ("Friday, a minute before closing", "2026-05-15 17:59", 1, "2026-05-18 18:00"),
            ("Friday, a minute after closing", "2026-05-15 18:01", 1, "2026-05-18 18:00"),
            ("a Saturday counts from Monday on", "2026-05-16 12:00", 1, "2026-05-18 18:00"),
            ("the eve of Labour Day", "2026-04-30 16:00", 1, "2026-05-06 18:00"),
            ("the Friday before a make-up Saturday", "2026-05-08 09:00", 1, "2026-05-09 18:00"),
            ("a make-up Saturday", "2026-05-09 09:00", 1, "2026-05-11 18:00"),
            ("the eve of National Day", "2026-09-30 17:59", 1, "2026-10-08 18:00"),
            ("National Day, ending on a make-up day", "2026-09-30 17:59", 3, "2026-10-10 18:00"),
            ("ten days over National Day", "2026-09-30 09:00", 10, "2026-10-20 18:00"),
            ("Spring Festival with both its make-up Saturdays", "2026-02-13 09:00", 6, "2026-02-28 18:00"),
            (
                "just after midnight at the office, still the day before in UTC",
                "2026-05-15 00:10",
                1,
                "2026-05-18 18:00",
            ),
        ],
    )
    def test_count_from_the_day_after(self, case: str, received_at: str, count: int, due_at: str) -> None:
        due = reckon(office(received_at), Workdays(count), CALENDAR)
        assert seen(due.at) == due_at, case
        assert not due.is_provisional, case

    def test_of_a_leap_year_count_its_day(self) -> None:
        assert seen(reckon(office("2028-02-28 09:00"), Workdays(1), LEAP_YEAR).at) == "2028-02-29 18:00"

    @pytest.mark.parametrize(
        ("case", "received_at", "count", "due_at", "is_provisional"),
        [
            ("the last days of the year suffice", "2026-12-24 09:00", 5, "2026-12-31 18:00", False),
            (
                "New Year's Eve: nobody knows about 1 January yet",
                "2026-12-31 09:00",
                1,
                "2027-01-01 18:00",
                True,
            ),
            ("across the turn of the year", "2026-12-28 09:00", 5, "2027-01-04 18:00", True),
        ],
    )
    def test_of_a_year_not_announced_are_provisional(
        self, case: str, received_at: str, count: int, due_at: str, is_provisional: bool
    ) -> None:
        due = reckon(office(received_at), Workdays(count), CALENDAR)
        assert (seen(due.at), due.is_provisional) == (due_at, is_provisional), case


class TestOfficeTime:
    @pytest.mark.parametrize(
        ("case", "since", "hours", "due_at"),
        [
            ("in the morning", "2026-11-23 09:30", 2, "2026-11-23 11:30"),
            ("to the minute of noon", "2026-11-23 10:00", 2, "2026-11-23 12:00"),
            ("over noon", "2026-11-23 11:00", 2, "2026-11-23 15:00"),
            ("at lunch", "2026-11-23 12:30", 2, "2026-11-23 16:00"),
            ("Friday 17:59", "2026-11-27 17:59", 2, "2026-11-30 10:59"),
            ("Friday before a make-up Saturday", "2026-10-09 17:00", 2, "2026-10-10 10:00"),
            ("the eve of National Day", "2026-09-30 17:30", 2, "2026-10-08 10:30"),
            ("at night", "2026-11-24 03:00", 2, "2026-11-24 11:00"),
            ("more than a day", "2026-11-23 09:00", 10, "2026-11-24 12:00"),
        ],
    )
    def test_runs_while_the_office_is_open(self, case: str, since: str, hours: int, due_at: str) -> None:
        assert seen(reckon(office(since), OfficeTime(timedelta(hours=hours)), CALENDAR).at) == due_at, case

    def test_on_a_make_up_day_has_hours_of_its_own(self) -> None:
        short = ((time(9), time(12)),)
        calendar = WorkCalendar({2026: ANNOUNCED}, OfficeHours(week=USUAL_HOURS.week, make_up=short))
        assert seen(reckon(office("2026-10-09 18:00"), Workdays(1), calendar).at) == "2026-10-10 12:00"

    @pytest.mark.parametrize(
        ("since", "limit", "due_at"),
        [
            ("2026-11-23 22:00", OfficeTime(timedelta(hours=1)), "2026-11-23 23:00"),
            ("2026-11-23 22:00", OfficeTime(timedelta(hours=2)), "2026-11-24 00:00"),
            ("2026-11-23 22:00", OfficeTime(timedelta(hours=3)), "2026-11-24 01:00"),
            ("2026-11-23 23:59", OfficeTime(timedelta(minutes=1)), "2026-11-24 00:00"),
            ("2026-11-27 12:00", OfficeTime(timedelta(hours=13)), "2026-11-30 01:00"),
            ("2026-11-23 22:00", Workdays(1), "2026-11-25 00:00"),
            ("2026-11-27 22:00", Workdays(1), "2026-12-01 00:00"),
        ],
    )
    def test_runs_until_midnight_where_the_office_is_open(
        self, since: str, limit: Limit, due_at: str
    ) -> None:
        round_the_clock = ((time(0), END_OF_DAY),)
        calendar = WorkCalendar(
            {2026: ANNOUNCED}, OfficeHours(week=(round_the_clock,) * 5 + ((),) * 2, make_up=round_the_clock)
        )
        due = reckon(office(since), limit, calendar).at
        assert seen(due) == due_at
        if isinstance(limit, OfficeTime):
            assert office_time(office(since), due, calendar) == limit.time

    def test_needs_a_door_that_opens(self) -> None:
        closed = WorkCalendar({2026: ANNOUNCED}, OfficeHours(week=((),) * 7, make_up=()))
        for limit in (OfficeTime(timedelta(minutes=1)), Workdays(1)):
            with pytest.raises(NeverOpen):
                reckon(office("2026-11-23 09:00"), limit, closed)


class TestTheWall:
    def test_knows_no_night(self) -> None:
        due = reckon(office("2026-10-03 23:30"), Wall(timedelta(days=1)), CALENDAR)
        assert seen(due.at) == "2026-10-04 23:30"
        assert due.at.tzinfo is UTC


INSTANTS = st.integers(0, 330 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=OFFICE_ZONE) + timedelta(minutes=minutes)
)
SPANS = st.timedeltas(timedelta(minutes=1), timedelta(hours=40))


class TestReckoning:
    @given(INSTANTS, SPANS)
    def test_counts_exactly_the_time_that_was_asked_for(self, since: datetime, span: timedelta) -> None:
        due = reckon(since, OfficeTime(span), CALENDAR).at
        assert office_time(since, due, CALENDAR) == span
        assert office_time(since, due - timedelta(minutes=1), CALENDAR) < span

    @given(INSTANTS, st.integers(1, 15), SPANS)
    def test_never_makes_a_later_beginning_due_earlier(
        self, since: datetime, count: int, later: timedelta
    ) -> None:
        for limit in (Workdays(count), OfficeTime(timedelta(hours=count)), Wall(timedelta(hours=count))):
            assert reckon(since, limit, CALENDAR).at <= reckon(since + later, limit, CALENDAR).at

    @given(INSTANTS, st.integers(1, 15))
    def test_of_working_days_ends_on_a_working_day(self, since: datetime, count: int) -> None:
        due = reckon(since, Workdays(count), CALENDAR).at
        assert CALENDAR.is_workday(due.astimezone(OFFICE_ZONE).date())
        assert due > since
