"""When a duty's clocks are due: tables of literal instants, in the office's zone unless marked as UTC.

The calendar of 2026 is the announced one; the instants were calculated by hand.
"""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar.instants import NaiveDatetime
from domain.calendar.workdays import NeverOpen, OfficeTime, Wall, WorkCalendar, Workdays
from domain.duty.deadlines import DutyBasis, DutyClock, duty_clock, reminder_of
from domain.duty.periods import Monthly, period_at
from domain.duty.policy import SECONDS_DUTIES, STANDARD_DUTIES, Before, DayOfMonth, DutyBook
from domain.matter.clocks import Clock, Rested
from tests.domain.calendar.test_workdays import CALENDAR, office, seen

UNKNOWN = WorkCalendar({})
"""A calendar without any announced year."""
END = office("2026-12-01 00:00")
"""The end of November."""
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
BOOKS = st.sampled_from([STANDARD_DUTIES, SECONDS_DUTIES])


def rest(began: str, ended: str) -> Rested:
    return Rested(office(began), office(ended))


def reckoned(
    basis: DutyBasis,
    since: datetime = END,
    *rests: Rested,
    repetition: int = 1,
    book: DutyBook = STANDARD_DUTIES,
    calendar: WorkCalendar = CALENDAR,
) -> Clock:
    facts = DutyClock(basis=basis, since=since, rests=rests, repetition=repetition)
    return duty_clock(facts, book, calendar)


def due(basis: DutyBasis, since: str, *rests: Rested, repetition: int = 1) -> str:
    return seen(reckoned(basis, office(since), *rests, repetition=repetition).due_at)


