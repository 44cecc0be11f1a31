"""Read what an operator types at the command line: instants, names, sources and text files.

Assumes nothing about the input. A refusal says what to write instead; it never repeats the input, which may
be a person's name.
"""

import codecs
import re
from datetime import UTC, datetime
from enum import StrEnum

from domain.calendar.workdays import OFFICE_ZONE
from domain.errors import DomainError
from domain.text import can_be_stored, line

MAX_NAME = 50
"""Longest name of a person, in characters."""
MAX_SOURCE = 200
"""Longest source of a calendar, of hours or of a directory, in characters."""
MAX_REASON = 500
"""Longest reason for what an operator does to the office or to an order, in characters."""
MAX_ACTOR = 64
"""Longest name in the audit of the person who ordered something, in characters."""
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
_SAVE = "in Excel or WPS save it as 'CSV UTF-8'"
_FIRST_CHINESE = "\u2e80"
_FIRST_YEAR, _LAST_YEAR = 2000, 2199


class Encoding(StrEnum):
    """The encoding of a file."""

    UTF_8 = "UTF-8"
    GB18030 = "GB18030"


class WrongEntry(DomainError):
    """The input cannot be used; the text says what to write."""

    code = "wrong_entry"


def read_instant(text: str) -> datetime:
    """Read an instant and return it in UTC: a day, which means its midnight, or a day with a time.

    Without an offset it is in the office's zone.

    Raises:
        WrongEntry: it is no instant, or not of the years 2000 to 2199.
    """
    wrong = WrongEntry(
        "write a day like 2026-12-01, or with the office's time like 2026-12-01T09:00, "
        f"or with an offset like 2026-12-01T09:00+08:00, of the years {_FIRST_YEAR} to {_LAST_YEAR}"
    )
    written = line(text)
    if not _INSTANT.fullmatch(written):
        raise wrong
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        raise wrong from None
    if not _FIRST_YEAR <= read.year <= _LAST_YEAR:
        raise wrong
    return (read if read.tzinfo else read.replace(tzinfo=OFFICE_ZONE)).astimezone(UTC)


def read_username(text: str) -> str:
    """Read the name with which a person signs in.

    Raises:
        WrongEntry: it breaks the rules for usernames.
    """
    if not _USERNAME.fullmatch(text):
        raise WrongEntry(
            "a username has at most 64 small letters, digits, '.', '_' and '-', and begins with a letter or digit"
        )
    return text


def read_name(text: str) -> str:
    """Read a person's name.

    Raises:
        WrongEntry: it holds nothing that can be seen, or is too long.
    """
    return _words(text, "a name", MAX_NAME)


def read_source(text: str) -> str:
    """Read the source of a calendar, of hours or of a directory: who ordered it, number and date.

    Raises:
        WrongEntry: it holds nothing that can be seen, or is too long.
    """
    return _words(text, "a source (who ordered it, number and date)", MAX_SOURCE)


def read_reason(text: str) -> str:
    """Read the reason for a command; every order concerned shows it, and so does the audit.

    Raises:
        WrongEntry: it holds nothing that can be seen, or is too long.
    """
    return _words(text, "a reason", MAX_REASON)


def read_actor(text: str) -> str:
    """Read the name of the person who orders something, for the audit.

    Raises:
        WrongEntry: it holds nothing that can be seen, or is too long.
    """
    return _words(text, "the name of the person who orders it", MAX_ACTOR)


def read_text(raw: bytes) -> tuple[str, Encoding]:
    """Return the text of a file and its encoding, without the mark with which spreadsheets begin UTF-8.

    A file that is not UTF-8 is read as GB18030, which includes GBK and GB 2312: spreadsheets in China save
    tables so by default. Damaged UTF-8 is refused, since GB18030 would turn it into other words.

    Raises:
        WrongEntry: it is in another encoding, or damaged.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in raw:
        raise WrongEntry(f"was saved as UTF-16 ('Unicode text'); {_SAVE}")
    try:
        return raw.decode("utf-8-sig"), Encoding.UTF_8
    except UnicodeDecodeError:
        if _is_damaged(raw):
            raise WrongEntry(f"is UTF-8 with damaged letters; {_SAVE}") from None
    try:
        return raw.decode("gb18030"), Encoding.GB18030
    except UnicodeDecodeError:
        raise WrongEntry(f"is neither UTF-8 nor GB18030 (GBK, ANSI); {_SAVE}") from None


def _is_damaged(raw: bytes) -> bool:
    """Tell whether a text that fails as UTF-8 was meant as such.

    It was if it begins with UTF-8's mark, or if more of its bytes are Chinese in UTF-8 than are invalid.
    """
    read = raw.decode("utf-8", "ignore")
    chinese = sum(len(letter.encode()) for letter in read if letter >= _FIRST_CHINESE)
    return raw.startswith(codecs.BOM_UTF8) or chinese > len(raw) - len(read.encode())


def _words(text: str, what: str, longest: int) -> str:
    words = line(text)
    if not can_be_stored(words) or not 0 < len(words) <= longest:
        raise WrongEntry(f"{what} has 1 to {longest} visible characters")
    return words
