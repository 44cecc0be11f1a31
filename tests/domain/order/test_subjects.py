"""The subject that is made from a description."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.order.lines.subjects import LONGEST_MADE, subject_of
from domain.text import is_visible, line

LONG = "我们小区的消防通道被占了很久没有人来管理，" + "也没有人来处理" * 6


class TestASubject:
    @pytest.mark.parametrize(
        ("said", "subject"),
        [
            ("路灯坏了", "路灯坏了"),
            ("您好，梧桐里烧烤店营业到凌晨三点。请管一管！", "梧桐里烧烤店营业到凌晨三点"),
            ("尊敬的领导：您好！路灯坏了。", "路灯坏了"),
            ("各位领导，你好！我要反映：电梯坏了三天", "我要反映：电梯坏了三天"),
            ("政府工作人员，您好！垃圾没人收", "垃圾没人收"),
            ("您好 请问社保怎么转？谢谢", "请问社保怎么转"),
            ("领导您好，\r\n我想反映噪音", "我想反映噪音"),
            ("求助！家里停水。", "求助，家里停水"),
            ("您好！", "您好"),
            ("好多人反映路灯坏了", "好多人反映路灯坏了"),
            ("社区好心人捡到钱包", "社区好心人捡到钱包"),
            ("\u3000\u3000您好：我是业主", "我是业主"),
            ("水压3.5公斤。不够", "水压3.5公斤"),
            (LONG, "我们小区的消防通道被占了很久没有人来管理…"),
        ],
    )
    def test_is_the_first_sentence_after_the_greeting(self, said: str, subject: str) -> None:
        assert subject_of(said) == subject

    @pytest.mark.parametrize("before", range(20, 45))
    def test_cuts_no_number_in_two(self, before: int) -> None:
        made = subject_of("路" * before + "139 0000 0001" + "灯" * 30)
        assert re.sub(r"139 0000 0001", "", made).strip("路灯…") == ""

    @given(st.text(min_size=1, max_size=300).filter(is_visible))
    def test_is_short_and_never_empty(self, said: str) -> None:
        made = subject_of(said)
        assert is_visible(made)
        assert len(made) <= LONGEST_MADE or made == line(said)
        assert "\n" not in made
