"""The number of a matter, however somebody wrote it."""

import re
import unicodedata

_ORDER_NO = re.compile(r"([0-9]{8})([0-9A-Z]{6})")
_BETWEEN = frozenset({"Pd", "Zs", "Cc", "Cf"})
"""Dashes, blanks and what cannot be seen."""

_ALSO_DASHES = frozenset({"\N{MINUS SIGN}", "\N{KATAKANA-HIRAGANA PROLONGED SOUND MARK}"})


def order_number(typed: object) -> str | None:
    """Give an order's number as it is kept, however somebody wrote it: any case, width, dashes and blanks.

    `None` if it is none.
    """
    if not isinstance(typed, str):
        return None
    wide = unicodedata.normalize("NFKC", typed).upper()
    plain = "".join(
        each for each in wide if unicodedata.category(each) not in _BETWEEN and each not in _ALSO_DASHES
    )
    found = _ORDER_NO.fullmatch(plain)
    return "-".join(found.groups()) if found else None
