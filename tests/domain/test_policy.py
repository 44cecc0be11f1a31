"""The policy book: published versions never change."""

import hashlib
from datetime import timedelta

import pytest

from domain.orders import OrderClass
from domain.policy import SECONDS, STANDARD, PolicyBook, UnknownPolicy, policy


def pinned(book: PolicyBook) -> str:
    rows = {
        name: sorted((str(key), str(each)) for key, each in value.items())
        if hasattr(value, "items")
        else str(value)
        for name, value in ((name, getattr(book, name)) for name in PolicyBook.__slots__)
    }
    return hashlib.sha256(repr(sorted(rows.items())).encode()).hexdigest()[:16]


class TestAPublishedVersion:
    @pytest.mark.parametrize(
        ("book", "expected"), [(STANDARD, "a8185948f75f564b"), (SECONDS, "d5d73e894fadb7d7")]
    )
    def test_is_never_edited(self, book: PolicyBook, expected: str) -> None:
        assert pinned(book) == expected, (
            "running orders keep this version: publish a new one instead of editing"
        )

    def test_is_found_by_its_name(self) -> None:
        assert policy("standard") is STANDARD

    def test_that_does_not_exist_is_refused_with_those_that_do(self) -> None:
        with pytest.raises(UnknownPolicy, match="seconds, standard"):
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
            ("follow_up_gap", 0),
            ("supervision_first", 15),
            ("supervision_longest", 60),
            ("reopening_window", 5),
        ],
    )
    def test_has_these_limits(self, row: str, seconds: int) -> None:
        assert getattr(SECONDS, row) == timedelta(seconds=seconds)

    def test_has_these_limits_by_class(self) -> None:
        assert [SECONDS.class_limits[each].total_seconds() for each in OrderClass] == [15, 30, 60]
        assert [SECONDS.minimum_remainder[each].total_seconds() for each in OrderClass] == [10, 10, 10]
        assert [SECONDS.escalated[each].total_seconds() for each in OrderClass] == [10, 10, 10]
