"""How much of a contact is shown until a member of staff says why they need the rest.

Source: GB/T 35273-2020, 7.2 (de-identified on screens); how much stays is our decision, ADR-0020.
"""

import re
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from types import MappingProxyType

from domain.office.permissions import Reach


class RevealReason(StrEnum):
    """Why a clerk needs a contact in the clear; a closed set, so that no text describes the person."""

    CALL_BACK = "call_back"
    CLARIFY = "clarify"
    VISIT = "visit"
    HAND_OVER = "hand_over"
    INQUIRY = "inquiry"


def hides_requester(*, confidential: bool, reaches: Collection[Reach]) -> bool:
    """Tell whether a confidential order hides its requester: from staff who see only part of the office."""
    return confidential and Reach.OFFICE not in reaches


_STARS = "**"
_LONG_PHONE = 8


def masked_name(name: str) -> str:
    """Keep the first character: 王小明 becomes 王**, however long the name is."""
    return name[:1] + _STARS


def masked_phone(phone: str) -> str:
    """Keep three digits in front and four at the end of a long number, two at the end of a short one."""
    if len(phone) < _LONG_PHONE:
        return "****" + phone[-2:] if len(phone) > 2 else "****"  # noqa: PLR2004 - else all would be shown
    return f"{phone[:3]}****{phone[-4:]}"


def masked_email(email: str) -> str:
    """Keep the first character and the host."""
    name, at, host = email.rpartition("@")
    return f"{name[:1]}{_STARS}{at}{host}" if at else _STARS


def masked_address(address: str) -> str:
    """Keep what names the neighbourhood: the first six characters, but not more than half."""
    return address[: min(6, len(address) // 2)] + _STARS


_GAP = "[ .·-]?"
_NUMBERS = re.compile(
    r"(?<!\d)(?:(?:\+|00)?86[ -]?)?(?:"
    rf"1[3-9]\d(?:{_GAP}\d{{4}}){{2}}|1[3-9]\d\d{_GAP}\d{{3}}{_GAP}\d{{4}}"
    rf"|0\d{{2,3}}[)\uff09 .-]{{0,2}}\d{{3,4}}{_GAP}\d{{4}}"
    rf"|\d{{3}}{_GAP}\d{{3}}{_GAP}(?:19|20)\d\d{_GAP}\d\d{_GAP}\d\d{_GAP}\d{{3,4}}"
    r"|\d{4}(?:[ -]\d{4}){3}(?:[ -]?\d{1,3})?"
    r"|\d{7,}|(?:(?<=[Qq]{2})|(?<=[Qq]{2}[:\uff1a号 ]))\d{5,6}"
    r")[Xx]?(?!\d)"
)
"""Any number that may be a person's, in groups or not: a mobile phone, a land line, an identity card
(GB 11643), a bank card in groups of four, seven digits or more, and five or six after QQ."""
_NAMES_A_NUMBER = re.compile(
    r"(?:编号|单号|工单|订单|合同|案号|文号|发票|票号|流水号|房号|表号|户号|序号|批号|货号)"
    r"(?:号|号码)?[为是\s:：#No.]*(?:[（(\[\u3014]\d{4}[）)\]\u3015])?$",
    re.IGNORECASE,
)
"""Words before the number of a thing, which stays whole."""
_COUNTS = re.compile(
    r"(?:[.,，]\d+)*\s*(?:多|余)?(?:万|亿|千)?(?:元|块|平方|平米|㎡|m²|立方|吨|度|公里|米|人|户|万|亿)"
)
"""Words after an amount, which stays whole."""
_NEAR = 12
"""How many characters before a number are looked at."""
_MOBILE_NUMBER = re.compile(r"1[3-9]\d{9}")
_ACCOUNT = re.compile(
    r"((?:微信|VX|V信|wechat|QQ)(?:号码|号)?(?:[同为是\s:：]|ID)*)([A-Za-z0-9][A-Za-z0-9_-]{4,})",
    re.IGNORECASE,
)
"""An account in another service: letters and digits after the name of the service."""
_DATE = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_WIDE = {0xFF10 + figure: str(figure) for figure in range(10)} | {0xFF0B: "+", 0xFF0D: "-"}
"""Full-width digits and signs, as Chinese keyboards write them, and the plain ones."""


def masked_line(line: str) -> str:
    """Mask phones, cards and accounts in a line of a list, since people write them into their texts.

    The words beside a number say what it is: amounts, dates and the numbers of things stay whole.
    """
    plain = line.translate(_WIDE)
    by_word = _ACCOUNT.sub(lambda found: found[1] + masked_phone(found[2]), plain)
    return _NUMBERS.sub(_masked_number, by_word)


def _masked_number(found: re.Match[str]) -> str:
    before, after = found.string[: found.start()], found.string[found.end() :]
    is_thing = _NAMES_A_NUMBER.search(before[-_NEAR:]) or _DATE.fullmatch(found[0])
    is_amount = _COUNTS.match(after) and not _MOBILE_NUMBER.fullmatch(found[0])
    return found[0] if is_thing or is_amount else masked_phone(found[0])


def _hidden(_value: str) -> str:
    return _STARS


_MASKS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {"name": masked_name, "phone": masked_phone, "email": masked_email, "wechat_openid": _hidden}
)


def masked_contact(contact: Mapping[str, str]) -> dict[str, str]:
    """Mask every part of a contact; a part that has no mask of its own is hidden."""
    return {part: _MASKS.get(part, _hidden)(value) for part, value in contact.items()}
