"""What operators see of an order in the Temporal UI: search attributes, and whom it waits for.

Never a person's data: codes, ids and instants only.
"""

import json
from collections.abc import Mapping
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate

from workflows.order.state import HumanTask, Led, Rest, State, Wait, Window

with workflow.unsafe.imports_passed_through():
    from domain.calendar.instants import local
    from domain.matter.tasks import FieldType
    from domain.office.words import Tier
    from domain.order.lifecycle import TASKS, TaskKind
    from domain.order.words import Stage
    from messages import search_attributes as keys
    from messages.names import COMPLETE_TASK, LONG_HISTORY, NAMESPACE, order_workflow_id
    from messages.order.workflow import StartOrder

_KEYS: Mapping[str, Any] = {
    key.name: key
    for key in (
        keys.STAGE,
        keys.TIER,
        keys.UNIT,
        keys.CLASS,
        keys.CATEGORY,
        keys.DUE_AT,
        keys.ESCALATIONS,
        keys.OVERDUE,
    )
}


def shown_at_start(start: StartOrder) -> Mapping[str, Any]:
    """Give the attributes that the starter set."""
    return {
        "Stage": Stage.FIRST_CONTACT.value,
        "Tier": Tier.STREET.value,
        "Unit": start.first_task.unit,
        "Class": None,
        "Category": start.category,
        "DueAt": start.first_task.due_at,
        "Escalations": 0,
        "Overdue": False,
    }


def shown(state: State) -> Mapping[str, Any]:
    """Give the attributes as they should stand now."""
    return {
        "Stage": state.stage.value,
        "Tier": state.tier.value,
        "Unit": state.unit,
        "Class": state.order_class.value if state.order_class else None,
        "Category": state.category,
        "DueAt": state.due_at,
        "Escalations": state.escalations,
        "Overdue": state.overdue,
    }


def updates(changed: Mapping[str, Any]) -> list[SearchAttributeUpdate[Any]]:
    """Turn changed values into one upsert."""
    return [
        _KEYS[name].value_unset() if value is None else _KEYS[name].value_set(value)
        for name, value in changed.items()
    ]


def timer_summary(task: Wait, *, reminder: bool) -> str:
    """Name a timer for people: whose limit, and whether it reminds or ends it."""
    if isinstance(task, Rest):
        return "the resident's answer · 等居民补充" if task.asks else "pause · 暂停"
    if isinstance(task, Window):
        return "reopening window · 重开期限"
    if isinstance(task, Led):
        return "the leading order's answer · 等主办工单答复"
    what = "reminder 预警" if reminder else "due 到期"
    return f"{task.kind} {TASKS[task.kind].label} · {task.unit} · {what}"


def details(start: StartOrder, state: State) -> str:
    """Say in Markdown whom the order waits for, until when, and how an operator can decide for them."""
    lines = [f"**Order {start.order_no}** · stage `{state.stage}` · round {state.round}"]
    if start.page:
        lines[0] += f" · [the order's page]({start.page})"
    unit = state.routing.first.code
    if (length := workflow.info().get_current_history_length()) >= LONG_HISTORY:
        lines.append(f"\n**Its history is long**: {length} events; see the runbook.")
    for task in state.open_tasks.values():
        lines += ["", *_task_lines(start.order_no, task, unit=unit)]
    if not state.open_tasks:
        lines.append(f"\nNobody has to act: {state.ending or state.stage}.")
    if state.refused:
        last = state.refused[-1]
        lines.append(f"\nRefused signals: {state.refusals}; last: `{last.signal}` {last.code}: {last.reason}")
    if state.ignored:
        lines.append(f"\nNot heard: {state.ignored} signals typed by hand, since too many came before.")
    return "\n".join(lines)


def _task_lines(order_no: str, task: HumanTask, *, unit: str) -> list[str]:
    row = TASKS[TaskKind(task.kind)]
    due = local(task.deadline.due_at).strftime("%Y-%m-%d %H:%M:%S %z") if task.deadline.due_at else "soon"
    late = " (**passed**)" if task.deadline.expired else ""
    outcomes = ", ".join(f"`{outcome.name}` {outcome.label}" for outcome in row.outcomes)
    example = {
        "task_id": task.task_id,
        "decision_id": f"ops-{task.task_id}",
        "actor": "USERNAME",
        "outcome": row.outcomes[0].name,
        "fields": {
            each.name: unit if each.type is FieldType.UNIT else each.codes[0]
            for each in row.outcomes[0].fields
            if each.required and (each.codes or each.type is FieldType.UNIT)
        },
        "comment": "TEXT",
    }
    signal = (
        f"temporal workflow signal -n {NAMESPACE} -w {order_workflow_id(order_no)} --name {COMPLETE_TASK}"
    )
    return [
        f"Waits for **{task.unit}** ({task.role}) to finish **{row.label} {task.kind}** until {due}{late}.",
        "",
        # Inline, and with room below: the Temporal UI shows no code blocks and cuts the last lines off.
        f"To decide for them: `{signal} --input '{json.dumps(example)}'`",
        "",
        f"Outcomes: {outcomes}. When nobody acts: {row.on_expiry}.",
        "",
        "—",
    ]
