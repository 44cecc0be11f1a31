"""Instants that rests move, and instants that were given."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.calendar.workdays import WorkCalendar
from domain.matter.clocks import Given, Rested, in_sequence
from domain.office.words import OrderClass
from domain.order.deadlines import (
    Basis,
    ClockFacts,
    PromiseFacts,
    clock,
    promise,
    promised,
)
from domain.order.policy import STANDARD, STANDARD_2, PolicyBook
from tests.domain.calendar.test_workdays import CALENDAR

NOON = datetime(2026, 5, 15, 12, 0, tzinfo=UTC)
WITHOUT_2026 = replace(CALENDAR, years={})


def rests_of(lengths: list[tuple[int, int]], *, since: datetime) -> tuple[Rested, ...]:
    """Make consecutive rests, from pairs of running minutes and resting minutes."""
    rests, at = [], since
    for runs, rested in lengths:
        began = at + timedelta(minutes=runs)
        at = began + timedelta(minutes=rested)
        rests.append(Rested(began, at))
    return tuple(rests)


MINUTES = st.integers(min_value=0, max_value=60 * 24 * 20)

RESTS = st.lists(st.tuples(MINUTES, MINUTES), max_size=4)

BOOKS = st.sampled_from((STANDARD, STANDARD_2))

BEGAN = MINUTES.map(lambda minutes: NOON + timedelta(minutes=10 * minutes))

CALENDARS = st.sampled_from((CALENDAR, WITHOUT_2026))


class TestAnInstantThatWasGiven:
    """Whatever happens afterwards, it is never earlier, and the unit that works for it is due with it."""

    @given(book=BOOKS, order_class=st.sampled_from(OrderClass), began=BEGAN, lengths=RESTS)
    def test_in_a_later_round_is_the_units_too_however_often_it_rests(
        self, book: PolicyBook, order_class: OrderClass, began: datetime, lengths: list[tuple[int, int]]
    ) -> None:
        rests = rests_of(lengths, since=began)
        of_the_round = PromiseFacts(since=began)
        work = ClockFacts(
            basis=Basis.PROMISE,
            since=began,
            order_class=order_class,
            promised=promised(of_the_round, book, CALENDAR),
            repetition=2,
            rests=rests,
        )
        at = promised(replace(of_the_round, rests=rests), book, CALENDAR).at
        ended = rests[-1].ended if rests else began
        assert clock(work, book, CALENDAR).due_at == max(at, ended)

    @given(
        book=BOOKS,
        classes=st.permutations(list(OrderClass)),
        lengths=RESTS,
        until=MINUTES,
        more=RESTS,
        calendar=CALENDARS,
    )
    def test_by_an_extension_stands_for_another_class_and_on_another_calendar(
        self,
        book: PolicyBook,
        classes: list[OrderClass],
        lengths: list[tuple[int, int]],
        until: int,
        more: list[tuple[int, int]],
        calendar: WorkCalendar,
    ) -> None:
        rests = rests_of(lengths, since=NOON)
        said_at = rests[-1].ended if rests else NOON
        word = Given(said_at + timedelta(minutes=until), said_at)
        facts = PromiseFacts(since=NOON, order_class=classes[0], rests=rests, word=word)
        shown = promised(facts, book, CALENDAR).at
        assert shown >= word.at
        anew = replace(
            facts,
            order_class=classes[1],
            rests=(*rests, *rests_of(more, since=said_at)),
            word=Given(shown, said_at),
            floor_from=said_at,
            was=shown,
        )
        assert promised(anew, book, calendar).at >= shown

    @given(book=BOOKS, order_class=st.sampled_from(OrderClass), lengths=RESTS, more=RESTS)
    def test_moves_by_rests_as_its_origin_does(
        self,
        book: PolicyBook,
        order_class: OrderClass,
        lengths: list[tuple[int, int]],
        more: list[tuple[int, int]],
    ) -> None:
        rests = rests_of(lengths, since=NOON)
        said_at = rests[-1].ended if rests else NOON
        facts = PromiseFacts(since=NOON, order_class=order_class, rests=rests)
        word = Given(promised(facts, book, CALENDAR).at, said_at)
        later = replace(facts, rests=(*rests, *rests_of(more, since=said_at)))
        without = promised(later, book, CALENDAR)
        assert promised(replace(later, word=word), book, CALENDAR) == without
        assert promised(replace(later, joined=(word,)), book, CALENDAR) == without

    @given(
        book=BOOKS,
        order_class=st.sampled_from(OrderClass),
        passed=MINUTES,
        was=MINUTES,
    )
    def test_is_brought_forward_by_a_class_to_the_minimum_remainder_at_most(
        self, book: PolicyBook, order_class: OrderClass, passed: int, was: int
    ) -> None:
        now = NOON + timedelta(minutes=passed)
        before = now + timedelta(minutes=was)
        facts = PromiseFacts(since=NOON, order_class=order_class, floor_from=now, was=before)
        remainder = clock(
            ClockFacts(basis=Basis.PROMISE, since=now, order_class=order_class), book, CALENDAR
        ).due_at
        by_class = promise(NOON, order_class, book, CALENDAR).at
        assert promised(facts, book, CALENDAR).at == max(by_class, min(before, remainder))


class TestRestsThatLieOverEachOther:
    @given(spans=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)), max_size=6))
    def test_follow_each_other_and_take_every_minute_once(self, spans: list[tuple[int, int]]) -> None:
        minute = timedelta(minutes=1)
        rests = [Rested(NOON + began * minute, NOON + (began + length) * minute) for began, length in spans]
        found = in_sequence(rests)
        assert all(rest.began < rest.ended for rest in found)
        assert all(one.ended <= other.began for one, other in pairwise(found))
        taken = [(rest.began + number * minute) for rest in found for number in range(_minutes(rest))]
        stood = {(rest.began + number * minute) for rest in rests for number in range(_minutes(rest))}
        assert taken == sorted(stood)


def _minutes(rest: Rested) -> int:
    return int((rest.ended - rest.began) / timedelta(minutes=1))