class TestThePeriod:
    @pytest.mark.parametrize(
        ("ends", "remind_at"),
        [
            ("2026-12-01 00:00", "2026-11-20 09:00"),
            ("2027-01-01 00:00", "2026-12-20 09:00"),
            ("2026-03-01 00:00", "2026-02-20 09:00"),
        ],
    )
    def test_is_due_at_its_end_and_reminds_on_the_20th(self, ends: str, remind_at: str) -> None:
        clock = reckoned(DutyBasis.PERIOD, office(ends))
        assert (seen(clock.due_at), seen(clock.remind_at), clock.is_provisional) == (ends, remind_at, False)

    def test_is_reckoned_in_utc(self) -> None:
        clock = reckoned(DutyBasis.PERIOD)
        assert clock.due_at == datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
        assert clock.remind_at == datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
        assert clock.due_at.tzinfo is clock.remind_at.tzinfo is UTC

    def test_of_seconds_reminds_so_long_before_its_end(self) -> None:
        clock = reckoned(DutyBasis.PERIOD, book=SECONDS_DUTIES)
        assert (END - clock.due_at, END - clock.remind_at) == (0 * SECOND, 15 * SECOND)

    def test_may_remind_so_many_working_days_before_its_end(self) -> None:
        book = replace(STANDARD_DUTIES, reminder=Before(Workdays(2)))
        assert seen(reminder_of(END, book, CALENDAR).at) == "2026-11-27 00:00"

    def test_reminds_at_its_end_if_the_reminder_lies_behind_that(self) -> None:
        book = replace(STANDARD_DUTIES, reminder=DayOfMonth(30, time(23, 59)))
        early = office("2026-11-30 12:00")
        assert reckoned(DutyBasis.PERIOD, early, book=book).remind_at == early

    @given(instant=st.datetimes(datetime(2001, 1, 1), datetime(2150, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
    def test_of_a_month_always_reminds_on_its_20th(self, instant: datetime) -> None:
        month = period_at(instant, Monthly())
        clock = reckoned(DutyBasis.PERIOD, month.ends)
        assert clock.due_at == month.ends
        assert seen(clock.remind_at) == f"{month.name}-20 09:00"


class TestAShortage:
    @pytest.mark.parametrize(
        ("case", "ends", "told_at"),
        [
            ("November ends on a Monday", "2026-12-01 00:00", "2026-11-24 00:00"),
            ("October ends on a Saturday", "2026-11-01 00:00", "2026-10-26 00:00"),
            ("the Mid-Autumn holiday in September", "2026-10-01 00:00", "2026-09-23 00:00"),
            ("Labour Day begins after April", "2026-05-01 00:00", "2026-04-24 00:00"),
            ("February with its make-up Saturday", "2026-03-01 00:00", "2026-02-24 00:00"),
            ("over the whole Spring Festival", "2026-02-26 00:00", "2026-02-12 00:00"),
            ("over National Day, two make-up days in it", "2026-10-12 00:00", "2026-09-29 00:00"),
            ("an end by day counts that day", "2026-11-30 12:00", "2026-11-24 00:00"),
            ("the last days of the year", "2027-01-01 00:00", "2026-12-25 00:00"),
        ],
    )
    def test_is_told_at_the_beginning_of_the_fifth_working_day_before_the_end(
        self, case: str, ends: str, told_at: str
    ) -> None:
        clock = reckoned(DutyBasis.SHORTAGE, office(ends))
        assert seen(clock.due_at) == told_at, case
        assert not clock.is_provisional, case
        assert clock.remind_at == clock.due_at

    @pytest.mark.parametrize(
        ("case", "ends", "told_at", "is_provisional"),
        [
            ("January, as far as anybody knows", "2027-02-01 00:00", "2027-01-25 00:00", True),
            ("a single day of it was counted", "2027-01-02 00:00", "2026-12-28 00:00", True),
            ("the new year's first day is only the end", "2027-01-01 00:00", "2026-12-25 00:00", False),
            ("a day off of it alone", "2027-01-03 00:00", "2026-12-28 00:00", True),
        ],
    )
    def test_that_counts_days_of_an_unannounced_year_is_provisional(
        self, case: str, ends: str, told_at: str, is_provisional: bool
    ) -> None:
        clock = reckoned(DutyBasis.SHORTAGE, office(ends))
        assert (seen(clock.due_at), clock.is_provisional) == (told_at, is_provisional), case

    def test_is_provisional_where_no_year_is_known(self) -> None:
        clock = reckoned(DutyBasis.SHORTAGE, office("2026-10-12 00:00"), calendar=UNKNOWN)
        assert (seen(clock.due_at), clock.is_provisional) == ("2026-10-05 00:00", True)

    def test_of_seconds_is_told_so_long_before_the_end(self) -> None:
        assert END - reckoned(DutyBasis.SHORTAGE, book=SECONDS_DUTIES).due_at == 10 * SECOND

    def test_has_no_instant_where_no_day_is_worked(self) -> None:
        year = CALENDAR.years[2026]
        closed = frozenset(datetime(2026, 1, 1, tzinfo=UTC).date() + timedelta(days=n) for n in range(365))
        years = {
            number: replace(year, year=number, days_off=closed, make_up_days=frozenset())
            for number in (2025, 2026)
        }
        before = {each.replace(year=2025) for each in closed}
        years[2025] = replace(years[2025], days_off=frozenset(before))
        with pytest.raises(NeverOpen):
            reckoned(DutyBasis.SHORTAGE, calendar=WorkCalendar(years))


class TestALateEntry:
    @pytest.mark.parametrize(
        ("case", "ends", "free_until"),
        [
            ("Tuesday to Thursday", "2026-12-01 00:00", "2026-12-03 18:00"),
            ("over a weekend", "2026-11-27 00:00", "2026-12-01 18:00"),
            ("September, over National Day", "2026-10-01 00:00", "2026-10-10 18:00"),
            ("April, over Labour Day with its make-up Saturday", "2026-05-01 00:00", "2026-05-08 18:00"),
            ("over the Spring Festival", "2026-02-14 00:00", "2026-02-25 18:00"),
            (
                "a period that was held ends by day: the next day is the first",
                "2026-12-01 15:00",
                "2026-12-04 18:00",
            ),
        ],
    )
    def test_is_free_for_three_working_days_after_the_period(
        self, case: str, ends: str, free_until: str
    ) -> None:
        clock = reckoned(DutyBasis.FREE_ENTRY, office(ends))
        assert seen(clock.due_at) == free_until, case
        assert not clock.is_provisional, case

    def test_is_free_until_a_provisional_instant_in_a_year_that_is_not_announced(self) -> None:
        clock = reckoned(DutyBasis.FREE_ENTRY, office("2027-01-01 00:00"))
        assert (seen(clock.due_at), clock.is_provisional) == ("2027-01-05 18:00", True)

    def test_of_seconds_is_free_from_the_end_itself(self) -> None:
        assert reckoned(DutyBasis.FREE_ENTRY, book=SECONDS_DUTIES).due_at == END + 5 * SECOND

    def test_may_be_approved_for_sixty_days_by_the_wall(self) -> None:
        assert due(DutyBasis.LAST_ENTRY, "2026-12-01 00:00") == "2027-01-30 00:00"
        assert not reckoned(DutyBasis.LAST_ENTRY).is_provisional
        assert reckoned(DutyBasis.LAST_ENTRY, book=SECONDS_DUTIES).due_at == END + 60 * SECOND


class TestAReview:
    @pytest.mark.parametrize(
        ("since", "due_at"),
        [
            ("2026-11-23 10:00", "2026-11-24 11:00"),
            ("2026-09-30 17:00", "2026-10-08 18:00"),
            ("2026-10-09 18:00", "2026-10-12 10:00"),
        ],
    )
    def test_has_a_working_day_of_office_hours(self, since: str, due_at: str) -> None:
        assert due(DutyBasis.REVIEW, since) == due_at

    def test_of_seconds_has_fifteen(self) -> None:
        assert reckoned(DutyBasis.REVIEW, book=SECONDS_DUTIES).due_at == END + 15 * SECOND


class TestSupervision:
    @pytest.mark.parametrize(
        ("repetition", "due_at"),
        [
            (1, "2026-11-24 18:00"),
            (2, "2026-11-25 18:00"),
            (3, "2026-11-27 18:00"),
            (4, "2026-11-30 18:00"),
            (5, "2026-11-30 18:00"),
            (9, "2026-11-30 18:00"),
            (10**6, "2026-11-30 18:00"),
        ],
    )
    def test_doubles_up_to_the_longest(self, repetition: int, due_at: str) -> None:
        assert due(DutyBasis.SUPERVISION, "2026-11-23 10:00", repetition=repetition) == due_at

    @pytest.mark.parametrize(("repetition", "seconds"), [(1, 5), (2, 10), (3, 15), (4, 15)])
    def test_of_seconds_doubles_too(self, repetition: int, seconds: int) -> None:
        clock = reckoned(DutyBasis.SUPERVISION, repetition=repetition, book=SECONDS_DUTIES)
        assert clock.due_at == END + seconds * SECOND

    def test_doubles_eight_times_at_most(self) -> None:
        book = replace(SECONDS_DUTIES, supervision_longest=Wall(timedelta(days=30)))
        lengths = [
            reckoned(DutyBasis.SUPERVISION, repetition=each, book=book).due_at - END
            for each in (8, 9, 10, 99)
        ]
        assert lengths == [640 * SECOND, 1280 * SECOND, 1280 * SECOND, 1280 * SECOND]

    @given(repetition=st.integers(1, 10**9), book=BOOKS)
    def test_is_never_longer_than_the_longest_and_never_shorter_than_the_first(
        self, repetition: int, book: DutyBook
    ) -> None:
        def at(repetition: int) -> datetime:
            return reckoned(DutyBasis.SUPERVISION, repetition=repetition, book=book).due_at

        assert at(1) <= at(repetition) <= at(repetition + 1) <= at(10**9)


class TestAHold:
    HELD = rest("2026-11-10 12:00", "2026-11-12 12:00")

    def test_moves_the_end_and_the_reminder_by_its_length(self) -> None:
        clock = reckoned(DutyBasis.PERIOD, END, self.HELD)
        assert (seen(clock.due_at), seen(clock.remind_at)) == ("2026-12-03 00:00", "2026-11-22 09:00")

    def test_that_begins_after_the_reminder_moves_the_end_alone(self) -> None:
        clock = reckoned(DutyBasis.PERIOD, END, rest("2026-11-25 12:00", "2026-11-27 12:00"))
        assert (seen(clock.due_at), seen(clock.remind_at)) == ("2026-12-03 00:00", "2026-11-20 09:00")

    @pytest.mark.parametrize(
        ("began", "remind_at"),
        [("2026-11-20 08:59", "2026-11-20 10:00"), ("2026-11-20 09:00", "2026-11-20 09:00")],
    )
    def test_that_begins_at_an_instant_moves_it_no_more(self, began: str, remind_at: str) -> None:
        hold = Rested(office(began), office(began) + HOUR)
        assert seen(reckoned(DutyBasis.PERIOD, END, hold).remind_at) == remind_at

    def test_that_begins_at_the_end_or_later_moves_nothing(self) -> None:
        late = rest("2026-12-01 00:00", "2026-12-03 00:00")
        assert reckoned(DutyBasis.PERIOD, END, late) == reckoned(DutyBasis.PERIOD)
        assert reckoned(DutyBasis.SHORTAGE, END, late) == reckoned(DutyBasis.SHORTAGE)

    def test_that_begins_in_the_time_that_another_gave_counts_as_well(self) -> None:
        again = rest("2026-12-02 12:00", "2026-12-03 12:00")
        clock = reckoned(DutyBasis.PERIOD, END, self.HELD, again)
        assert (seen(clock.due_at), seen(clock.remind_at)) == ("2026-12-04 00:00", "2026-11-22 09:00")

    def test_moves_a_shortage_by_its_length_by_the_wall(self) -> None:
        assert due(DutyBasis.SHORTAGE, "2026-12-01 00:00", self.HELD) == "2026-11-26 00:00"
        later = rest("2026-11-24 00:00", "2026-11-25 00:00")
        assert due(DutyBasis.SHORTAGE, "2026-12-01 00:00", later) == "2026-11-24 00:00"

    @pytest.mark.parametrize(
        ("basis", "since", "held", "due_at"),
        [
            (
                DutyBasis.REVIEW,
                "2026-11-23 10:00",
                rest("2026-11-23 14:00", "2026-11-24 14:00"),
                "2026-11-25 11:00",
            ),
            (
                DutyBasis.FREE_ENTRY,
                "2026-12-01 00:00",
                rest("2026-12-02 09:00", "2026-12-03 09:00"),
                "2026-12-04 18:00",
            ),
            (
                DutyBasis.LAST_ENTRY,
                "2026-12-01 00:00",
                rest("2026-12-02 09:00", "2026-12-03 10:00"),
                "2027-01-31 01:00",
            ),
            (
                DutyBasis.SUPERVISION,
                "2026-11-23 10:00",
                rest("2026-11-24 09:00", "2026-11-25 09:00"),
                "2026-11-25 18:00",
            ),
        ],
    )
    def test_moves_a_limit_in_the_time_by_which_it_runs(
        self, basis: DutyBasis, since: str, held: Rested, due_at: str
    ) -> None:
        assert due(basis, since, held) == due_at

    @given(
        basis=st.sampled_from(DutyBasis),
        book=BOOKS,
        lengths=st.lists(st.tuples(st.integers(0, 60 * 24 * 20), st.integers(0, 60 * 24 * 20)), max_size=4),
    )
    def test_never_moves_anything_to_an_earlier_instant(
        self, basis: DutyBasis, book: DutyBook, lengths: list[tuple[int, int]]
    ) -> None:
        since = END - 30 * 24 * HOUR if basis in {DutyBasis.REVIEW, DutyBasis.SUPERVISION} else END
        rests, at = [], END - 30 * 24 * HOUR
        for runs, rested in lengths:
            began = at + timedelta(minutes=runs)
            at = began + timedelta(minutes=rested)
            rests.append(Rested(began, at))
        clocks = [reckoned(basis, since, *rests[:count], book=book) for count in range(len(rests) + 1)]
        assert [each.due_at for each in clocks] == sorted(each.due_at for each in clocks)
        assert [each.remind_at for each in clocks] == sorted(each.remind_at for each in clocks)
        assert all(each.remind_at <= each.due_at for each in clocks)

    @given(began=st.integers(0, 29 * 24), hours=st.integers(0, 500), book=BOOKS)
    def test_in_the_period_moves_its_end_by_exactly_its_length(
        self, began: int, hours: int, book: DutyBook
    ) -> None:
        hold = Rested(END - 30 * 24 * HOUR + began * HOUR, END - 30 * 24 * HOUR + (began + hours) * HOUR)
        assert reckoned(DutyBasis.PERIOD, END, hold, book=book).due_at == END + hours * HOUR


class TestAnInstantWithoutAZone:
    @pytest.mark.parametrize("basis", DutyBasis)
    def test_is_refused(self, basis: DutyBasis) -> None:
        with pytest.raises(NaiveDatetime):
            reckoned(basis, datetime(2026, 12, 1, 0, 0))  # noqa: DTZ001


class TestABook:
    def test_may_have_a_review_of_any_kind_of_limit(self) -> None:
        for limit, due_at in ((Wall(HOUR), "2026-11-23 11:00"), (OfficeTime(HOUR), "2026-11-23 11:00")):
            book = replace(STANDARD_DUTIES, review=limit)
            assert seen(reckoned(DutyBasis.REVIEW, office("2026-11-23 10:00"), book=book).due_at) == due_at
