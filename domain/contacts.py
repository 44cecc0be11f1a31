"""What is shown of a person until somebody says why they need the rest.

Source: GB/T 35273-2020, 7.2 (de-identified on screens); how much stays is our decision, ADR-0020.
"""

import re
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from types import MappingProxyType

from domain.permissions import Reach


class RevealReason(StrEnum):
    """Why somebody needs a contact in the clear; a closed set, so that nobody writes about the person."""

    CALL_BACK = "call_back"
    CLARIFY = "clarify"
    VISIT = "visit"
    HAND_OVER = "hand_over"
    INQUIRY = "inquiry"


def hides_requester(*, confidential: bool, reaches: Collection[Reach]) -> bool:
    """Tell whether a confidential order hides who asked: from whoever sees only a part of the office."""
    return confidential and Reach.OFFICE not in reaches


_COUNTRY = "86"
_MOBILE = 11


def phone_digits(phone: str) -> str:
    """Give the digits that two writings of one number share: 138 0000-0000 and +86 13800000000 are the same."""
    digits = "".join(letter for letter in phone if letter.isascii() and letter.isdigit()).removeprefix("00")
    return digits.removeprefix(_COUNTRY) if len(digits) == len(_COUNTRY) + _MOBILE else digits


_PHONE = re.compile(r"[0-9+() -]*")
_SHORTEST, _LONGEST = 7, 15


def is_phone(phone: str) -> bool:
    """Tell whether somebody can be called by this: 7 to 15 digits, with blanks, dashes, brackets or a plus.

    Source: ITU-T E.164, 6.2 (at most 15 digits).
    """
    digits = sum(letter.isdigit() for letter in phone)
    return bool(_PHONE.fullmatch(phone)) and _SHORTEST <= digits <= _LONGEST


_STARS = "**"
_LONG_PHONE = 8


def masked_name(name: str) -> str:
    """Keep the first character: 王小明 becomes 王**, however long the name is."""
    return name[:1] + _STARS


def masked_phone(phone: str) -> str:
    """Keep three digits in front and four at the end of a long number, two at the end of a short one."""
    if len(phone) < _LONG_PHONE:
        return "****" + phone[-2:] if len(phone) > 2 else "****"  # noqa: PLR2004 - shorter ones would stand there whole
    return f"{phone[:3]}****{phone[-4:]}"


def masked_email(email: str) -> str:
    """Keep the first character and the host."""
    name, at, host = email.rpartition("@")
    return f"{name[:1]}{_STARS}{at}{host}" if at else _STARS


def masked_address(address: str) -> str:
    """Keep what names the neighbourhood: the first six characters, but not more than half."""
    return address[: min(6, len(address) // 2)] + _STARS


_NUMBERS = re.compile(
    r"(?<![\dA-Za-z])(?:(?:\+|00)?86[ -]?)?"
    r"(?:1[3-9]\d(?:[ -]?\d{4}){2}|0\d{2,3}[ -]?\d{7,8}|\d{7,})[Xx]?(?!\d)"
)
"""Whatever may be the number of a telephone, or of an identity card (GB 11643): in groups, or seven figures long."""
_DATE = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_WIDE = {0xFF10 + figure: str(figure) for figure in range(10)} | {0xFF0B: "+", 0xFF0D: "-"}
"""What numbers are written with by keyboards that write it as wide as Chinese letters."""


def masked_line(line: str) -> str:
    """Mask numbers of telephones and identity cards in a line of a list: people write them into what they say."""
    return _NUMBERS.sub(
        lambda found: found[0] if _DATE.fullmatch(found[0]) else masked_phone(found[0]), line.translate(_WIDE)
    )


def _hidden(_value: str) -> str:
    return _STARS


_MASKS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {"name": masked_name, "phone": masked_phone, "email": masked_email, "wechat_openid": _hidden}
)


def masked_contact(contact: Mapping[str, str]) -> dict[str, str]:
    """Mask every part of a contact; a part that has no mask of its own is hidden."""
    return {part: _MASKS.get(part, _hidden)(value) for part, value in contact.items()}
