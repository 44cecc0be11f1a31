"""The number of an order, however a person typed it."""

import re
import unicodedata

_ORDER_NO = re.compile(r"([0-9]{8})([0-9A-Z]{6})")
_BETWEEN = frozenset({"Pd", "Zs", "Cc", "Cf"})
"""Dashes, blanks and invisible characters."""

_ALSO_DASHES = frozenset({"\N{MINUS SIGN}", "\N{KATAKANA-HIRAGANA PROLONGED SOUND MARK}"})


def order_number(typed: object) -> str | None:
    """Return an order's number as it is stored, typed in any case and width, with any dashes and blanks.

    Return `None` if it is not the number of an order.
    """
    if not isinstance(typed, str):
        return None
    wide = unicodedata.normalize("NFKC", typed).upper()
    plain = "".join(
        each for each in wide if unicodedata.category(each) not in _BETWEEN and each not in _ALSO_DASHES
    )
    found = _ORDER_NO.fullmatch(plain)
    return "-".join(found.groups()) if found else None
