"""A duty as operators see it in the Temporal UI: search attributes, names of timers, and details."""

from collections.abc import Mapping
from typing import Any

from temporalio import workflow

from workflows.duty.state import DutyState, Mark
from workflows.matter import visibility
from workflows.matter.state import HumanTask, Wait

with workflow.unsafe.imports_passed_through():
    from domain.duty.deadlines import DutyBasis
    from domain.duty.lifecycle import DUTY_TASKS
    from messages.duty.workflow import StartDuty
    from messages.names import workflow_id_of

_MARKS = {
    DutyBasis.SHORTAGE: "shortage is told · 缺口预警",
    DutyBasis.LAST_ENTRY: "the last late entry · 补录截止",
}


def duty_shown_at_start(start: StartDuty) -> Mapping[str, Any]:
    """Return the attributes that the starter set."""
    return duty_shown(DutyState.of(start))


def duty_shown(state: DutyState) -> Mapping[str, Any]:
    """Return the attributes as they should be now."""
    return {
        "Stage": state.stage.value,
        "Tier": state.tier.value,
        "Unit": state.unit,
        "DueAt": state.due_at,
        "Escalations": state.escalations,
        "Overdue": state.overdue,
    }


def duty_timer(wait: Wait) -> str:
    """Return a name for a timer, for people: its task or mark, and whether it reminds or ends."""
    match wait:
        case Mark():
            return _MARKS[wait.basis]
        case HumanTask():
            return visibility.task_timer(wait, DUTY_TASKS[wait.kind].label)
        case _:
            return wait.key


def duty_details(start: StartDuty, state: DutyState) -> str:
    """Say in Markdown which unit the duty waits for, until when, and how an operator can decide for it."""
    where = f"{start.community} {start.period} · stage `{state.stage}`"
    return visibility.details(
        state,
        DUTY_TASKS,
        title=f"**{start.duty_kind} {start.duty_no}** · {where}",
        page=start.page,
        workflow_id=workflow_id_of(start.duty_no),
        unit=start.community,
        ended=state.ending,
    )
