"""The short subject that every order has: the first sentence after the greeting, cut at a whole word.

Assumes how people write: a greeting before the matter, sentences in Chinese, numbers that must not be cut in
two.
"""

import re
from typing import Final

from domain.text import clean, line

LONGEST_MADE: Final = 40
"""Longest subject that is made, in characters. Our decision, ADR-0023."""
_FEWEST: Final = 4
"""A sentence shorter than this, like 求助, says too little by itself."""
_WHOM: Final = (
    r"(?:尊敬的|敬爱的|亲爱的|各位)?(?:政府|街道办?|社区|有关部门|相关部门|工作人员|书记|主任|市长|区长|镇长|局长|"
    r"领导|老师|同志|客服|平台|先生|女士)?(?:的)?(?:各位)?(?:领导|老师|同志|工作人员|书记|主任)?(?:们|同志)?"
)
_HELLO: Final = r"(?:您好|你好|您们好|你们好|大家好|上午好|早上好|中午好|下午好|晚上好|好|hello|hi)"
_GREETING: Final = re.compile(
    rf"\s*(?:{_WHOM}[，,：:\s]*{_HELLO}(?:啊|呀)?(?=[，,。.！!：:；;、~\s]|我|请|想|$)"
    rf"|尊敬的[^，,。！!：:\s]{{1,12}}[，,：:！!]"
    r"|(?:请问|打扰)(?:一下|了)?(?=[，,。！!：:\s]))[，,。.！!：:；;、~\s]*",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"[^。！!？?；;\n]+")
_RUN: Final = re.compile(
    r"(?:[0-9A-Za-z_+\uff10-\uff19\uff0b]|(?<=.)[()（）\uff0d -]+(?=[0-9\uff10-\uff19]))+"
)
"""A whole number or word, which is never cut: half a phone number would pass every mask."""
_PAUSES: Final = "，,、：: "
_MORE: Final = "…"


def subject_of(text: str) -> str:
    """Make the subject of an order from its text; never empty unless the text is."""
    rest = plain = re.sub(r"[^\S\n]+", " ", clean(text))
    while (found := _GREETING.match(rest)) and found.end():
        rest = rest[found.end() :]
    said = ""
    for sentence in _SENTENCE.findall(rest or plain):
        said = "，".join(part for part in (said, sentence.strip(f"{_PAUSES}.~")) if part)
        if len(said) >= _FEWEST:
            break
    return _cut(said or line(plain))


def _cut(said: str) -> str:
    """Shorten to the last pause within the bound, else to the last whole word."""
    if len(said) <= LONGEST_MADE:
        return said
    end = LONGEST_MADE - len(_MORE)
    inside = {at for run in _RUN.finditer(said) for at in range(run.start() + 1, run.end())}
    ends = [at for at in range(end, 0, -1) if at not in inside]
    pause = next((at for at in ends if said[at] in _PAUSES and at >= LONGEST_MADE // 2), None)
    return said[: pause or next(iter(ends), end)].rstrip(_PAUSES) + _MORE
