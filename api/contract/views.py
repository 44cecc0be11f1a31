"""Turning rows of the store into the contract's shapes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from api.contract.attachments import AttachmentView
from api.contract.duties import DutyDetail, DutySummary, IssueView
from api.contract.staff import (
    DecisionView,
    EventView,
    MatterRef,
    OrderDetail,
    OrderSummary,
    OutcomeView,
    RefusalView,
    TaskDetail,
    TaskView,
)
from domain.duty.words import KIND as DUTY
from domain.kinds import kind_of
from domain.matter.judging import OF_AN_ISSUE
from domain.matter.tasks import (
    ID_PATTERN,
    MAX_ATTACHMENTS,
    MAX_ISSUES,
    MAX_NUMBER,
    MAX_ORDER_NO,
    MAX_PARTS,
    MAX_TEXT,
    Field,
    FieldType,
    TaskState,
)
from domain.matter.timeliness import CLOCK_SKEW, timeliness
from domain.office.directory import Directory
from domain.order.lines.contacts import masked_address, masked_contact, masked_line
from domain.order.words import KIND as ORDER
from store.attachment.rows import AttachmentRow
from store.duty.rows import DutyRow, IssueRow
from store.matter.rows import EventRow, TaskRow
from store.matter.said.decisions import UNFINISHED, Decision
from store.order.rows import OrderRow


def task_view(row: TaskRow, *, title: str, now: datetime) -> TaskView:
    """Show a task in a list; `title` is what people call its matter."""
    return TaskView(**_task(row, title, now))


def task_detail(row: TaskRow, *, title: str, directory: Directory, now: datetime) -> TaskDetail:
    """Show a task with the forms of its outcomes."""
    is_open = row.state in UNFINISHED
    tables = kind_of(row.matter_no).tables
    offered = tables.outcomes(row.kind, without=row.withheld) if is_open else ()
    return TaskDetail(
        **_task(row, title, now),
        outcomes=[
            OutcomeView.model_validate(
                {"name": each.name, "label": each.label, "schema": schema_of(each.fields, directory)}
            )
            for each in offered
        ],
        outcome=row.outcome,
        closed_by=row.closed_by,
        closed_at=row.closed_at,
    )


def order_summary(row: OrderRow) -> OrderSummary:
    """Show an order in a list; telephone, card and account numbers in its subject are masked."""
    return OrderSummary.model_validate({**_summary(row), "subject": masked_line(row.subject)})


def order_detail(
    row: OrderRow,
    *,
    tasks: Sequence[TaskRow],
    refusals: Sequence[EventRow],
    requester: Mapping[str, str],
    attachments: Sequence[AttachmentRow],
    meeting: MatterRef | None,
    shows_place: bool,
    now: datetime,
) -> OrderDetail:
    """Show a whole order, with the contact masked: staff see it in the clear only after they give a reason."""
    person = masked_contact(requester) or None
    place = {name: getattr(row, name) for name in ("address", "longitude", "latitude")}
    if not shows_place:
        place = {"address": row.address and masked_address(row.address), "longitude": None, "latitude": None}
    return OrderDetail.model_validate(
        {
            **_summary(row),
            **{name: getattr(row, name) for name in _DETAIL},
            **place,
            "requester": person,
            "meeting": meeting,
            "attachments": [_attachment(each) for each in attachments],
            "tasks": [task_view(each, title=masked_line(row.subject), now=now) for each in tasks],
            "refusals": list(map(_refusal, refusals)),
            "undelivered_messages": row.undelivered,
            "logged_messages": row.logged,
        }
    )


def duty_summary(row: DutyRow, *, clashes: bool) -> DutySummary:
    """Show a duty in a list; `clashes` if its leader has another meeting too close to it."""
    return DutySummary(**_duty(row, DutySummary.model_fields), community=row.subject, clashes=clashes)


def duty_detail(
    row: DutyRow,
    *,
    title: str,
    clashes: bool,
    issues: Sequence[IssueRow],
    tasks: Sequence[TaskRow],
    refusals: Sequence[EventRow],
    attachments: Sequence[AttachmentRow],
    now: datetime,
) -> DutyDetail:
    """Show a whole duty: its meeting, the orders that it brought, its open tasks, and the signals that it refused."""
    return DutyDetail(
        **_duty(row, DutyDetail.model_fields),
        community=row.subject,
        clashes=clashes,
        title=title,
        issues=list(map(_issue, issues)),
        attachments=list(map(_attachment, attachments)),
        tasks=[task_view(each, title=title, now=now) for each in tasks],
        refusals=list(map(_refusal, refusals)),
    )


def _duty(row: DutyRow, wanted: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in wanted if name in DutyRow.__dataclass_fields__}


def _issue(row: IssueRow) -> IssueView:
    """Show an order of a meeting; if it is out of the reader's reach, leave out number, subject and address."""
    return IssueView(
        position=row.position,
        on_the_spot=row.on_the_spot,
        stage=row.stage,
        ending=row.ending,
        is_called_back=row.is_called_back,
        order_no=row.order_no if row.is_within_reach else None,
        subject=masked_line(row.subject) if row.is_within_reach else None,
        href=order_href(row.order_no) if row.is_within_reach else None,
    )


