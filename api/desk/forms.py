"""A form for an outcome, made from the lifecycle table, and what somebody wrote into it.

Assumes plain forms: each field comes back under its own name. What is wrong is judged where the API's decisions are;
here only the kinds that a form cannot send by itself are read: instants of the office, numbers, lists, further matters
and the issues of a meeting, one a line.
"""

import re
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Protocol

from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from api.errors import Problem
from api.pages.rendering import texts, word
from domain.calendar.instants import instant, local
from domain.calendar.workdays import OFFICE_ZONE
from domain.matter.faults import Fault
from domain.matter.tasks import MAX_NUMBER, Field, FieldType
from domain.office.directory import Directory
from domain.text import clean


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """One field of a form: how it is asked for, what may be chosen, what stands there, and what is wrong with it.

    `most`: the largest number that may be typed, where it is one. `hint`: how it is to be written.
    """

    name: str
    label: str
    kind: str
    required: bool
    options: tuple[tuple[str, str], ...] = ()
    value: str = ""
    chosen: tuple[str, ...] = ()
    wrong: str | None = None
    most: int = MAX_NUMBER
    hint: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """The form of one outcome; `is_open` if it was sent and something is wrong with it."""

    outcome: str
    label: str
    inputs: tuple[Input, ...]
    is_open: bool = False


_KINDS: Final[Mapping[FieldType, str]] = {
    FieldType.TEXT: "text",
    FieldType.PARTS: "text",
    FieldType.CODE: "choice",
    FieldType.UNIT: "choice",
    FieldType.CATEGORY: "choice",
    FieldType.UNITS: "choices",
    FieldType.INSTANT: "instant",
    FieldType.ORDER: "line",
    FieldType.NUMBER: "number",
    FieldType.ISSUES: "issues",
    FieldType.ATTACHMENTS: "files",
}


