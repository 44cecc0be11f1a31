"""The answer of the query `status`: the order, its open tasks, and the signals that it refused."""

from temporalio import workflow

from workflows.matter.judge import refused_unheard
from workflows.matter.state import HumanTask
from workflows.order.state import State

with workflow.unsafe.imports_passed_through():
    from messages.matter.tasks import TaskStatus
    from messages.order.workflow import OrderStatus, StartOrder


def status(start: StartOrder, state: State) -> OrderStatus:
    """Return how an order stands."""
    return OrderStatus.model_validate(
        {
            "order_no": start.order_no,
            "stage": state.stage,
            "ending": state.ending,
            "round": state.round,
            "tier": state.tier,
            "unit": state.unit,
            "class": state.order_class,
            "category": state.category,
            "received_at": start.received_at,
            "promised_at": state.promised_at,
            "due_at": state.due_at,
            "escalations": state.escalations,
            "overdue": state.overdue,
            "provisional": state.is_provisional,
            "held": state.hold is not None,
            "tasks": tuple(_shown(start, state, each) for each in state.open_tasks.values()),
            "refusals": (*state.refused, *refused_unheard(state)),
        }
    )


def _shown(start: StartOrder, state: State, task: HumanTask) -> TaskStatus:
    return task.shown(start.order_no, rests=state.rest is not None and task.deadline.stands_still)