def _refusal(row: EventRow) -> RefusalView:
    return RefusalView(
        at=row.at,
        signal=row.data["signal"],
        actor=row.actor,
        via=row.via,
        code=row.data["code"],
        reason=row.data["reason"],
        decision_id=row.data.get("decision_id"),
    )


def event_view(row: EventRow, *, with_texts: bool) -> EventView:
    """Show an event, with the texts of its decision only if `with_texts`: those are for staff."""
    return EventView(
        seq=row.seq,
        at=row.at,
        type=row.type,
        actor=row.actor,
        via=row.via,
        task_id=row.task_id,
        data=row.data,
        texts=row.texts or None if with_texts else None,
        comment=row.comment if with_texts else None,
    )


def duty_event_view(row: EventRow) -> EventView:
    """Show an event of a duty; the contact of a resident who brought an issue is masked, as on every order."""
    said = row.texts or {}
    issues = [{**each, **masked_contact(_contact(each))} for each in said.get("issues") or ()]
    shown = event_view(row, with_texts=True)
    return shown.model_copy(update={"texts": {**said, "issues": issues}}) if issues else shown


def _contact(issue: Mapping[str, Any]) -> dict[str, str]:
    return {name: issue[name] for name in ("name", "phone") if issue.get(name)}


def decision_view(row: Decision) -> DecisionView:
    """Show a decision and its result."""
    return DecisionView(
        decision_id=row.decision_id,
        order_no=_order_no(row.matter_no),
        matter_no=row.matter_no,
        task_id=row.task_id,
        name=row.name,
        actor=row.actor,
        status=row.status,
        code=row.code,
        reason=row.reason,
        decided_at=row.decided_at,
        href=decision_href(row.decision_id),
    )


def decision_href(decision_id: str) -> str:
    """Return the address at which a decision is read."""
    return f"/api/v1/decisions/{quote(decision_id, safe='')}"


def order_href(order_no: str) -> str:
    """Return the address at which an order is read."""
    return f"/api/v1/orders/{order_no}"


def duty_href(duty_no: str) -> str:
    """Return the address at which a duty is read."""
    return f"/api/v1/duties/{duty_no}"


_HREFS: Mapping[str, Callable[[str], str]] = {ORDER: order_href, DUTY: duty_href}
"""The address at which a matter is read, by kind."""


def matter_ref(matter_no: str, title: str) -> MatterRef:
    """Build a reference to a matter of any kind; `title` is what people call it."""
    kind = kind_of(matter_no).name
    return MatterRef(kind=kind, no=matter_no, title=title, href=_HREFS[kind](matter_no))


def _order_no(matter_no: str) -> str | None:
    return matter_no if kind_of(matter_no).name == ORDER else None


def schema_of(fields: Sequence[Field], directory: Directory) -> dict[str, Any]:
    """Build the JSON Schema of an outcome's or action's fields; it lists the codes that are open now."""
    return {
        "type": "object",
        "properties": {each.name: _property(each, directory) for each in fields},
        "required": [each.name for each in fields if each.required],
        "additionalProperties": False,
    }


