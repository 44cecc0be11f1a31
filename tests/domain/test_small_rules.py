"""Ratings, timeliness, tiers, and the masking of numbers in lists."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.matter.numbers import order_number
from domain.matter.timeliness import Timeliness, timeliness
from domain.office.words import Tier
from domain.order.lines.contacts import masked_line
from domain.order.ratings import asks_for_rework
from domain.order.words import DissatisfactionCause, Satisfied, Solved, Stage

DUE = datetime(2026, 5, 15, 12, 0, tzinfo=UTC)
REMIND = DUE - timedelta(hours=1)


class TestAnOrdersNumber:
    @pytest.mark.parametrize(
        "written",
        [
            "20261123-7K3M9Q",
            "20261123-7k3m9q",
            " 20261123 7K3M9Q\n",
            "20261123—7K3M9Q",
            "202611237K3M9Q",
            "２０２６１１２３－７Ｋ３Ｍ９Ｑ",  # noqa: RUF001
            "2026-1123-7K3-M9Q",
            "20261123\u200b-7K3M9Q",
        ],
    )
    def test_is_found_however_somebody_wrote_it(self, written: str) -> None:
        assert order_number(written) == "20261123-7K3M9Q"

    @pytest.mark.parametrize(
        "written", ["", "A", "20261123-7K3M9", "20261123-7K3M9QQ", "../20261123", None, 7]
    )
    def test_is_nothing_else(self, written: object) -> None:
        assert order_number(written) is None


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

    def test_stand_in_the_sequence_of_an_orders_way(self) -> None:
        way = (Stage.DISPATCH, Stage.HANDLING, Stage.PAUSED, Stage.REVIEW, Stage.EXPLAINING, Stage.REPLYING)
        assert [each for each in Stage if each in way] == list(way), "figures list them so"

    def test_are_over_when_closed_or_archived(self) -> None:
        assert {each for each in Stage if each.is_over} == {Stage.CLOSED, Stage.ARCHIVED}


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
            ("VX13900000001", "VX139****0001"),
            ("QQ12345", "QQ****45"),
            ("qq号123456", "qq号****56"),
            ("QQ：1234567890", "QQ：123****7890"),
            ("139.0000.0001", "139****0001"),
            ("139·0000·0001", "139****0001"),
            ("1390 000 0001", "139****0001"),
            ("023-6700 0000", "023****0000"),
            ("（023）67000000", "（023****0000"),
            ("500101 19900101 001X", "500****001X"),
            ("500101-1990-01-01-0010", "500****0010"),
            ("5001 0119 9001 0100 1X", "500****0 1X"),
            ("6222 0200 0000 0000 000", "622**** 000"),
            ("2026-11-23 14:00 第12345号", "2026-11-23 14:00 第12345号"),
            ("编号GD20261123", "编号GD20261123"),
            ("2026-2027学年 0900-1200", "2026-2027学年 0900-1200"),
            ("合同编号1234567890，电话67000000", "合同编号1234567890，电话670****0000"),
            ("工单号：2026112300017 催办", "工单号：2026112300017 催办"),
            ("案号 (2026)1234567", "案号 (2026)1234567"),
            ("户号是3300112233 停气", "户号是3300112233 停气"),
            ("被骗1200000元", "被骗1200000元"),
            ("欠薪1234567.89元，找13900000001", "欠薪1234567.89元，找139****0001"),
            ("投资3000000余万", "投资3000000余万"),
            ("占地1234567平方米", "占地1234567平方米"),
            ("电话13900000001元旦前打", "电话139****0001元旦前打"),
            ("微信号：wang_1985xm 联系", "微信号：wan****85xm 联系"),
            ("微信同13900000001", "微信同139****0001"),
            ("加QQ 123456789", "加QQ 123****6789"),
            ("VX abcde", "VX ****de"),
            ("微信支付不了12元", "微信支付不了12元"),
        ],
    )
    def test_hides_numbers_of_people_and_nothing_else(self, written: str, shown: str) -> None:
        assert masked_line(written) == shown
