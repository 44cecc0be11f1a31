"""Turning what the store hands out into the contract's shapes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from api.contract.attachments import AttachmentView
from api.contract.staff import (
    DecisionView,
    EventView,
    OrderDetail,
    OrderSummary,
    OutcomeView,
    RefusalView,
    TaskDetail,
    TaskView,
)
from domain.matter.tasks import (
    ID_PATTERN,
    MAX_ATTACHMENTS,
    MAX_ORDER_NO,
    MAX_PARTS,
    MAX_TEXT,
    Field,
    FieldType,
    TaskState,
)
from domain.matter.timeliness import CLOCK_SKEW, timeliness
from domain.office.directory import Directory
from domain.order.lifecycle import TASKS, TaskKind, outcomes_of
from domain.order.lines.contacts import masked_address, masked_contact, masked_line
from store.attachment.rows import AttachmentRow
from store.matter.rows import EventRow, TaskRow
from store.matter.said.decisions import UNFINISHED, Decision
from store.order.rows import OrderRow


def task_view(row: TaskRow, *, now: datetime) -> TaskView:
    """Show a task in a list."""
    return TaskView(**_task(row, now))


def task_detail(row: TaskRow, *, directory: Directory, now: datetime) -> TaskDetail:
    """Show a task with the forms of its outcomes."""
    is_open = row.state in UNFINISHED
    offered = outcomes_of(TaskKind(row.kind), without=row.withheld) if is_open else ()
    return TaskDetail(
        **_task(row, now),
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
    """Show an order in a list: numbers of people in its subject are masked."""
    return OrderSummary.model_validate({**_summary(row), "subject": masked_line(row.subject)})


def order_detail(
    row: OrderRow,
    *,
    tasks: Sequence[TaskRow],
    refusals: Sequence[EventRow],
    requester: Mapping[str, str],
    attachments: Sequence[AttachmentRow],
    shows_place: bool,
    now: datetime,
) -> OrderDetail:
    """Show an order whole, but for who asked: a contact is masked until somebody says why they need it."""
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
            "attachments": [_attachment(each) for each in attachments],
            "tasks": [task_view(each, now=now) for each in tasks],
            "refusals": [
                RefusalView(
                    at=each.at,
                    signal=each.data["signal"],
                    actor=each.actor,
                    via=each.via,
                    code=each.data["code"],
                    reason=each.data["reason"],
                    decision_id=each.data.get("decision_id"),
                )
                for each in refusals
            ],
            "undelivered_messages": row.undelivered,
            "logged_messages": row.logged,
        }
    )


def event_view(row: EventRow, *, with_texts: bool) -> EventView:
    """Show an event; the texts of decisions are the office's own."""
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


def decision_view(row: Decision) -> DecisionView:
    """Show what became of a decision."""
    return DecisionView(
        decision_id=row.decision_id,
        order_no=row.matter_no,
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
    """Say where a decision is read."""
    return f"/api/v1/decisions/{quote(decision_id, safe='')}"


def schema_of(fields: Sequence[Field], directory: Directory) -> dict[str, Any]:
    """Write the JSON Schema of an outcome's or action's fields from the lifecycle table, with the codes now open."""
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
        case FieldType.ATTACHMENTS:
            ids = {"type": "string", "pattern": ID_PATTERN}
            kind = {"type": "array", "items": ids, "maxItems": MAX_ATTACHMENTS, "uniqueItems": True}
        case FieldType.UNITS:
            kind = {"type": "array", "items": {"enum": list(directory.handling_units)}, "uniqueItems": True}
        case FieldType.ORDER:
            kind = {"type": "string", "minLength": 1, "maxLength": MAX_ORDER_NO}
        case FieldType.PARTS:
            text = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
            part = {"text": text, "category": {"enum": list(directory.open_categories)}}
            items = {
                "type": "object",
                "properties": part,
                "required": ["text"],
                "additionalProperties": False,
            }
            kind = {"type": "array", "items": items, "minItems": 1, "maxItems": MAX_PARTS}
        case FieldType.TEXT:
            kind = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
    return {"title": each.label, **kind}


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
        href=f"/api/v1/attachments/{row.attachment_id}",
    )


def _task(row: TaskRow, now: datetime) -> dict[str, Any]:
    return {
        "task_id": row.task_id,
        "order_no": row.matter_no,
        "kind": row.kind,
        "label": TASKS[TaskKind(row.kind)].label,
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
