"""A matter as operators see it in the Temporal UI: search attributes, and the units that it waits for.

Never a person's data: codes, ids and instants only.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate

from workflows.matter.state import HumanTask, MatterState

with workflow.unsafe.imports_passed_through():
    from domain.calendar.instants import local
    from domain.matter.tasks import FieldType, Task
    from messages import search_attributes as keys
    from messages.names import COMPLETE_TASK, LONG_HISTORY, NAMESPACE


def updates(changed: Mapping[str, Any]) -> list[SearchAttributeUpdate[Any]]:
    """Turn changed values into one upsert."""
    return [
        keys.KEYS[name].value_unset() if value is None else keys.KEYS[name].value_set(value)
        for name, value in changed.items()
    ]


def task_timer(task: HumanTask, label: str) -> str:
    """Return a name for a task's timer, for people: the task, its unit, and whether it reminds or ends."""
    what = "due 到期" if task.deadline.remind_at is None else "reminder 预警"
    return f"{task.kind} {label} · {task.unit} · {what}"


def details(
    state: MatterState,
    tasks: Mapping[str, Task],
    *,
    title: str,
    page: str,
    workflow_id: str,
    unit: str,
    ended: str | None,
) -> str:
    """Say in Markdown which unit a matter waits for, until when, and how an operator can decide for it.

    `title` names the matter and its stage. `unit`: a unit that an example may name. `ended`: the matter's
    ending.
    """
    lines = [f"{title} · [its page]({page})" if page else title]
    if (length := workflow.info().get_current_history_length()) >= LONG_HISTORY:
        lines.append(f"\n**Its history is long**: {length} events; see the runbook.")
    for task in state.open_tasks.values():
        lines += ["", *_task_lines(task, tasks[task.kind], workflow_id=workflow_id, unit=unit)]
    if not state.open_tasks:
        lines.append(f"\nNobody has to act: {ended or state.stage}.")
    lines += _what_was_not_taken(state)
    return "\n".join(lines)


def _what_was_not_taken(state: MatterState) -> Iterator[str]:
    if state.refused:
        last = state.refused[-1]
        yield f"\nRefused signals: {state.refusals}; last: `{last.signal}` {last.code}: {last.reason}"
    if state.ignored:
        yield f"\nNot heard: {state.ignored} signals typed by hand, since too many came before."


def _task_lines(task: HumanTask, row: Task, *, workflow_id: str, unit: str) -> list[str]:
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
    signal = f"temporal workflow signal -n {NAMESPACE} -w {workflow_id} --name {COMPLETE_TASK}"
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
