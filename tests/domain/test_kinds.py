"""The kind of matter that a number belongs to."""

import pytest

from domain.kinds import DUTY_TABLES, KINDS, ORDER_TABLES, kind_of


class TestANumber:
    @pytest.mark.parametrize(
        "number",
        [
            "20261123-7K3M9Q",
            "20261123-DDDDDD",
            "",
            "-",
            "d20261123-7K3M9Q",
            " D20261123-7K3M9Q",
            "订单",
            "\N{FULLWIDTH LATIN CAPITAL LETTER D}2",
        ],
    )
    def test_is_an_orders_unless_it_begins_with_another_letter(self, number: str) -> None:
        assert (kind_of(number).name, kind_of(number).tables) == ("order", ORDER_TABLES)

    @pytest.mark.parametrize("number", ["D20261123-7K3M9Q", "D20261123-7K3M9Q-1-ABCD", "D"])
    def test_with_a_d_is_a_dutys_and_so_is_the_id_of_its_task(self, number: str) -> None:
        assert (kind_of(number).name, kind_of(number).tables) == ("duty", DUTY_TABLES)


class TestKinds:
    def test_differ_in_name_letter_and_label(self) -> None:
        for seen in ("name", "letter", "label"):
            assert len({getattr(each, seen) for each in KINDS}) == len(KINDS), seen

    def test_are_told_by_one_letter_that_no_date_begins_with(self) -> None:
        assert all(not each.letter or (len(each.letter) == 1 and each.letter.isalpha()) for each in KINDS)
