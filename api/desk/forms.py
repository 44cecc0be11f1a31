"""Forms for outcomes, made from the lifecycle table, and the reading of what staff typed into them.

Assumes plain forms: each field comes back under its own name. Values are judged by the same code as the API's
decisions. Only kinds that a form cannot send by itself are read here: instants in the office's time zone, numbers,
lists, further matters, and the issues of a meeting, one per line.
"""

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Protocol

from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from api.errors import Problem
from api.pages.rendering import texts, word
from domain.calendar.instants import instant, local
from domain.calendar.workdays import OFFICE_ZONE
from domain.matter.faults import Fault
from domain.matter.tasks import FOR_RESIDENT, MAX_NUMBER, Field, FieldType
from domain.office.directory import Directory
from domain.text import clean


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """One field of a form: its label and kind, the options, the present value, and what is wrong with it.

    `most` is the largest number that may be typed into a number field; `hint` says how to write the value, and `empty`
    what it means to choose nothing. An `optional` field may be left empty; of files, it may take `only_pictures`.
    """

    name: str
    label: str
    kind: str
    required: bool
    optional: bool
    options: tuple[tuple[str, str], ...] = ()
    value: str = ""
    chosen: tuple[str, ...] = ()
    wrong: str | None = None
    most: int = MAX_NUMBER
    hint: str | None = None
    only_pictures: bool = False
    empty: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """The form of one outcome, or of several among which `ways` lets choose; `is_open` if it is shown at once.

    `way` is the chosen outcome, and `why` says who suggests it. `buttons` are pairs of value and text.
    """

    outcome: str
    label: str
    inputs: tuple[Input, ...]
    is_open: bool = False
    ways: tuple[tuple[str, str], ...] = ()
    way: str = ""
    why: str = ""
    buttons: tuple[tuple[str, str], ...] = ()

    @property
    def first(self) -> tuple[Input, ...]:
        """The fields before the button."""
        return tuple(each for each in self.inputs if each.kind != "choices")

    @property
    def rest(self) -> tuple[Input, ...]:
        """The long and rarely used ones after it."""
        return tuple(each for each in self.inputs if each.kind == "choices")


@dataclass(frozen=True, kw_only=True, slots=True)
class Together:
    """Outcomes with the same fields that one form offers, under one label.

    `way` is the one that is chosen at first; `why` says who suggests it.
    """

    names: tuple[str, ...]
    label: str
    way: str
    why: str
    buttons: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Filling:
    """What forms start with: the `given` values by field, and the outcome that is `opened`.

    `hints` say, by form and field, what this matter asks of a field that is optional elsewhere, or who suggests its
    value; `empty` says by field what it means to choose nothing.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    opened: str = ""
    hints: Mapping[tuple[str, str], str] = field(default_factory=dict)
    empty: Mapping[str, str] = field(default_factory=dict)
    together: Together | None = None


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
    """Something that a form is made for: an outcome of a task, or an action on an order."""

    @property
    def name(self) -> str:
        """Its code."""

    @property
    def label(self) -> str:
        """The text of its button."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields that it asks for."""


def new_id() -> str:
    """Make the id of a form's decision, so that a form sent twice decides once."""
    return uuid.uuid4().hex


def id_of(sent: FormData) -> str:
    """Read the id that was given to a form.

    Raises:
        Problem: 422, the form is not one of ours.
    """
    given = sent.get("decision_id")
    if isinstance(given, str) and len(given) == len(new_id()) and given.isalnum() and given.isascii():
        return given
    raise Problem(422, "invalid_field", "the form is incomplete; load the page again")


def forms_of(
    offered: Iterable[Formed],
    directory: Directory,
    *,
    sent: FormData | None = None,
    wrong: Mapping[str, str] | None = None,
    filling: Filling = Filling(),
) -> list[Form]:
    """Make the forms of a page; the one that was `sent` shows its faults from `wrong`, by field."""
    together, made = filling.together, []
    for each in offered:
        if together is None or each.name not in together.names:
            made.append(_form_of(each, directory, sent, wrong or {}, filling))
        elif each.name == together.names[0]:
            made.append(_form_of(each, directory, sent, wrong or {}, filling, together))
    return made


