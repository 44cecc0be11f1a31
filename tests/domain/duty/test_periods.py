"""Periods, with literal instants on both sides of every border."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar.instants import NaiveDatetime
from domain.calendar.workdays import OFFICE_ZONE
from domain.duty.periods import Every, Monthly, Period, Rhythm, next_period, period_at

MONTHLY = Monthly()
SECOND = timedelta(seconds=1)
RHYTHMS = st.sampled_from([MONTHLY, Every(30 * SECOND), Every(timedelta(hours=7))])
INSTANTS = st.datetimes(datetime(2000, 1, 2), datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def period(name: str, began: str, ends: str) -> Period:
    return Period(name=name, began=utc(began), ends=utc(ends))


class TestAMonth:
    @pytest.mark.parametrize(
        ("case", "instant", "name", "began", "ends"),
        [
            ("in the middle", "2026-11-15 04:00", "2026-11", "2026-10-31 16:00", "2026-11-30 16:00"),
            ("its first instant", "2026-10-31 16:00", "2026-11", "2026-10-31 16:00", "2026-11-30 16:00"),
            ("its last second", "2026-11-30 15:59:59", "2026-11", "2026-10-31 16:00", "2026-11-30 16:00"),
            ("November in UTC", "2026-11-30 16:00", "2026-12", "2026-11-30 16:00", "2026-12-31 16:00"),
            ("the last of a year", "2026-12-31 15:59:59", "2026-12", "2026-11-30 16:00", "2026-12-31 16:00"),
            ("2026 in UTC", "2026-12-31 16:00", "2027-01", "2026-12-31 16:00", "2027-01-31 16:00"),
            ("a short month", "2026-02-28 15:59:59", "2026-02", "2026-01-31 16:00", "2026-02-28 16:00"),
            ("a leap day", "2028-02-29 15:59:59", "2028-02", "2028-01-31 16:00", "2028-02-29 16:00"),
            ("after a leap day", "2028-02-29 16:00", "2028-03", "2028-02-29 16:00", "2028-03-31 16:00"),
        ],
    )
    def test_is_one_of_the_offices_zone(
        self, case: str, instant: str, name: str, began: str, ends: str
    ) -> None:
        assert period_at(utc(instant), MONTHLY) == period(name, began, ends), case

    def test_is_the_same_however_its_instant_is_written(self) -> None:
        at_the_office = datetime(2026, 12, 1, 0, 30, tzinfo=OFFICE_ZONE)
        assert period_at(at_the_office, MONTHLY) == period_at(utc("2026-11-30 16:30"), MONTHLY)
        assert period_at(at_the_office, MONTHLY).began.tzinfo is UTC

    def test_is_followed_by_the_next_also_over_the_year(self) -> None:
        names, now = [], period_at(utc("2026-10-10 00:00"), MONTHLY)
        for _ in range(5):
            names.append(now.name)
            now = next_period(now, MONTHLY)
        assert names == ["2026-10", "2026-11", "2026-12", "2027-01", "2027-02"]


class TestAPeriodOfALength:
    @pytest.mark.parametrize(
        ("instant", "name", "began", "ends"),
        [
            (
                "2026-11-30 16:00:00",
                "20261130T160000Z",
                "2026-11-30 16:00:00",
                "2026-11-30 16:00:30",
            ),
            (
                "2026-11-30 16:00:29.999999",
                "20261130T160000Z",
                "2026-11-30 16:00:00",
                "2026-11-30 16:00:30",
            ),
            (
                "2026-12-31 23:59:30",
                "20261231T235930Z",
                "2026-12-31 23:59:30",
                "2027-01-01 00:00:00",
            ),
        ],
    )
    def test_is_counted_from_1970_in_utc(self, instant: str, name: str, began: str, ends: str) -> None:
        assert period_at(utc(instant), Every(30 * SECOND)) == period(name, began, ends)

    def test_of_a_length_that_no_day_holds_evenly_still_begins_in_1970(self) -> None:
        found = period_at(utc("1970-01-01 15:00"), Every(timedelta(hours=7)))
        assert found == period("19700101T140000Z", "1970-01-01 14:00", "1970-01-01 21:00")


class TestEveryPeriod:
    @given(instant=INSTANTS, rhythm=RHYTHMS)
    def test_holds_its_instant_and_not_its_end(self, instant: datetime, rhythm: Rhythm) -> None:
        found = period_at(instant, rhythm)
        assert found.began <= instant < found.ends
        assert period_at(found.began, rhythm) == found
        assert period_at(found.ends - timedelta(microseconds=1), rhythm) == found
        assert period_at(found.ends, rhythm) == next_period(found, rhythm) != found

    @given(instant=INSTANTS, rhythm=RHYTHMS)
    def test_is_followed_without_a_gap(self, instant: datetime, rhythm: Rhythm) -> None:
        found = period_at(instant, rhythm)
        assert next_period(found, rhythm).began == found.ends

    @given(one=INSTANTS, other=INSTANTS, rhythm=RHYTHMS)
    def test_has_a_name_that_sorts_by_time(self, one: datetime, other: datetime, rhythm: Rhythm) -> None:
        first, second = period_at(one, rhythm), period_at(other, rhythm)
        assert (first.name < second.name) == (first.began < second.began)
        assert (first.name == second.name) == (first == second)

    @pytest.mark.parametrize("rhythm", [MONTHLY, Every(30 * SECOND)])
    def test_is_never_guessed_from_an_instant_without_a_zone(self, rhythm: Rhythm) -> None:
        with pytest.raises(NaiveDatetime):
            period_at(datetime(2026, 11, 30, 16, 0), rhythm)  # noqa: DTZ001
