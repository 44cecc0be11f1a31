"""What a reader sees of a typed or pasted text, and the form in which it is stored.

Assumes nothing about the interpreter: the blocks below decide what is visible, not `str.isprintable` or
`str.strip`. So letters newer than Python's tables count as letters, and a replay under another Python judges
alike.

Source: Unicode Standard, 5.21 (default ignorable code points, their ranges reserved for good) and UAX #9 (2.1
to 2.5, marks of direction); which of them stay is our decision.
"""

import re
from typing import Final

_BREAKS: Final = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_FILLERS: Final = str.maketrans(dict.fromkeys("\u115f\u1160\u2800\u3164\uffa0", " "))
"""Letters that are drawn as a blank: the Hangul fillers, and the Braille pattern without dots."""
_BLANK: Final = "\\t\\n \xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
_SELECTORS: Final = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
"""Characters that choose a form of the letter before: of an emoji, or of a Han character in a name."""
_JOINS: Final = "\u061c\u200c-\u200f"
"""Characters that join or separate letters, or set a word's direction: compound emoji, Uyghur, Arabic."""
_UNSEEN: Final = (
    "\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\xad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\ufff0-\ufffc\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
)
"""Control and invisible characters, those that turn all text after them, and non-characters."""
_OUT: Final = re.compile(f"(?<=[^{_BLANK}{_UNSEEN}])([{_SELECTORS}][{_JOINS}]?|[{_JOINS}])|[{_UNSEEN}]")
_AROUND: Final = re.compile(f"\\A[{_BLANK}]+|[{_BLANK}]+\\Z")
_SEEN: Final = re.compile(f"[^{_BLANK}{_UNSEEN}\u115f\u1160\u2800\u3164\uffa0]")
_BETWEEN_LINES: Final = re.compile(f"[{_BLANK}]*[\\t\\n][{_BLANK}]*")


def is_visible(text: str) -> bool:
    """Tell whether a reader sees anything of a text; blanks and invisible characters do not count."""
    return _SEEN.search(text) is not None


def can_be_stored(text: str) -> bool:
    """Tell whether the database and Temporal take a text.

    Halves of emoji cannot be written in UTF-8, and PostgreSQL stores no NUL.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def clean(text: str) -> str:
    """Return a text as it is stored: as typed, without blanks around it or invisible characters in it.

    All lines end alike. A selector or joiner stays behind the letter that it belongs to. Stray ones, control
    characters, and those that turn the direction of all text after them are removed.
    """
    lines = _BREAKS.sub("\n", text).translate(_FILLERS)
    return _AROUND.sub("", _OUT.sub(lambda found: found[1] or "", lines))


def line(text: str) -> str:
    """Return a name, a number or a subject as it is stored: clean, on one line."""
    return _BETWEEN_LINES.sub(" ", clean(text))
