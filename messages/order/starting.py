"""The request to start an order's workflow, as the outbox stores it."""

from domain.office.words import Tier
from domain.order.words import Stage
from messages import names
from messages.matter.outbox import StartMatter
from messages.order.workflow import StartOrder


def starting(order: StartOrder) -> StartMatter:
    """Return the request by which Temporal starts an order, without attributes that are not known yet."""
    given = order.model_dump(mode="json")
    attributes = {
        "Stage": Stage.FIRST_CONTACT,
        "Tier": Tier.STREET,
        "Unit": order.first_task.unit,
        "Community": order.community,
        "Channel": order.channel,
        "Category": order.category,
        "DueAt": given["first_task"]["due_at"] or given["received_at"],
        "Escalations": 0,
        "Overdue": False,
    }
    return StartMatter(
        workflow_type=names.ORDER,
        workflow_id=names.order_workflow_id(order.order_no),
        input=given,
        attributes={name: value for name, value in attributes.items() if value is not None},
        summary=f"订单 {order.order_no} · {order.channel} · {order.category or '未分类'}",
        details=f"[The order's page]({order.page}). What it waits for: Current Details.",
    )
