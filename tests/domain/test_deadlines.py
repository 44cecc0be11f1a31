"""When things are due: tables of literal instants."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.deadlines import (
    Basis,
    ClockFacts,
    NaiveDatetime,
    clock,
    promise,
    round_promise,
    supervision_limit,
)
from domain.orders import OrderClass
from domain.policy import SECONDS, STANDARD

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
        assert promise(NOON, order_class, STANDARD) == at(promised)

    def test_of_a_later_round_counts_the_rework_limit_from_its_beginning(self) -> None:
        assert round_promise(NOON, STANDARD) == at("2026-05-18 12:00")

    def test_refuses_an_instant_without_a_zone(self) -> None:
        with pytest.raises(NaiveDatetime):
            promise(datetime(2026, 5, 15, 12, 0), OrderClass.URGENT, STANDARD)  # noqa: DTZ001


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
        assert clock(ClockFacts(basis=basis, since=NOON), STANDARD).due_at == at(due)

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
            basis=Basis.PROMISE, since=NOON, order_class=OrderClass.GENERAL, promised_at=at(promised)
        )
        assert clock(facts, STANDARD).due_at == at(due), case

    @pytest.mark.parametrize("order_class", list(OrderClass))
    def test_of_a_later_round_is_its_promise(self, order_class: OrderClass) -> None:
        promised = round_promise(NOON, STANDARD)
        facts = ClockFacts(
            basis=Basis.PROMISE, since=NOON, order_class=order_class, promised_at=promised, repetition=2
        )
        assert clock(facts, STANDARD).due_at == promised

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
        assert clock(facts, STANDARD).due_at == at(due)

    def test_of_a_date_that_has_passed_is_due_now(self) -> None:
        given_date = ClockFacts(basis=Basis.GIVEN, since=NOON, given=NOON - timedelta(days=1))
        assert clock(given_date, STANDARD).due_at == NOON

    def test_reminds_when_four_fifths_have_gone(self) -> None:
        assert clock(
            ClockFacts(basis=Basis.FIRST_CONTACT, since=NOON), SECONDS
        ).remind_at == NOON + timedelta(seconds=16)

    @given(
        basis=st.sampled_from(Basis),
        seconds=st.integers(min_value=-(10**7), max_value=10**7),
        order_class=st.none() | st.sampled_from(OrderClass),
        repetition=st.integers(min_value=1, max_value=10**6),
    )
    def test_is_never_due_before_it_begins_and_reminds_before_it_is_due(
        self, basis: Basis, seconds: int, order_class: OrderClass | None, repetition: int
    ) -> None:
        some_instant = NOON + timedelta(seconds=seconds)
        facts = ClockFacts(
            basis=basis,
            since=NOON,
            order_class=order_class,
            promised_at=some_instant,
            given=some_instant,
            repetition=repetition,
        )
        reading = clock(facts, STANDARD)
        assert NOON <= reading.remind_at <= reading.due_at


class TestASupervision:
    @pytest.mark.parametrize(("repetition", "days"), [(1, 1), (2, 2), (3, 4), (4, 7), (5, 7), (500, 7)])
    def test_doubles_its_time_up_to_a_week(self, repetition: int, days: int) -> None:
        assert supervision_limit(repetition, STANDARD) == timedelta(days=days)

    @pytest.mark.parametrize(("repetition", "seconds"), [(1, 15), (2, 30), (3, 60), (4, 60)])
    def test_under_the_short_policy_takes_15_30_60_and_then_60_seconds(
        self, repetition: int, seconds: int
    ) -> None:
        assert supervision_limit(repetition, SECONDS) == timedelta(seconds=seconds)
