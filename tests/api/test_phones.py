"""Telephone numbers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.typed.phones import is_phone, phone_numbers

MOBILE, SECOND, LAND = "+8613800000000", "+8613900000001", "+862368000000"
WIDE = {letter: letter + 0xFEE0 for letter in range(0x21, 0x7F)} | {0x20: 0x3000}
WRITINGS = [
    ("13800000000", [MOBILE]),
    ("138 0000 0000", [MOBILE]),
    ("138-0000-0000", [MOBILE]),
    ("138.0000.0000", [MOBILE]),
    ("138·0000·0000", [MOBILE]),
    ("138—0000—0000", [MOBILE]),
    ("138\N{MINUS SIGN}0000\N{MINUS SIGN}0000", [MOBILE]),
    ("1380 000 0000", [MOBILE]),
    ("138\u30000000\u30000000", [MOBILE]),
    ("+86 138-0000-0000".translate(WIDE), [MOBILE]),
    ("013800000000", [MOBILE]),
    ("+8613800000000", [MOBILE]),
    ("0086 138 0000 0000", [MOBILE]),
    ("(+86) 13800000000", [MOBILE]),
    ("8613800000000", [MOBILE]),
    ("\u202d13800000000\u202c", [MOBILE]),
    ("138\u200b0000\u200b0000\ufeff", [MOBILE]),
    ("023-68000000", [LAND]),
    ("023-6800 0000", [LAND]),
    ("02368000000", [LAND]),
    ("(023)68000000", [LAND]),
    ("【023】6800-0000", [LAND]),
    ("（023）68000000", [LAND]),
    ("+86 23 6800 0000", [LAND]),
    ("+86 (0)23 68000000", [LAND]),
    ("0086-023-68000000", [LAND]),
    ("023-68000000转8", [LAND]),
    ("023-68000000 转 8001", [LAND]),
    ("023-68000000轉8", [LAND]),
    ("023-68000000分机8001", [LAND]),
    ("023-68000000 ext. 8", [LAND]),
    ("023-68000000-8001", [LAND]),
    ("13800000000/13900000001", [MOBILE, SECOND]),
    ("13800000000、13900000001", [MOBILE, SECOND]),
    ("138 0000 0000 139 0000 0001", [MOBILE, SECOND]),
    ("13800000000 或 023-68000000转8", [MOBILE, LAND]),
    ("13800000000\n13900000001", [MOBILE, SECOND]),
    ("13800000000, +86 138 0000 0000", [MOBILE]),
    ("68000000", ["+8668000000"]),
    ("400-123-4567", ["+864001234567"]),
    ("+852 2123 4567", ["+85221234567"]),
    ("000-0000", ["+860000000"]),
    ("000 0000-0001", ["+860000000001"]),
    ("00000000001", ["+860000000001"]),
    ("+86 (000) 00000001", ["+860000000001"]),
    ("0086 000 0000 0001", ["+860000000001"]),
    ("000-0000 转 8", ["+860000000"]),
]


class TestATelephone:
    @pytest.mark.parametrize(("written", "numbers"), WRITINGS, ids=[ascii(each) for each, _ in WRITINGS])
    def test_is_the_same_however_it_is_written(self, written: str, numbers: list[str]) -> None:
        assert is_phone(written)
        assert list(phone_numbers(written)) == numbers

    @pytest.mark.parametrize(
        "written",
        [
            "",
            " ",
            "-",
            "+",
            "\u200b",
            "0",
            "12345",
            "123456",
            "1" * 16,
            "1" * 41,
            "12ab",
            "打给我儿子",
            "13800000000转",
            "转8",
        ],
    )
    def test_is_nothing_else(self, written: str) -> None:
        assert not is_phone(written)

    @pytest.mark.parametrize("written", ["打给我儿子 13800000000", "138 0000 0000（儿子）", "VX13800000000"])
    def test_is_found_among_words_that_a_channel_sent(self, written: str) -> None:
        assert phone_numbers(written) == (MOBILE,)
        assert not is_phone(written)

    @given(
        figures=st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
        prefix=st.sampled_from(["", "0", "+86", "+86 ", "0086", "0086-", "86 "]),
        gaps=st.tuples(*[st.sampled_from(["", " ", "-", ".", "\u3000", "\u200b", "—"])] * 2),
        wide=st.booleans(),
    )
    def test_has_one_form(self, figures: str, prefix: str, gaps: tuple[str, str], wide: bool) -> None:
        written = prefix + figures[:3] + gaps[0] + figures[3:7] + gaps[1] + figures[7:]
        written = written.translate(WIDE) if wide else written
        assert is_phone(written)
        assert phone_numbers(written) == (f"+86{figures}",)

    @given(st.text(max_size=40))
    def test_is_looked_for_in_anything(self, written: str) -> None:
        assert not is_phone(written) or phone_numbers(written)
