"""Values that an operator types: read, or refused with a sentence that says what to write."""

from collections.abc import Callable
from datetime import datetime

import pytest

from domain.office.entries import (
    Encoding,
    WrongEntry,
    read_actor,
    read_instant,
    read_name,
    read_reason,
    read_source,
    read_text,
    read_username,
)

UNSEEN = ("\u200b", "\u3164", "\u2800", "\ufeff", "\u202e", "\xad", "\n", "\x1b")


class TestAnInstant:
    @pytest.mark.parametrize(
        ("case", "text", "instant"),
        [
            ("a day begins at the office", "2026-12-01", "2026-12-01T00:00:00+08:00"),
            ("a clock is the office's", "2026-12-01T09:00", "2026-12-01T09:00:00+08:00"),
            ("with a blank instead of T", "2026-12-01 09:00", "2026-12-01T09:00:00+08:00"),
            ("with seconds", "2026-12-01T09:00:30", "2026-12-01T09:00:30+08:00"),
            ("with an offset", "2026-12-01T09:00+09:00", "2026-12-01T09:00:00+09:00"),
            ("with an offset without colon", "2026-12-01T09:00+0900", "2026-12-01T09:00:00+09:00"),
            ("in UTC", "2026-12-01T01:00Z", "2026-12-01T01:00:00+00:00"),
        ],
    )
    def test_is_read_in_the_offices_time(self, case: str, text: str, instant: str) -> None:
        assert read_instant(text) == datetime.fromisoformat(instant), case

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "tomorrow",
            "20261201",
            "2026-W49-2",
            "2026-12-1",
            "2026-02-30",
            "2026-12-01T25:00",
            "9999-12-31T23:59-08:00",
            "0001-01-01T00:00+08:00",
            "2200-01-01",
            "\uff12026-12-01",
        ],
    )
    def test_that_is_none_is_refused_with_an_example(self, text: str) -> None:
        with pytest.raises(WrongEntry, match="2026-12-01T09:00"):
            read_instant(text)


class TestAName:
    @pytest.mark.parametrize(
        ("read", "text", "kept"),
        [
            (read_username, "chen", "chen"),
            (read_username, "community-01-worker", "community-01-worker"),
            (read_username, "1.a_b-c", "1.a_b-c"),
            (read_username, "a" * 64, "a" * 64),
            (read_name, " 陈某 ", "陈某"),
            (read_name, "陈\u3000某", "陈\u3000某"),
            (read_name, "\u202d陈\U0002ebf0\U0003158e\u202c", "陈\U0002ebf0\U0003158e"),
            (read_name, "a\tb", "a b"),
            (read_source, "国办发\r\n2026年1号", "国办发 2026年1号"),
            (read_actor, "陈\x1b某", "陈某"),
            (read_reason, " 台风\n停电 ", "台风 停电"),
            (read_reason, "长" * 500, "长" * 500),
            (read_name, "长" * 50, "长" * 50),
            (read_source, " 国务院办公厅, 2026-11-05 ", "国务院办公厅, 2026-11-05"),
            (read_source, "长" * 200, "长" * 200),
            (read_actor, "administrator-1", "administrator-1"),
            (read_actor, "陈某", "陈某"),
        ],
    )
    def test_is_kept_without_blanks_around_it(self, read: Callable[[str], str], text: str, kept: str) -> None:
        assert read(text) == kept

    @pytest.mark.parametrize(
        ("read", "text", "said"),
        [
            *(
                (read_username, text, "small letters, digits")
                for text in ("", "Chen", "-a", "a b", "陈", "a\n")
            ),
            (read_username, "a" * 65, "at most 64"),
            *((read_name, text, "1 to 50") for text in ("", " ", "\u3000", *UNSEEN, "长" * 51, "\udcc4")),
            *((read_source, text, "1 to 200") for text in ("", "  ", *UNSEEN, "长" * 201)),
            *((read_actor, text, "1 to 64") for text in ("", " ", *UNSEEN, "长" * 65)),
            *((read_reason, text, "1 to 500") for text in ("", *UNSEEN, "长" * 501)),
        ],
    )
    def test_that_is_odd_is_refused(self, read: Callable[[str], str], text: str, said: str) -> None:
        with pytest.raises(WrongEntry, match=said):
            read(text)


class TestAFile:
    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
    def test_is_utf_8_with_or_without_its_mark(self, mark: bytes) -> None:
        assert read_text(mark + "编号,code".encode()) == ("编号,code", Encoding.UTF_8)

    @pytest.mark.parametrize("encoding", ["gbk", "gb2312", "gb18030"])
    @pytest.mark.parametrize(
        "text",
        [
            "编号,code",
            "date,kind,name\r\n2027-01-01,off,元旦\r\n2027-10-01,off,国庆节\r\n",
            "联通,沁园,城市管理科\n",
        ],
    )
    def test_is_gb18030_as_spreadsheets_write_it_in_china(self, encoding: str, text: str) -> None:
        assert read_text(text.encode(encoding)) == (text, Encoding.GB18030)

    def test_may_hold_rare_letters_in_gb18030(self) -> None:
        assert read_text("𠮷野,㐂".encode("gb18030")) == ("𠮷野,㐂", Encoding.GB18030)

    @pytest.mark.parametrize(
        ("case", "raw", "said"),
        [
            ("a letter cut off at the end", "城市管理科".encode()[:-1], "is UTF-8 with damaged letters"),
            (
                "one line of another encoding",
                "units,城市管理\n".encode() + "编号".encode("gbk"),
                "is UTF-8 with damaged letters",
            ),
            ("a mark and no UTF-8", b"\xef\xbb\xbf" + "编号".encode("gbk"), "is UTF-8 with damaged letters"),
            ("neither", b"name\xff,x", "is neither UTF-8 nor GB18030 (GBK, ANSI)"),
            ("Latin letters", "Andr\xe9,x".encode("latin-1"), "is neither UTF-8 nor GB18030 (GBK, ANSI)"),
        ],
    )
    def test_that_is_damaged_is_no_gb18030(self, case: str, raw: bytes, said: str) -> None:
        with pytest.raises(WrongEntry) as refused:
            read_text(raw)
        assert str(refused.value) == f"{said}; in Excel or WPS save it as 'CSV UTF-8'", case

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
    def test_in_another_encoding_says_how_to_save_it(self, encoding: str) -> None:
        with pytest.raises(
            WrongEntry, match=r"was saved as UTF-16.*; in Excel or WPS save it as 'CSV UTF-8'"
        ):
            read_text("编号,code".encode(encoding))