def _property(each: Field, directory: Directory) -> dict[str, Any]:
    match each.type:
        case FieldType.CODE:
            kind: dict[str, Any] = {"type": "string", "enum": list(each.codes)}
        case FieldType.UNIT:
            kind = {"type": "string", "enum": list(directory.handling_units)}
        case FieldType.CATEGORY:
            kind = {"type": "string", "enum": list(directory.open_categories)}
        case FieldType.INSTANT:
            lies = {each.future: "in the future, ", each.past: "in the past, "}.get(True, "")
            when = f"{lies}with an offset"
            kind = {"type": "string", "format": "date-time", "description": when}
        case FieldType.ORDER:
            kind = {"type": "string", "minLength": 1, "maxLength": MAX_ORDER_NO}
        case FieldType.NUMBER:
            kind = {"type": "integer", "minimum": 1, "maximum": MAX_NUMBER}
        case FieldType.TEXT:
            kind = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
        case FieldType.UNITS | FieldType.ATTACHMENTS | FieldType.PARTS | FieldType.ISSUES:
            kind = {"type": "array", **_items(each.type, directory)}
    return {"title": each.label, **kind}


def _items(
    kind: Literal[FieldType.UNITS, FieldType.ATTACHMENTS, FieldType.PARTS, FieldType.ISSUES],
    directory: Directory,
) -> dict[str, Any]:
    """Describe the items of a list, and how many it may hold."""
    match kind:
        case FieldType.UNITS:
            return {"items": {"enum": list(directory.handling_units)}, "uniqueItems": True}
        case FieldType.ATTACHMENTS:
            ids = {"type": "string", "pattern": ID_PATTERN}
            return {"items": ids, "maxItems": MAX_ATTACHMENTS, "uniqueItems": True}
        case FieldType.PARTS:
            part = _described({"text": MAX_TEXT}, directory)
            return {"items": part, "minItems": 1, "maxItems": MAX_PARTS}
        case FieldType.ISSUES:
            return {"items": _described(OF_AN_ISSUE, directory), "minItems": 1, "maxItems": MAX_ISSUES}


def _described(texts: Mapping[str, int], directory: Directory) -> dict[str, Any]:
    """Describe a matter named in a list: its texts, each with a longest length, and an optional category."""
    said: dict[str, Any] = {
        name: {"type": "string", "minLength": 1, "maxLength": longest} for name, longest in texts.items()
    }
    said["category"] = {"enum": list(directory.open_categories)}
    return {"type": "object", "properties": said, "required": ["text"], "additionalProperties": False}


def _summary(row: OrderRow) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in _SUMMARY},
        "class": row.order_class,
        "provisional": row.is_provisional,
    }


_SUMMARY = (
    "order_no",
    "stage",
    "ending",
    "round",
    "tier",
    "unit",
    "category",
    "channel",
    "kind",
    "subject",
    "community",
    "received_at",
    "promised_at",
    "due_at",
    "escalations",
    "overdue",
    "held",
)
_DETAIL = (
    "description",
    "confidential",
    "source_reference",
    "source_due_at",
    "received_by",
    "merged_into",
    "requester_left",
    "split_from",
)


def _attachment(row: AttachmentRow) -> AttachmentView:
    return AttachmentView(
        attachment_id=row.attachment_id,
        media_type=row.media_type,
        size=row.size,
        decision_id=row.decision_id,
        is_office=row.is_of_a_task,
        href=f"/api/v1/attachments/{row.attachment_id}",
    )


def _task(row: TaskRow, title: str, now: datetime) -> dict[str, Any]:
    of = kind_of(row.matter_no)
    known = of.tables.tasks.get(row.kind)
    return {
        "task_id": row.task_id,
        "order_no": _order_no(row.matter_no),
        "matter": matter_ref(row.matter_no, title),
        "kind": row.kind,
        "label": known.label if known else row.kind,
        "state": TaskState.WAITING
        if row.state == TaskState.OPEN and row.opened_at > now + CLOCK_SKEW
        else row.state,
        "unit": row.unit,
        "tier": row.tier,
        "role": row.role,
        "opened_at": row.opened_at,
        "due_at": row.due_at,
        "timeliness": timeliness(row.due_at, row.remind_at, now=now),
        "holder": row.holder,
        "not_by": row.not_by,
    }
