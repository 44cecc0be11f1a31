"""An order as operators see it in the Temporal UI: search attributes, names of timers, and details."""

from collections.abc import Mapping
from typing import Any, assert_never

from temporalio import workflow

from workflows.matter import visibility
from workflows.matter.state import HumanTask
from workflows.order.state import Led, OrderWait, Rest, State, Window

with workflow.unsafe.imports_passed_through():
    from domain.office.words import Tier
    from domain.order.lifecycle import TASKS
    from domain.order.words import Stage
    from messages.names import order_workflow_id
    from messages.order.workflow import StartOrder


def shown_at_start(start: StartOrder) -> Mapping[str, Any]:
    """Return the attributes that the starter set."""
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
    """Return the attributes as they should be now."""
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


def timer_summary(wait: OrderWait) -> str:
    """Return a name for a timer, for people: its wait, and whether it reminds or ends."""
    match wait:
        case Rest():
            return "the resident's answer · 等居民补充" if wait.asks else "pause · 暂停"
        case Window():
            return "reopening window · 重开期限"
        case Led():
            return "the leading order's answer · 等主办工单答复"
        case HumanTask():
            return visibility.task_timer(wait, TASKS[wait.kind].label)
        case _:
            assert_never(wait)


def details(start: StartOrder, state: State) -> str:
    """Say in Markdown which unit the order waits for, until when, and how an operator can decide for it."""
    return visibility.details(
        state,
        TASKS,
        title=f"**Order {start.order_no}** · stage `{state.stage}` · round {state.round}",
        page=start.page,
        workflow_id=order_workflow_id(start.order_no),
        unit=state.routing.first.code,
        ended=state.ending,
    )
