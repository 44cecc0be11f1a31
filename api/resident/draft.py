"""An order that its resident is still writing: read from the form, judged field by field.

Assumes the rules of the intake: a draft is valid if a channel could send its body. Before it is sent, only its
pictures are stored, under ids that nobody can guess.
"""

import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError
from starlette.datastructures import FormData

from api.contract.intake import OrderBody
from api.pages.rendering import texts
from api.resident.forms import text_of, wrong_in
from api.resident.pictures import named_in
from api.typed.phones import is_phone
from domain.matter.tasks import ID_PATTERN
from domain.office.directory import Directory
from domain.order.words import Channel
from domain.text import is_visible, line

STEPS: Final[tuple[tuple[str, ...], ...]] = (
    ("kind", "description", "pictures", "category"),
    ("community", "address"),
    ("subject", "name", "phone", "confidential"),
)
"""The fields of each step, in the order of the page."""
CHECK: Final = len(STEPS)
"""The last step, which shows what will be sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What a resident has written so far, unchanged; `key` is the form's own, `pictures` are ids of uploads.

    `subject` is empty while it is the one made from the description.
    """

    key: str
    kind: str = ""
    description: str = ""
    category: str = ""
    community: str = ""
    address: str = ""
    name: str = ""
    phone: str = ""
    subject: str = ""
    confidential: bool = False
    pictures: tuple[str, ...] = ()


def new_key() -> str:
    """Make the key of a form, so that the form places one order however often it is sent."""
    return uuid.uuid4().hex


def read(sent: FormData) -> Draft:
    """Read a form; if it has no key of ours, it gets a new one."""
    key = text_of(sent, "key")
    description, subject = text_of(sent, "description"), text_of(sent, "subject")
    return Draft(
        key=key if re.fullmatch(ID_PATTERN, key) else new_key(),
        kind=text_of(sent, "kind"),
        description=description,
        subject="" if subject == text_of(sent, "made") else subject,
        category=text_of(sent, "category"),
        community=text_of(sent, "community"),
        address=text_of(sent, "address"),
        name=text_of(sent, "name"),
        phone=text_of(sent, "phone"),
        confidential=text_of(sent, "confidential") == "1",
        pictures=named_in(sent),
    )


def judge(draft: Draft, directory: Directory) -> tuple[OrderBody | None, Mapping[str, str]]:
    """Return the body of a valid draft, or its faults by field, in words for the resident."""
    words = texts()["resident"]["wrong"]
    wrong: dict[str, str] = {}
    body: OrderBody | None = None
    try:
        body = OrderBody.model_validate(_body(draft))
    except ValidationError as error:
        wrong = wrong_in(error)
    if is_visible(draft.phone) and not is_phone(draft.phone):
        wrong["phone"] = words["phone"]
    for field, code, known in _coded(draft, directory):
        if code and code not in known:
            wrong[field] = words["choice"]
    return (None if wrong else body), MappingProxyType(wrong)


def first_wrong(wrong: Collection[str]) -> int:
    """Return the first step with a fault, counted from 1; without faults, the number after the last step."""
    return next(
        (number for number, fields in enumerate(STEPS, 1) if not set(wrong).isdisjoint(fields)), CHECK + 1
    )


def _body(draft: Draft) -> dict[str, Any]:
    return {
        "channel": Channel.WEB,
        "kind": draft.kind,
        "description": draft.description,
        "subject": line(draft.subject) or None,
        "category": line(draft.category) or None,
        "confidential": draft.confidential,
        "place": {"community": line(draft.community) or None, "address": line(draft.address) or None},
        "requester": {"name": line(draft.name) or None, "phone": line(draft.phone) or None},
        "attachments": list(draft.pictures),
    }


def _coded(draft: Draft, directory: Directory) -> tuple[tuple[str, str, Collection[str]], ...]:
    return (
        ("category", line(draft.category), directory.open_categories),
        ("community", line(draft.community), directory.communities),
    )
