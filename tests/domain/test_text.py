"""The visible part of a text, and the form in which it is kept."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.text import can_be_stored, clean, is_visible, line

UNSEEN = [
    *(
        "\x00",
        "\x07",
        "\x1b",
        "\x7f",
        "\x85",
        "\xad",
        "\u034f",
        "\u061c",
        "\u115f",
        "\u1160",
        "\u17b4",
        "\u180e",
    ),
    *(
        "\u200b",
        "\u200c",
        "\u200d",
        "\u200e",
        "\u200f",
        "\u2028",
        "\u2029",
        "\u202a",
        "\u202c",
        "\u202d",
        "\u202e",
    ),
    *(
        "\u2060",
        "\u2063",
        "\u2066",
        "\u2069",
        "\u206a",
        "\u2800",
        "\u3164",
        "\ufe0f",
        "\ufeff",
        "\uffa0",
        "\ufff9",
    ),
    *("\ufffc", "\uffff", "\ufdd0", "\U0001d173", "\U000e0001", "\U000e0041", "\U000e0100", "\U0010ffff"),
    *(" ", "\t", "\n", "\xa0", "\u1680", "\u2003", "\u202f", "\u205f", "\u3000"),
]
KEPT = [
    *(
        "路灯坏了",
        "O'Brien-Müller",
        "ئۇيغۇرچە",
        "བོད་ཡིག",
        "👨\u200d👩\u200d👧",
        "❤\ufe0f\u200d🔥",
        "👍🏽",
        "1\ufe0f\u20e3",
    ),
    *(
        "葛\U000e0100城",
        "\u845b\ufe00",
        "\u0645\u06cc\u200c\u062e",
        "\ue000",
        "a  b",
        "第一行\n\n  第二行\t完",
    ),
    *("\U0002ebf0", "\U0003158e", "\U000323b0", "\U0001fae8"),
]
ANYTHING = st.text(
    st.one_of(st.characters(), st.sampled_from(UNSEEN), st.sampled_from("路灯a1👨❤\ufe0f\u200d\r")),
    max_size=30,
)


class TestWhatCannotBeSeen:
    @pytest.mark.parametrize("letter", UNSEEN, ids=ascii)
    def test_is_no_text(self, letter: str) -> None:
        assert not is_visible(letter)
        assert not is_visible(letter * 3)
        assert clean(letter * 3) == line(f" {letter}\n") == ""

    @pytest.mark.parametrize("letter", [each for each in UNSEEN if not each.isspace()], ids=ascii)
    def test_does_not_hide_what_can(self, letter: str) -> None:
        assert is_visible(f"{letter}灯{letter}")
        assert clean(f"{letter}灯")[0] == "灯"

    @pytest.mark.parametrize(
        "letter", ["\x00", "\x1b", "\xad", "\u200b", "\u202d", "\u202e", "\u2067", "\ufeff"]
    )
    def test_is_taken_out(self, letter: str) -> None:
        assert clean(f"路{letter}灯") == line(f"路{letter}灯") == "路灯"


class TestWhatSomebodyTyped:
    @pytest.mark.parametrize("text", KEPT, ids=ascii)
    def test_is_kept(self, text: str) -> None:
        assert is_visible(text)
        assert clean(text) == text

    def test_loses_the_marks_around_a_pasted_number(self) -> None:
        assert line("\u202d138\u200b00000000\u202c") == "13800000000"

    def test_ends_all_its_lines_alike(self) -> None:
        assert clean("一\r\n二\r三\v四\u2028五\x85六") == "一\n二\n三\n四\n五\n六"

    def test_is_one_line_where_it_is_a_name(self) -> None:
        assert line(" 和平街道\r\n 办事处\t（虚构） ") == "和平街道 办事处 （虚构）"

    def test_keeps_one_selector_and_no_second_message(self) -> None:
        assert clean("灯" + "".join(chr(0xE0100 + each) for each in b"secret")) == "灯\U000e0173"

    def test_cannot_be_stored_with_half_an_emoji_or_a_nul(self) -> None:
        assert [can_be_stored(each) for each in ("灯", "half \ud83d", "a\x00b")] == [True, False, False]


@given(ANYTHING)
@example("\u3164\u200d\ufe0f灯\u200d\n\u200b")
@example("\r\u200b\n")
def test_cleaning_twice_changes_nothing_and_nothing_that_is_seen(text: str) -> None:
    for rule in (clean, line):
        once = rule(text)
        assert rule(once) == once
        assert is_visible(once) == is_visible(text) == bool(once)
        seen = [each for each in text if is_visible(each)]
        assert [each for each in once if is_visible(each)] == seen
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ufeff]", once)
    assert not set("\n\t") & set(line(text))
