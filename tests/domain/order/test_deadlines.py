"""Due times, as tables of literal instants."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar.instants import NaiveDatetime, is_reckonable, local
from domain.calendar.workdays import DueTime, Limit, Wall, WorkCalendar, Workdays, office_time
from domain.matter.clocks import Given, Rested, after_rest
from domain.office.words import OrderClass
from domain.order.deadlines import (
    Basis,
    ClockFacts,
    clock,
    kept_promise,
    promise,
    round_promise,
)
from domain.order.policy import SECONDS, STANDARD, STANDARD_2, PolicyBook
from tests.domain.calendar.test_workdays import CALENDAR, office, seen

WALL = WorkCalendar({})
"""A calendar for books that run by the wall, which never read it."""
NOON = datetime(2026, 5, 15, 12, 0, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TestAPromise:
    @pytest.mark.parametrize(
        ("order_class", "promised"),
        [
            (OrderClass.URGENT, "2026-05-16 12:00"),
            (OrderClass.GENERAL, "2026-05-20 12:00"),
            (OrderClass.COMPLEX, "2026-05-25 12:00"),
        ],
    )
    def test_counts_1_5_and_10_days_from_receipt(self, order_class: OrderClass, promised: str) -> None:
        assert promise(NOON, order_class, STANDARD, WALL).at == at(promised)

    def test_of_a_later_round_counts_the_rework_limit_from_its_beginning(self) -> None:
        assert round_promise(NOON, STANDARD, WALL).at == at("2026-05-18 12:00")

    def test_refuses_an_instant_without_a_zone(self) -> None:
        with pytest.raises(NaiveDatetime):
            promise(datetime(2026, 5, 15, 12, 0), OrderClass.URGENT, STANDARD, WALL)  # noqa: DTZ001


class TestAClock:
    @pytest.mark.parametrize(
        ("basis", "due"),
        [
            (Basis.FIRST_CONTACT, "2026-05-15 14:00"),
            (Basis.DESK, "2026-05-15 14:00"),
            (Basis.ACKNOWLEDGE, "2026-05-15 16:00"),
            (Basis.ESCALATED, "2026-05-17 12:00"),
            (Basis.EXPLAIN, "2026-05-17 12:00"),
            (Basis.FOLLOW_UP, "2026-05-16 12:00"),
            (Basis.SUPERVISION, "2026-05-16 12:00"),
            (Basis.WINDOW, "2026-05-25 12:00"),
        ],
    )
    def test_runs_from_its_beginning(self, basis: Basis, due: str) -> None:
        assert clock(ClockFacts(basis=basis, since=NOON), STANDARD, WALL).due_at == at(due)

    @pytest.mark.parametrize(
        ("case", "promised", "due"),
        [
            ("dispatched early: the promise", "2026-05-20 12:00", "2026-05-20 12:00"),
            (
                "dispatched late: the minimum remainder of a general order",
                "2026-05-16 12:00",
                "2026-05-17 12:00",
            ),
            ("the promise is broken already", "2026-05-14 12:00", "2026-05-17 12:00"),
        ],
    )
    def test_of_handling_never_leaves_less_than_the_minimum_remainder(
        self, case: str, promised: str, due: str
    ) -> None:
        facts = ClockFacts(
            basis=Basis.PROMISE, since=NOON, order_class=OrderClass.GENERAL, promised=DueTime(at(promised))
        )
        assert clock(facts, STANDARD, WALL).due_at == at(due), case

    @pytest.mark.parametrize("order_class", list(OrderClass))
    def test_of_a_later_round_is_its_promise(self, order_class: OrderClass) -> None:
        promised = round_promise(NOON, STANDARD, WALL)
        facts = ClockFacts(
            basis=Basis.PROMISE, since=NOON, order_class=order_class, promised=promised, repetition=2
        )
        assert clock(facts, STANDARD, WALL).due_at == promised.at

    @pytest.mark.parametrize(
        ("order_class", "due"),
        [
            (OrderClass.URGENT, "2026-05-15 16:00"),
            (OrderClass.GENERAL, "2026-05-17 12:00"),
            (OrderClass.COMPLEX, "2026-05-18 12:00"),
        ],
    )
    def test_after_an_escalation_depends_on_the_class(self, order_class: OrderClass, due: str) -> None:
        facts = ClockFacts(basis=Basis.ESCALATED, since=NOON, order_class=order_class)
        assert clock(facts, STANDARD, WALL).due_at == at(due)

    def test_of_a_date_that_has_passed_is_due_now(self) -> None:
        given_date = ClockFacts(basis=Basis.GIVEN, since=NOON, given=NOON - timedelta(days=1))
        assert clock(given_date, STANDARD, WALL).due_at == NOON

    def test_of_a_date_that_was_given_is_that_date_in_utc(self) -> None:
        given_date = ClockFacts(basis=Basis.GIVEN, since=NOON, given=office("2026-05-16 20:00"))
        reading = clock(given_date, STANDARD, WALL)
        assert reading.due_at == at("2026-05-16 12:00")
        assert reading.due_at.tzinfo is UTC

    def test_of_a_first_round_keeps_its_whole_remainder_though_a_rework_would_be_shorter(self) -> None:
        facts = ClockFacts(basis=Basis.PROMISE, since=NOON, order_class=OrderClass.COMPLEX)
        assert clock(facts, STANDARD, WALL).due_at == at("2026-05-19 12:00")
        assert clock(replace(facts, repetition=2), STANDARD, WALL).due_at == at("2026-05-18 12:00")

    def test_reminds_when_four_fifths_have_gone(self) -> None:
        assert clock(
            ClockFacts(basis=Basis.FIRST_CONTACT, since=NOON), SECONDS, WALL
        ).remind_at == NOON + timedelta(seconds=16)

    @given(
        book=st.sampled_from((STANDARD, STANDARD_2, SECONDS)),
        basis=st.sampled_from(Basis),
        seconds=st.integers(min_value=-(10**7), max_value=10**7),
        order_class=st.none() | st.sampled_from(OrderClass),
        repetition=st.integers(min_value=1, max_value=10**6),
    )
    def test_is_never_due_before_it_begins_and_reminds_before_it_is_due(
        self, book: PolicyBook, basis: Basis, seconds: int, order_class: OrderClass | None, repetition: int
    ) -> None:
        some_instant = NOON + timedelta(seconds=seconds)
        facts = ClockFacts(
            basis=basis,
            since=NOON,
            order_class=order_class,
            promised=DueTime(some_instant),
            given=some_instant,
            repetition=repetition,
            rests=(Rested(NOON, NOON + timedelta(seconds=abs(seconds) % 10**5)),),
        )
        reading = clock(facts, book, CALENDAR)
        assert NOON <= reading.remind_at <= reading.due_at


class TestAnInstant:
    @pytest.mark.parametrize(
        ("text", "can"),
        [
            ("2000-01-01T00:00:00+00:00", True),
            ("1999-12-31T23:59:59+00:00", False),
            ("2199-12-31T23:59:59+00:00", True),
            ("2200-01-01T00:00:00+00:00", False),
            ("2026-05-15T12:00:00", False),
        ],
    )
    def test_can_be_reckoned_with_in_two_centuries(self, text: str, can: bool) -> None:
        assert is_reckonable(datetime.fromisoformat(text)) is can

    def test_is_shown_as_the_offices_clocks_show_it(self) -> None:
        assert local(NOON).isoformat() == "2026-05-15T20:00:00+08:00"


class TestASupervision:
    @staticmethod
    def lasts(repetition: int, book: PolicyBook) -> timedelta:
        facts = ClockFacts(basis=Basis.SUPERVISION, since=NOON, repetition=repetition)
        return clock(facts, book, WALL).due_at - NOON

    @pytest.mark.parametrize(("repetition", "days"), [(1, 1), (2, 2), (3, 4), (4, 7), (5, 7), (500, 7)])
    def test_doubles_its_time_up_to_a_week(self, repetition: int, days: int) -> None:
        assert self.lasts(repetition, STANDARD) == timedelta(days=days)

    @pytest.mark.parametrize(("repetition", "seconds"), [(1, 15), (2, 30), (3, 60), (4, 60)])
    def test_under_the_short_policy_takes_15_30_60_and_then_60_seconds(
        self, repetition: int, seconds: int
    ) -> None:
        assert self.lasts(repetition, SECONDS) == timedelta(seconds=seconds)


class TestAClockThatRested:
    """The time left at the beginning of a rest is left at its end; calculated by hand, seven office hours a day."""

    @pytest.mark.parametrize(
        ("case", "order_class", "was_due", "began", "ended", "due"),
        [
            (
                "a pause over a weekend: 3 + 7 + 7 + 7 hours were left",
                OrderClass.GENERAL,
                "2026-12-02 18:00",
                "2026-11-27 15:00",
                "2026-11-30 10:00",
                "2026-12-03 15:00",
            ),
            (
                "a pause while the office is closed moves nothing",
                OrderClass.GENERAL,
                "2026-11-30 12:00",
                "2026-11-27 19:00",
                "2026-11-28 10:00",
                "2026-11-30 12:00",
            ),
            (
                "a pause over National Day goes on on its make-up Saturday: 1 + 7 + 7 hours were left",
                OrderClass.GENERAL,
                "2026-10-09 18:00",
                "2026-09-30 17:00",
                "2026-10-09 09:00",
                "2026-10-12 10:00",
            ),
            (
                "an urgent order runs by the wall, at night too",
                OrderClass.URGENT,
                "2026-11-28 10:00",
                "2026-11-27 23:00",
                "2026-11-28 05:00",
                "2026-11-28 16:00",
            ),
            (
                "a date that a leader set in the evening moves by the wall",
                OrderClass.GENERAL,
                "2026-11-27 20:00",
                "2026-11-27 18:30",
                "2026-11-30 10:00",
                "2026-11-30 11:30",
            ),
        ],
    )
    def test_has_as_much_left_as_before(
        self, case: str, order_class: OrderClass, was_due: str, began: str, ended: str, due: str
    ) -> None:
        facts = ClockFacts(
            basis=Basis.GIVEN,
            since=NOON,
            order_class=order_class,
            given=office(was_due),
            rests=(Rested(office(began), office(ended)),),
        )
        assert seen(clock(facts, STANDARD_2, CALENDAR).due_at) == due, case

    def test_has_two_working_days_at_least_after_a_review_that_said_no(self) -> None:
        facts = ClockFacts(
            basis=Basis.GIVEN,
            since=office("2026-11-23 10:00"),
            order_class=OrderClass.GENERAL,
            given=office("2026-11-25 18:00"),
            rests=(Rested(office("2026-11-24 17:00"), office("2026-11-25 10:00")),),
            floor_from=office("2026-11-25 10:00"),
        )
        # One and seven hours were left, which would be Thursday at eleven; the minimum remainder is more.
        assert seen(clock(facts, STANDARD_2, CALENDAR).due_at) == "2026-11-27 18:00"

    def test_gives_a_unit_back_what_the_review_of_its_send_back_took(self) -> None:
        facts = ClockFacts(
            basis=Basis.PROMISE,
            since=office("2026-11-23 17:00"),
            order_class=OrderClass.GENERAL,
            promised=DueTime(office("2026-11-27 18:00")),
            rests=(Rested(office("2026-11-23 17:00"), office("2026-11-24 10:00")),),
        )
        # One hour of Monday and one of Tuesday: two hours more than promised.
        assert seen(clock(facts, STANDARD_2, CALENDAR).due_at) == "2026-11-30 11:00"

    @pytest.mark.parametrize("limit", [Wall(timedelta(days=1)), Workdays(5)])
    @pytest.mark.parametrize("was_provisional", [True, False])
    def test_stays_provisional_if_it_was(self, limit: Limit, was_provisional: bool) -> None:
        was_due = DueTime(office("2026-11-27 18:00"), was_provisional)
        moved = after_rest(was_due, office("2026-11-27 10:00"), office("2026-11-27 12:00"), limit, CALENDAR)
        assert moved.is_provisional is was_provisional

    def test_becomes_provisional_in_a_year_not_announced(self) -> None:
        was_due = DueTime(office("2026-12-31 18:00"))
        began, ended = office("2026-12-31 10:00"), office("2026-12-31 17:00")
        assert after_rest(was_due, began, ended, Workdays(5), CALENDAR).is_provisional

    def test_that_had_passed_before_stays_as_far_behind(self) -> None:
        was_due, ended = DueTime(office("2026-11-27 10:00")), office("2026-11-30 10:00")
        assert after_rest(was_due, was_due.at, ended, Workdays(5), CALENDAR).at == ended

    def test_of_an_urgent_order_is_given_back_by_the_wall_after_a_send_back(self) -> None:
        facts = ClockFacts(
            basis=Basis.PROMISE,
            since=office("2026-11-28 07:00"),
            order_class=OrderClass.URGENT,
            promised=DueTime(office("2026-11-28 20:00")),
            rests=(Rested(office("2026-11-28 07:00"), office("2026-11-28 09:00")),),
        )
        assert seen(clock(facts, STANDARD_2, CALENDAR).due_at) == "2026-11-28 22:00"

    @given(
        limit=st.sampled_from((Wall(timedelta(days=1)), Workdays(5))),
        left=st.integers(min_value=1, max_value=60 * 24 * 40),
        length=st.integers(min_value=0, max_value=60 * 24 * 40),
        began=st.integers(min_value=0, max_value=60 * 24 * 200),
    )
    def test_is_never_due_before_what_it_showed_nor_when_it_goes_on(
        self, limit: Limit, left: int, length: int, began: int
    ) -> None:
        start = NOON - timedelta(days=100) + timedelta(minutes=began)
        was_due, ended = start + timedelta(minutes=left), start + timedelta(minutes=length)
        moved = after_rest(DueTime(was_due), start, ended, limit, CALENDAR).at
        assert moved >= was_due
        assert moved > ended, "no breach in the moment in which work goes on"
        if isinstance(limit, Wall):
            assert moved - was_due == ended - start
        elif before := office_time(start, was_due, CALENDAR):
            assert office_time(ended, moved, CALENDAR) >= before


WITHOUT_2026 = replace(CALENDAR, years={})


class TestAPromiseThatAnotherOrderBrings:
    @pytest.mark.parametrize(
        ("case", "order_class", "promised_at", "kept"),
        [
            ("with time left", OrderClass.GENERAL, "2026-11-30 18:00", "2026-11-30 18:00"),
            ("broken already", OrderClass.GENERAL, "2026-11-20 18:00", "2026-11-25 18:00"),
            ("nearly due", OrderClass.COMPLEX, "2026-11-24 18:00", "2026-11-27 18:00"),
            ("urgent, nearly due", OrderClass.URGENT, "2026-11-23 11:00", "2026-11-23 14:00"),
        ],
    )
    def test_is_kept_if_the_unit_still_can(
        self, case: str, order_class: OrderClass, promised_at: str, kept: str
    ) -> None:
        joined_at = office("2026-11-23 10:00")
        until = kept_promise(office(promised_at), joined_at, order_class, STANDARD_2, CALENDAR)
        assert seen(until) == kept, case

    def test_lowers_a_clock_but_not_a_remainder_that_was_given_since(self) -> None:
        joined = Given(office("2026-11-25 18:00"), office("2026-11-23 10:00"))
        facts = ClockFacts(
            basis=Basis.GIVEN,
            since=office("2026-11-23 09:00"),
            order_class=OrderClass.GENERAL,
            given=office("2026-12-18 18:00"),
            joined=(joined,),
        )
        assert seen(clock(facts, STANDARD_2, CALENDAR).due_at) == "2026-11-25 18:00"
        revised = replace(facts, floor_from=office("2026-11-25 17:00"))
        assert seen(clock(revised, STANDARD_2, CALENDAR).due_at) == "2026-11-27 18:00"


class TestTheStatutoryCalendar:
    """The second version of the real book, on the calendar of 2026 (国务院办公厅, 2025-11-04); calculated by hand."""

    @pytest.mark.parametrize(
        ("case", "order_class", "received_at", "promised"),
        [
            ("general on a Monday", OrderClass.GENERAL, "2026-11-23 10:00", "2026-11-30 18:00"),
            ("general, Friday 17:59", OrderClass.GENERAL, "2026-11-27 17:59", "2026-12-04 18:00"),
            (
                "general on the eve of National Day",
                OrderClass.GENERAL,
                "2026-09-30 16:00",
                "2026-10-13 18:00",
            ),
            ("complex over Labour Day", OrderClass.COMPLEX, "2026-04-28 09:00", "2026-05-14 18:00"),
            ("urgent at night in the holidays", OrderClass.URGENT, "2026-10-02 23:15", "2026-10-03 23:15"),
        ],
    )
    def test_makes_the_promise(
        self, case: str, order_class: OrderClass, received_at: str, promised: str
    ) -> None:
        assert seen(promise(office(received_at), order_class, STANDARD_2, CALENDAR).at) == promised, case

    @pytest.mark.parametrize(
        ("case", "basis", "order_class", "since", "due", "remind"),
        [
            (
                "a desk on Friday evening goes on on Monday",
                Basis.DESK,
                OrderClass.GENERAL,
                "2026-11-27 17:00",
                "2026-11-30 10:00",
                "2026-11-30 09:36",
            ),
            (
                "a desk with an urgent order does not wait for the office to open",
                Basis.DESK,
                OrderClass.URGENT,
                "2026-11-27 23:00",
                "2026-11-28 01:00",
                "2026-11-28 00:36",
            ),
            (
                "signing for an order begins before lunch",
                Basis.ACKNOWLEDGE,
                None,
                "2026-11-23 11:00",
                "2026-11-23 17:00",
                "2026-11-23 16:12",
            ),
            (
                "an escalated general order has two working days",
                Basis.ESCALATED,
                OrderClass.GENERAL,
                "2026-10-01 03:00",
                "2026-10-09 18:00",
                "2026-10-09 15:12",
            ),
            (
                "the reopening window runs by the wall",
                Basis.WINDOW,
                None,
                "2026-11-23 11:00",
                "2026-12-03 11:00",
                "2026-12-01 11:00",
            ),
        ],
    )
    def test_runs_clocks(
        self, case: str, basis: Basis, order_class: OrderClass | None, since: str, due: str, remind: str
    ) -> None:
        reading = clock(
            ClockFacts(basis=basis, since=office(since), order_class=order_class), STANDARD_2, CALENDAR
        )
        assert (seen(reading.due_at), seen(reading.remind_at)) == (due, remind), case

    def test_leaves_a_unit_two_working_days_however_late_the_desk_was(self) -> None:
        promised = promise(office("2026-11-16 10:00"), OrderClass.GENERAL, STANDARD_2, CALENDAR)
        facts = ClockFacts(
            basis=Basis.PROMISE,
            since=office("2026-11-23 10:00"),
            order_class=OrderClass.GENERAL,
            promised=promised,
        )
        assert seen(clock(facts, STANDARD_2, CALENDAR).due_at) == "2026-11-25 18:00"

    def test_asks_a_leader_again_after_one_two_four_and_then_five_working_days(self) -> None:
        ends = []
        for repetition in (1, 2, 3, 4, 9):
            facts = ClockFacts(
                basis=Basis.SUPERVISION, since=office("2026-11-02 10:00"), repetition=repetition
            )
            ends.append(seen(clock(facts, STANDARD_2, CALENDAR).due_at)[8:10])
        assert ends == ["03", "04", "06", "09", "09"]

    def test_of_a_year_not_announced_is_provisional(self) -> None:
        assert promise(office("2026-12-28 10:00"), OrderClass.GENERAL, STANDARD_2, CALENDAR).is_provisional
        facts = ClockFacts(basis=Basis.EXPLAIN, since=office("2026-12-31 10:00"))
        assert clock(facts, STANDARD_2, CALENDAR).is_provisional
        facts = ClockFacts(basis=Basis.EXPLAIN, since=office("2026-12-28 10:00"))
        assert not clock(facts, STANDARD_2, CALENDAR).is_provisional
