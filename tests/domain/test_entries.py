"""What an operator types: read, or refused with a sentence that says what to write."""

from collections.abc import Callable
from datetime import datetime

import pytest

from domain.entries import (
    WrongEntry,
    read_actor,
    read_instant,
    read_name,
    read_source,
    read_text,
    read_username,
)


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
            (read_name, "陈\u3000某", "陈 某"),
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
            *((read_name, text, "1 to 50") for text in ("", " ", "\u3000", "a\tb", "长" * 51, "\udcc4")),
            *((read_source, text, "1 to 200") for text in ("", "  ", "a\nb", "长" * 201)),
            *((read_actor, text, "1 to 64") for text in ("", " ", "a\x1b[0m", "长" * 65)),
        ],
    )
    def test_that_is_odd_is_refused(self, read: Callable[[str], str], text: str, said: str) -> None:
        with pytest.raises(WrongEntry, match=said):
            read(text)


class TestAFile:
    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
    def test_is_utf_8_with_or_without_its_mark(self, mark: bytes) -> None:
        assert read_text(mark + "编号,code".encode()) == "编号,code"

    @pytest.mark.parametrize(
        ("encoding", "said"),
        [("gb18030", "GBK or ANSI"), ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("utf-16-be", "UTF-16")],
    )
    def test_in_another_encoding_says_how_to_save_it(self, encoding: str, said: str) -> None:
        with pytest.raises(
            WrongEntry, match=f"was saved as {said}.*; in Excel or WPS save it as 'CSV UTF-8'"
        ):
            read_text("编号,code".encode(encoding))