class Formed(Protocol):
    """What a form is made for: an outcome of a task, or an action on an order."""

    @property
    def name(self) -> str:
        """Its code."""

    @property
    def label(self) -> str:
        """What its button says."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """What it asks for."""


def new_id() -> str:
    """Make the id of what a form will say, so that a form sent twice says it once."""
    return uuid.uuid4().hex


def id_of(sent: FormData) -> str:
    """Take the id that a form was given.

    Raises:
        Problem: 422, the form is not one of ours.
    """
    given = sent.get("decision_id")
    if isinstance(given, str) and len(given) == len(new_id()) and given.isalnum() and given.isascii():
        return given
    raise Problem(422, "invalid_field", "the form is not whole; load the page again")


def forms_of(
    offered: Iterable[Formed],
    directory: Directory,
    *,
    sent: FormData | None = None,
    wrong: Mapping[str, str] | None = None,
    given: Mapping[str, str] = MappingProxyType({}),
    demanded: Collection[tuple[str, str]] = (),
) -> list[Form]:
    """Make the forms of a page; the one that was `sent` with what is `wrong` with it, by field.

    What is `given` stands in the others before anybody wrote; fields that are `demanded`, by form, are not optional.
    """
    return [
        _form_of(each, directory, sent=sent, wrong=wrong or {}, given={}, demanded=demanded)
        if sent is not None and sent.get("outcome") == each.name
        else _form_of(each, directory, sent=None, wrong={}, given=given, demanded=demanded)
        for each in offered
    ]


def _form_of(
    formed: Formed,
    directory: Directory,
    *,
    sent: FormData | None,
    wrong: Mapping[str, str],
    given: Mapping[str, str],
    demanded: Collection[tuple[str, str]],
) -> Form:
    return Form(
        outcome=formed.name,
        label=formed.label,
        inputs=tuple(
            Input(
                name=each.name,
                label=each.label,
                kind=_KINDS[each.type],
                required=each.required
                or ((formed.name, each.name) in demanded and not _listed(sent, each.name)),
                options=_options(each, directory),
                value=_value(sent, each.name) or given.get(each.name, ""),
                chosen=_listed(sent, each.name),
                wrong=wrong.get(each.name),
                hint=texts()["faults"][Fault.ISSUES] if each.type is FieldType.ISSUES else None,
            )
            for each in formed.fields
        ),
        is_open=sent is not None or any(given.get(each.name) for each in formed.fields),
    )


def fields_of(formed: Formed, sent: FormData) -> dict[str, Any]:
    """Read what somebody wrote; a field that was left empty is left out, and files count by the ids of those kept."""
    found = {each.name: _read(each, sent) for each in formed.fields}
    return {name: value for name, value in found.items() if value not in ("", [], None)}


def as_sent(formed: Formed, fields: Mapping[str, Any]) -> FormData:
    """Write what was decided before into its form, as whoever sent it may have: the reverse of `fields_of`."""
    written: list[tuple[str, UploadFile | str]] = [("outcome", formed.name)]
    for each in formed.fields:
        value = fields.get(each.name)
        if each.type in {FieldType.UNITS, FieldType.ATTACHMENTS}:
            written += [(each.name, str(one)) for one in value or ()]
        elif each.type is FieldType.PARTS:
            written.append((each.name, "\n".join(str(part.get("text", "")) for part in value or ())))
        elif each.type is FieldType.ISSUES:
            written.append((each.name, "\n".join(_as_line(issue) for issue in value or ())))
        elif each.type is FieldType.INSTANT and (at := instant(value)):
            written.append((each.name, f"{local(at):%Y-%m-%dT%H:%M}"))
        elif value is not None:
            written.append((each.name, str(value)))
    return FormData(written)


def _read(each: Field, sent: FormData) -> Any:
    if each.type in {FieldType.UNITS, FieldType.ATTACHMENTS}:
        return list(_listed(sent, each.name))
    text = clean(_value(sent, each.name))
    if each.type is FieldType.PARTS:
        return [{"text": part} for line in text.split("\n") if (part := clean(line))]
    if each.type is FieldType.ISSUES:
        return [_as_issue(line) for line in text.split("\n") if clean(line)]
    if each.type is FieldType.NUMBER:
        return int(text) if text.isdecimal() and len(text) <= _LONGEST_NUMBER else text
    if each.type is FieldType.INSTANT:
        return as_instant(text)
    return text


_BAR: Final = "\N{FULLWIDTH VERTICAL LINE}"
_BARS: Final = re.compile(rf"[|{_BAR}]")
_OF_A_LINE: Final = ("text", "answer", "name", "phone")
"""What stands in the line of an issue, between bars."""
_LONGEST_NUMBER: Final = 9
"""A number of more figures is no number of people, and goes on as it is, to be refused."""


def _as_issue(line: str) -> dict[str, str]:
    """Read an issue from its line; what stands behind too many bars goes on under no name, to be refused."""
    first, *others = (clean(part) for part in _BARS.split(line, maxsplit=len(_OF_A_LINE)))
    named = zip((*_OF_A_LINE[1:], ""), others, strict=False)
    return {"text": first, **{name: part for name, part in named if part}}


def _as_line(issue: Mapping[str, Any]) -> str:
    """Write an issue as its line: no bar and no line's end of its own."""
    parts = (" ".join(_BARS.sub("/", str(issue.get(name) or "")).split()) for name in _OF_A_LINE)
    return _BAR.join(parts).rstrip(_BAR)


def as_instant(text: str) -> str:
    """Read a time of the office; what is none goes on as it is, to be refused with its field."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return text
    return read.isoformat() if read.tzinfo else read.replace(tzinfo=OFFICE_ZONE).isoformat()


def wrong_in(error: ValidationError) -> dict[str, str]:
    """Say beside each field what is wrong with it."""
    words = texts()["new"]
    return {
        str(each["loc"][-1]): words.get(f"wrong_{each['type']}", texts()["refusals"]["invalid_field"]).format(
            **each.get("ctx", {})
        )
        for each in error.errors()
    }


def _listed(sent: FormData | None, name: str) -> tuple[str, ...]:
    values = sent.getlist(name) if sent is not None else []
    return tuple(value for value in values if isinstance(value, str))


def _value(sent: FormData | None, name: str) -> str:
    value = sent.get(name) if sent is not None else None
    return value if isinstance(value, str) else ""


def _options(each: Field, directory: Directory) -> tuple[tuple[str, str], ...]:
    if each.type is FieldType.CODE:
        return tuple((code, word(code, "codes")) for code in each.codes)
    return options_of(each.type, directory)


def options_of(kind: FieldType, directory: Directory) -> tuple[tuple[str, str], ...]:
    """List what may be chosen from the directory, by code and name; nothing for fields that are written."""
    match kind:
        case FieldType.UNIT | FieldType.UNITS:
            return _named(
                directory.handling_units, {unit.code: unit.name for unit in directory.units.values()}
            )
        case FieldType.CATEGORY:
            return tuple((code, directory.path_of(code)) for code in directory.open_categories)
        case _:
            return ()


def _named(codes: Sequence[str], names: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((code, names.get(code, code)) for code in codes)
