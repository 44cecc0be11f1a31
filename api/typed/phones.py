"""The telephone numbers in a typed text: judged and searched in one form, kept and shown as typed.

Assumes numbers of this country unless another is named. Any number with enough digits counts, in use or not.
"""

import re
import unicodedata
from typing import Final

from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatch, PhoneNumberMatcher, format_number

from domain.text import line
from store.signin.credentials import keyed_hash

_COUNTRY: Final = "CN"
FEWEST_FIGURES: Final = 7
_MOST_FIGURES: Final = 15
_BETWEEN_FIGURES: Final = str.maketrans(
    dict.fromkeys("·•・。_", " ") | dict.fromkeys("[【", "(") | dict.fromkeys("]】", ")")
)
_GROUPS: Final = re.compile(r"(?<!\d)((?:00)?86\W{0,2}|0)?(1[3-9]\d)\W{0,2}(\d{4})\W{0,2}(\d{4})(?!\d)")
_EXTENSION: Final = re.compile(r"(?:转接?|轉|分机|内线)号?\D?(\d{1,6})(?!\d)|(?<=\d{7})-(\d{1,6})(?![-\d])")
_WORDS: Final = re.compile(r"[或和及与、/,;|\s()+-]*")


def phone_numbers(written: str) -> tuple[str, ...]:
    """Return the numbers to call, each once and in one form (ITU-T E.164).

    138 0000-0000 and +86 13800000000 are the same. Extensions are left out, since callers seldom name them.
    """
    found = (each for each in _found(_folded(written)) if _is_long_enough(each))
    return tuple(dict.fromkeys(format_number(each.number, PhoneNumberFormat.E164) for each in found))


def phone_keys(secret: str, written: str) -> tuple[str, ...]:
    """Hash each number in a text into the key by which requesters are found."""
    return tuple(keyed_hash(secret, f"phone:{each}") for each in phone_numbers(written))


def is_phone(written: str) -> bool:
    """Tell whether a text is a number to call: one or more numbers of 7 to 15 digits, and nothing else.

    Source: ITU-T E.164, 6.2 (at most 15 digits).
    """
    folded = _folded(written)
    found = _found(folded)
    ends, starts = [0, *(each.end for each in found)], [*(each.start for each in found), len(folded)]
    between = "".join(folded[end:start] for end, start in zip(ends, starts, strict=True))
    return bool(found) and all(map(_is_long_enough, found)) and bool(_WORDS.fullmatch(between))


def _is_long_enough(found: PhoneNumberMatch) -> bool:
    figures = sum(each.isdigit() for each in found.raw_string.partition(" ext ")[0])
    return FEWEST_FIGURES <= figures <= _MOST_FIGURES


def _folded(written: str) -> str:
    """Write a text for the library: narrow, without invisible letters, the groups of a mobile number joined."""
    narrow = unicodedata.normalize("NFKC", line(written)).translate(_BETWEEN_FIGURES)
    dashed = "".join("-" if unicodedata.category(each) == "Pd" else each for each in narrow)
    together = _GROUPS.sub(r"\1\2\3\4", dashed)
    return _EXTENSION.sub(lambda found: f" ext {found[1] or found[2]}", together)


def _found(folded: str) -> list[PhoneNumberMatch]:
    return list(PhoneNumberMatcher(folded, _COUNTRY, leniency=Leniency.POSSIBLE))