def _form_of(
    formed: Formed,
    directory: Directory,
    sent: FormData | None,
    wrong: Mapping[str, str],
    filling: Filling,
    together: Together | None = None,
) -> Form:
    names = together.names if together else (formed.name,)
    mine = sent if sent is not None and sent.get("outcome") in names else None
    given, faults = (filling.given, {}) if mine is None else ({}, wrong)
    form = Form(
        outcome=formed.name,
        label=formed.label,
        inputs=tuple(
            Input(
                name=each.name,
                label=each.label,
                kind=_kind(each),
                required=each.required,
                optional=not each.required and (formed.name, each.name) not in filling.hints,
                options=_options(each, directory),
                value=_value(mine, each.name) or given.get(each.name, ""),
                chosen=_listed(mine, each.name),
                wrong=faults.get(each.name),
                only_pictures=each.goes_to_resident,
                hint=_hint(each) + filling.hints.get((formed.name, each.name), "") or None,
                empty=filling.empty.get(each.name),
            )
            for each in formed.fields
        ),
        is_open=mine is not None or (sent is None and filling.opened in names),
        buttons=(("", formed.label),),
    )
    if together is None:
        return form
    return replace(
        form,
        label=together.label,
        ways=tuple((name, word(name, "codes")) for name in together.names),
        way=_value(mine, "outcome") or together.way,
        why=together.why,
        buttons=together.buttons,
    )


def _kind(each: Field) -> str:
    """Name the kind of a field's input: a few codes of which one is required are seen at once."""
    is_short = each.type is FieldType.CODE and each.required and len(each.codes) <= _SEEN_AT_ONCE
    return "radios" if is_short else _KINDS[each.type]


def _hint(each: Field) -> str:
    """Say how to fill a field in, if its label does not."""
    if each is FOR_RESIDENT:
        return str(texts()["files"]["for_resident_hint"])
    return str(texts()["faults"][Fault.ISSUES]) if each.type is FieldType.ISSUES else ""


def fields_of(formed: Formed, sent: FormData) -> dict[str, Any]:
    """Read the typed values; empty fields are left out, and file fields hold the ids of the kept files."""
    found = {each.name: _read(each, sent) for each in formed.fields}
    return {name: value for name, value in found.items() if value not in ("", [], None)}


def as_sent(formed: Formed, fields: Mapping[str, Any]) -> FormData:
    """Fill a form with an earlier decision's values, as the sender may have typed them: the reverse of `fields_of`."""
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
"""The parts of an issue's line, which bars separate."""
_SEEN_AT_ONCE: Final = 4
"""How many codes are a row to choose from; more are a list to unfold."""
_LONGEST_NUMBER: Final = 9
"""A longer number cannot count people; it is passed on as typed and refused later."""


def _as_issue(line: str) -> dict[str, str]:
    """Read an issue from its line; text behind too many bars is passed on under an empty name and refused later."""
    first, *others = (clean(part) for part in _BARS.split(line, maxsplit=len(_OF_A_LINE)))
    named = zip((*_OF_A_LINE[1:], ""), others, strict=False)
    return {"text": first, **{name: part for name, part in named if part}}


def _as_line(issue: Mapping[str, Any]) -> str:
    """Write an issue as its line; bars and line breaks inside its texts are replaced."""
    parts = (" ".join(_BARS.sub("/", str(issue.get(name) or "")).split()) for name in _OF_A_LINE)
    return _BAR.join(parts).rstrip(_BAR)


def as_instant(text: str) -> str:
    """Read a time in the office's zone; other text is passed on unchanged and refused later, beside its field."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return text
    return read.isoformat() if read.tzinfo else read.replace(tzinfo=OFFICE_ZONE).isoformat()


def wrong_in(error: ValidationError) -> dict[str, str]:
    """Return by field what is wrong with it, in the words of the page."""
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
    """List the directory's choices by code and name; a field that is typed has none."""
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
