"""An order while its resident still writes it: read from the form, judged field by field.

Assumes the rules of the intake: a draft is in order if its body is one that a channel could send. Nothing of it is
stored before it is sent but its pictures, under ids that nobody can guess.
"""

import re
import unicodedata
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError
from starlette.datastructures import FormData

from api.intake.models import OrderBody
from api.pages.rendering import texts
from api.resident.forms import text_of, wrong_in
from domain.attachments import ID_PATTERN, MAX_ATTACHMENTS
from domain.contacts import is_phone
from domain.directory import Directory
from domain.orders import Channel

STEPS: Final[tuple[tuple[str, ...], ...]] = (
    ("kind", "description", "pictures", "category"),
    ("community", "address"),
    ("name", "phone", "confidential"),
)
"""The fields of each step, as they stand on the page."""
CHECK: Final = len(STEPS)
"""The last step, which shows what will be sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What somebody has written so far, as they wrote it; `key` is the form's own, `pictures` are ids of uploads."""

    key: str
    kind: str = ""
    description: str = ""
    category: str = ""
    community: str = ""
    address: str = ""
    name: str = ""
    phone: str = ""
    confidential: bool = False
    pictures: tuple[str, ...] = ()


def new_key() -> str:
    """Make what a form is known by, so that it places one order however often it is sent."""
    return uuid.uuid4().hex


def read(sent: FormData) -> Draft:
    """Read a form; one without a key of ours gets one."""
    key = text_of(sent, "key")
    dropped = {str(each) for each in sent.getlist("drop")}
    pictures = dict.fromkeys(str(each) for each in sent.getlist("picture") if each not in dropped)
    return Draft(
        key=key if re.fullmatch(ID_PATTERN, key) else new_key(),
        kind=text_of(sent, "kind"),
        description=text_of(sent, "description"),
        category=text_of(sent, "category"),
        community=text_of(sent, "community"),
        address=text_of(sent, "address"),
        name=text_of(sent, "name"),
        # Chinese keyboards write wide figures.
        phone=unicodedata.normalize("NFKC", text_of(sent, "phone")),
        confidential=text_of(sent, "confidential") == "1",
        pictures=tuple(each for each in pictures if re.fullmatch(ID_PATTERN, each))[:MAX_ATTACHMENTS],
    )


def judge(draft: Draft, directory: Directory) -> tuple[OrderBody | None, Mapping[str, str]]:
    """Give the body of a draft that is in order, or what is wrong with it, by field, in words for its resident."""
    words = texts()["resident"]["wrong"]
    wrong: dict[str, str] = {}
    body: OrderBody | None = None
    try:
        body = OrderBody.model_validate(_body(draft))
    except ValidationError as error:
        wrong = wrong_in(error)
    if draft.phone.strip() and not is_phone(draft.phone.strip()):
        wrong["phone"] = words["phone"]
    for field, code, known in _coded(draft, directory):
        if code and code not in known:
            wrong[field] = words["choice"]
    return (None if wrong else body), MappingProxyType(wrong)


def first_wrong(wrong: Collection[str]) -> int:
    """Give the first step, from 1, that has something wrong; one after the last if none has."""
    return next(
        (number for number, fields in enumerate(STEPS, 1) if not set(wrong).isdisjoint(fields)), CHECK + 1
    )


def _body(draft: Draft) -> dict[str, Any]:
    return {
        "channel": Channel.WEB,
        "kind": draft.kind,
        "description": draft.description,
        "category": draft.category.strip() or None,
        "confidential": draft.confidential,
        "place": {"community": draft.community.strip() or None, "address": draft.address.strip() or None},
        "requester": {"name": draft.name.strip() or None, "phone": draft.phone.strip() or None},
        "attachments": list(draft.pictures),
    }


def _coded(draft: Draft, directory: Directory) -> tuple[tuple[str, str, Collection[str]], ...]:
    return (
        ("category", draft.category.strip(), directory.open_categories),
        ("community", draft.community.strip(), directory.communities),
    )
