"""Ordering holds of the office: ahead of time, beside others, and refused without a trace."""

from datetime import datetime, timedelta

import pytest

from store.database import Store
from store.matter.holding import holds_from, holds_over
from store.telling.holds import HeldAlready, NotHeld, WrongHold, lift_hold, order_hold
from tests.store.taking import rows, take
from tests.support.office import now

HOUR = timedelta(hours=1)


def order(
    store: Store, since: timedelta | None, until: timedelta, *, at: datetime, reason: str = "台风"
) -> None:
    with store.write() as connection:
        order_hold(
            connection,
            reason=reason,
            since=None if since is None else at + since,
            until=at + until,
            ordered_by="administrator-1",
            now=at,
        )


class TestAHold:
    def test_is_ordered_ahead_and_next_to_another(self, store: Store) -> None:
        at = now()
        order(store, None, HOUR, at=at)
        order(store, HOUR, 2 * HOUR, at=at)
        order(store, 3 * HOUR, 4 * HOUR, at=at)
        with store.read() as connection:
            known = holds_from(connection, at=at)
        assert [(each.since - at, each.until - at) for each in known] == [
            (timedelta(0), HOUR),
            (HOUR, 2 * HOUR),
            (3 * HOUR, 4 * HOUR),
        ]

    @pytest.mark.parametrize(
        ("since", "until"),
        [(None, 2 * HOUR), (3 * HOUR, 5 * HOUR), (HOUR, 9 * HOUR), (3.5 * HOUR, 3.6 * HOUR)],
    )
    def test_over_another_is_refused_by_name(
        self, store: Store, since: timedelta | None, until: timedelta
    ) -> None:
        at = now()
        order(store, None, HOUR / 2, at=at)
        order(store, 3 * HOUR, 4 * HOUR, at=at)
        with pytest.raises(HeldAlready, match=r"hold \d is ordered from .*: 台风; lift it"):
            order(store, since, until, at=at)
        assert rows(store, "SELECT count(*) FROM office_hold") == [(2,)]

    @pytest.mark.parametrize(
        ("since", "until", "reason"),
        [
            (-HOUR, HOUR, "台风"),
            (2 * HOUR, HOUR, "台风"),
            (HOUR, HOUR, "台风"),
            (HOUR, 2 * HOUR, " "),
            (HOUR, 2 * HOUR, "风" * 501),
        ],
    )
    def test_that_makes_no_sense_changes_nothing(
        self, store: Store, since: timedelta, until: timedelta, reason: str
    ) -> None:
        with pytest.raises(WrongHold):
            order(store, since, until, at=now(), reason=reason)
        assert rows(store, "SELECT id FROM office_hold") == []
        assert rows(store, "SELECT id FROM telling") == []
        assert rows(store, "SELECT id FROM audit") == []

    def test_ordered_again_after_it_was_called_off_is_another_one(self, store: Store) -> None:
        at = now()
        order(store, HOUR, 2 * HOUR, at=at)
        with store.write() as connection:
            (known,) = holds_from(connection, at=at)
            lift_hold(connection, lifted_by="administrator-1", now=at, number=known.id)
            assert holds_from(connection, at=at) == []
        order(store, HOUR, 2 * HOUR, at=at)
        with store.read() as connection:
            (again,) = holds_from(connection, at=at)
        assert again.since > known.since

    def test_that_has_not_begun_is_lifted_by_its_number_only(self, store: Store) -> None:
        at = now()
        order(store, HOUR, 2 * HOUR, at=at)
        with pytest.raises(NotHeld, match=r"--lift --number \d"), store.write() as connection:
            lift_hold(connection, lifted_by="administrator-1", now=at)
        with pytest.raises(NotHeld, match="no hold 99"), store.write() as connection:
            lift_hold(connection, lifted_by="administrator-1", now=at, number=99)

    def test_goes_with_an_order_that_is_placed_before_it(self, store: Store) -> None:
        at = now()
        order(store, HOUR, 2 * HOUR, at=at)
        start = take(store)
        assert [each.since - at for each in start.holds] == [HOUR]
        assert rows(store, "SELECT held FROM matter") == [(False,)]


class TestHoldsThatAreOver:
    def test_are_those_of_a_time_that_had_ended_by_then_as_they_really_ended(self, store: Store) -> None:
        at = now()
        order(store, None, HOUR, at=at)
        order(store, 2 * HOUR, 4 * HOUR, at=at)
        order(store, 5 * HOUR, 9 * HOUR, at=at)
        with store.write() as connection:
            lift_hold(connection, lifted_by="administrator-1", now=at + 3 * HOUR)
            (called_off,) = holds_from(connection, at=at + 4 * HOUR)
        ends = {0: [], 1: [1], 2: [1], 3: [1, 3], 8: [1, 3], 9: [1, 3, 9]}
        with store.read() as connection:
            for hours, over in ends.items():
                found = holds_over(connection, since=at, at=at + hours * HOUR)
                assert [each.until - at for each in found] == [each * HOUR for each in over]
            later = holds_over(connection, since=at + HOUR, at=at + 9 * HOUR)
        assert [each.until - at for each in later] == [3 * HOUR, 9 * HOUR]
        with store.write() as connection:
            lift_hold(connection, lifted_by="administrator-1", now=at + 4 * HOUR, number=called_off.id)
            assert len(holds_over(connection, since=at, at=at + 9 * HOUR)) == 2
