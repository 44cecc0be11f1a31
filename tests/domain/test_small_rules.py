"""Ratings, timeliness, tiers and telephones."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.contacts import is_phone, masked_line
from domain.orders import DissatisfactionCause, Satisfied, Solved, Stage, Tier
from domain.ratings import asks_for_rework
from domain.timeliness import Timeliness, timeliness

DUE = datetime(2026, 5, 15, 12, 0, tzinfo=UTC)
REMIND = DUE - timedelta(hours=1)


class TestACallBack:
    @pytest.mark.parametrize(
        ("solved", "satisfied", "cause", "rework"),
        [
            ("yes", "yes", None, False),
            ("partly", "basically", None, False),
            ("no", "basically", "unit", True),
            ("yes", "no", "unit", True),
            ("no", "no", None, True),
            ("no", "no", "request", False),
            ("no", "no", "rule", False),
        ],
    )
    def test_asks_for_rework_when_the_unit_is_the_cause(
        self, solved: str, satisfied: str, cause: str | None, rework: bool
    ) -> None:
        why = DissatisfactionCause(cause) if cause else None
        assert asks_for_rework(Solved(solved), Satisfied(satisfied), why) is rework


class TestAClockThatSomebodyLooksAt:
    @pytest.mark.parametrize(
        ("minutes_before_due", "expected"),
        [
            (61, Timeliness.ON_TRACK),
            (60, Timeliness.WARNING),
            (1, Timeliness.WARNING),
            (0, Timeliness.OVERDUE),
        ],
    )
    def test_stands_so(self, minutes_before_due: int, expected: Timeliness) -> None:
        assert timeliness(DUE, REMIND, now=DUE - timedelta(minutes=minutes_before_due)) is expected

    def test_is_on_track_while_it_is_not_known(self) -> None:
        assert timeliness(None, None, now=DUE) is Timeliness.ON_TRACK


class TestTiersAndStages:
    def test_climb_one_by_one(self) -> None:
        assert [each.above for each in Tier] == [Tier.STREET, Tier.DISTRICT, None]

    def test_are_over_when_closed_or_archived(self) -> None:
        assert {each for each in Stage if each.is_over} == {Stage.CLOSED, Stage.ARCHIVED}


class TestATelephone:
    @pytest.mark.parametrize(
        ("written", "callable_"),
        [
            ("000-0000", True),
            ("000 0000-0001", True),
            ("+86 (000) 00000001", True),
            ("0086 000 0000 0001", True),
            ("123456", False),
            ("1" * 16, False),
            ("000-0000 转 8", False),
            ("打给我儿子", False),
            ("1234567".translate({letter: letter + 0xFEE0 for letter in range(48, 58)}), False),
            ("", False),
        ],
    )
    def test_can_be_called_by_seven_to_fifteen_figures(self, written: str, callable_: bool) -> None:
        assert is_phone(written) is callable_


class TestALineOfAList:
    @pytest.mark.parametrize(
        ("written", "shown"),
        [
            ("请打13900000001找我", "请打139****0001找我"),
            ("请打 139 0000-0001 找我", "请打 139****0001 找我"),
            ("座机023-67000000", "座机023****0000"),
            ("身份证50010119000101001X", "身份证500****001X"),
            ("2026-11-23 20261123", "2026-11-23 20261123"),
            ("工单20261123-7K3M9Q", "工单20261123-7K3M9Q"),
            ("占道废弃车辆 99999", "占道废弃车辆 99999"),
            ("+8613900000001 或 008613900000001", "+86****0001 或 008****0001"),
            ("\uff11\uff13\uff19\uff10\uff10\uff10\uff10\uff10\uff10\uff10\uff11", "139****0001"),
            ("座机67000000", "座机670****0000"),
            ("旧证500101900101001", "旧证500****1001"),
        ],
    )
    def test_hides_numbers_of_people_and_nothing_else(self, written: str, shown: str) -> None:
        assert masked_line(written) == shown
