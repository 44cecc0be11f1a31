"""The policy book: published versions never change."""

import hashlib
from datetime import timedelta

import pytest

from domain.calendar.workdays import Wall, wall_time
from domain.office.words import OrderClass
from domain.order.policy import ROWS, SECONDS, STANDARD, STANDARD_2, PolicyBook, UnknownPolicy, newest, policy


def pinned(book: PolicyBook, rows_then: int) -> str:
    """Hash a version as it was published: rows that were added later are at the end and do not count."""
    rows = {
        name: sorted((str(key), str(each)) for key, each in value.items())
        if hasattr(value, "items")
        else str(value)
        for name, value in ((name, getattr(book, name)) for name in PolicyBook.__slots__[:rows_then])
    }
    return hashlib.sha256(repr(sorted(rows.items())).encode()).hexdigest()[:16]


class TestAPublishedVersion:
    @pytest.mark.parametrize(
        ("book", "rows_then", "expected"),
        [
            (STANDARD, 18, "a8185948f75f564b"),
            (STANDARD_2, 18, "0e5f0a7d466f9888"),
            (SECONDS, 18, "d5d73e894fadb7d7"),
            (STANDARD, 25, "8a89c87d7b4f571a"),
            (STANDARD_2, 25, "6f774c6b5151e1b5"),
            (SECONDS, 25, "bb1b5d5b354b185f"),
            (STANDARD, 27, "ba3f09ac4775df58"),
            (STANDARD_2, 27, "b49c93088e72fb5c"),
            (SECONDS, 27, "a92d28483cdf1b54"),
            (STANDARD, 28, "0355c66a32fbef9b"),
            (STANDARD_2, 28, "cdbd58e152987b46"),
            (SECONDS, 28, "9a0f0e9e702b0b4c"),
            (STANDARD, 29, "db33dc93a9669bbd"),
            (STANDARD_2, 29, "f06c47da7168d54f"),
            (SECONDS, 29, "62ec6c71fb32c509"),
        ],
    )
    def test_is_never_edited(self, book: PolicyBook, rows_then: int, expected: str) -> None:
        assert pinned(book, rows_then) == expected, (
            "running orders keep this version: publish a new one instead of editing"
        )

    def test_is_the_one_that_new_orders_get(self) -> None:
        assert newest("standard") is STANDARD_2
        assert newest("standard-2") is STANDARD_2
        assert newest("seconds") is SECONDS

    def test_has_a_meaning_a_reason_and_a_source_for_every_row(self) -> None:
        assert [row.name for row in ROWS] == [name for name in PolicyBook.__slots__ if name != "version"]
        assert all(row.meaning and row.reason and row.source for row in ROWS)

    def test_is_found_by_its_name(self) -> None:
        assert policy("standard") is STANDARD

    def test_that_does_not_exist_is_refused_with_those_that_do(self) -> None:
        with pytest.raises(UnknownPolicy, match="seconds, standard, standard-2"):
            policy("yesterday")


class TestTheShortPolicy:
    """The figures are a contract with programs that start Dingdan embedded."""

    @pytest.mark.parametrize(
        ("row", "seconds"),
        [
            ("first_contact", 20),
            ("desk", 10),
            ("acknowledge", 5),
            ("explain", 10),
            ("rework", 15),
            ("follow_up", 15),
            ("supervision_first", 15),
            ("supervision_longest", 60),
            ("reopening_window", 5),
            ("review", 5),
            ("assist", 10),
            ("ask_resident", 10),
        ],
    )
    def test_has_these_limits(self, row: str, seconds: int) -> None:
        assert getattr(SECONDS, row) == Wall(timedelta(seconds=seconds))

    def test_lets_work_rest_so_long_and_no_longer(self) -> None:
        assert SECONDS.pause_longest == timedelta(seconds=10)

    def test_has_no_gap_between_attempts_to_call_back(self) -> None:
        assert SECONDS.follow_up_gap == timedelta(0)

    def test_has_these_limits_by_class(self) -> None:
        assert [wall_time(SECONDS.class_limits[each]).total_seconds() for each in OrderClass] == [15, 30, 60]
        assert [wall_time(SECONDS.minimum_remainder[each]).total_seconds() for each in OrderClass] == [
            10,
            10,
            10,
        ]
        assert [wall_time(SECONDS.escalated[each]).total_seconds() for each in OrderClass] == [10, 10, 10]
