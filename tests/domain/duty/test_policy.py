"""The duty book: published versions never change."""

import hashlib
from datetime import timedelta

import pytest

from domain.calendar.workdays import Wall
from domain.duty.policy import (
    DUTY_BOOKS,
    DUTY_RULES,
    SECONDS_DUTIES,
    STANDARD_DUTIES,
    Before,
    DutyBook,
    UnknownDutyBook,
    duty_book,
    duty_book_beside,
)
from domain.order.policy import BOOKS


def pinned(book: DutyBook, rows_then: int) -> str:
    """Hash a version as it was published: rows that were added later are at the end and do not count."""
    rows = {name: str(getattr(book, name)) for name in DutyBook.__slots__[:rows_then]}
    return hashlib.sha256(repr(sorted(rows.items())).encode()).hexdigest()[:16]


class TestAPublishedVersion:
    @pytest.mark.parametrize(
        ("book", "rows_then", "expected"),
        [(STANDARD_DUTIES, 12, "9a514cfa854975d6"), (SECONDS_DUTIES, 12, "d3b4f6260e3427e7")],
    )
    def test_is_never_edited(self, book: DutyBook, rows_then: int, expected: str) -> None:
        assert pinned(book, rows_then) == expected, (
            "running duties keep this version: publish a new one instead of editing"
        )

    def test_is_pinned_with_all_its_rows(self) -> None:
        assert len(DutyBook.__slots__) == 12

    def test_has_a_meaning_a_reason_and_a_source_for_every_row(self) -> None:
        assert [rule.name for rule in DUTY_RULES] == [
            name for name in DutyBook.__slots__ if name != "version"
        ]
        assert all(rule.meaning and rule.reason and rule.source for rule in DUTY_RULES)

    def test_is_found_by_its_name(self) -> None:
        assert duty_book("duties-standard") is STANDARD_DUTIES
        assert duty_book("duties-seconds") is SECONDS_DUTIES
        assert all(book.version == version for version, book in DUTY_BOOKS.items())

    def test_that_does_not_exist_is_refused_with_those_that_do(self) -> None:
        with pytest.raises(UnknownDutyBook, match=r"'standard'.*duties-seconds, duties-standard") as refused:
            duty_book("standard")
        assert refused.value.code == "unknown_policy"


class TestTheBookOfAnOffice:
    @pytest.mark.parametrize("policy", sorted({*BOOKS, "standard-9"}))
    def test_is_the_short_one_beside_the_short_policy_alone(self, policy: str) -> None:
        expected = SECONDS_DUTIES if policy == "seconds" else STANDARD_DUTIES
        assert duty_book_beside(policy) is expected


class TestTheShortBook:
    """The figures are a contract with programs that start Dingdan embedded."""

    @pytest.mark.parametrize(
        ("row", "seconds"),
        [
            ("review", 15),
            ("free_entry", 5),
            ("last_entry", 60),
            ("supervision_first", 5),
            ("supervision_longest", 15),
        ],
    )
    def test_has_these_limits(self, row: str, seconds: int) -> None:
        assert getattr(SECONDS_DUTIES, row) == Wall(timedelta(seconds=seconds))

    def test_tells_of_the_end_so_long_before(self) -> None:
        assert SECONDS_DUTIES.reminder == Before(Wall(timedelta(seconds=15)))
        assert SECONDS_DUTIES.shortage == Before(Wall(timedelta(seconds=10)))

    def test_has_the_caps_of_the_usual_one(self) -> None:
        for row in ("postponements", "supervision_climbs_at", "answer_cap"):
            assert getattr(SECONDS_DUTIES, row) == getattr(STANDARD_DUTIES, row), row
