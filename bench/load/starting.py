"""A raw `start_workflow`: the same workflow with an input of the same size, as barely as the SDK allows."""

from datetime import UTC, datetime, timedelta

from temporalio.client import Client

from domain.office.first_directory import FIRST
from messages.matter.tasks import OpenTask
from messages.names import TASK_QUEUE
from messages.office.directory import Routing
from messages.order.workflow import StartOrder


async def start_raw(client: Client, number: str) -> None:
    """Start the workflow of an order that nobody placed."""
    await client.start_workflow("Order", _input(number), id=f"bare-{number}", task_queue=TASK_QUEUE)


def _input(number: str) -> StartOrder:
    now = datetime.now(UTC)
    task = OpenTask(
        task_id=number,
        kind="first_contact",
        unit="street",
        tier="street",
        role="duty_officer",
        opened_at=now,
        due_at=now + timedelta(hours=2),
        remind_at=now + timedelta(hours=1),
    )
    return StartOrder(
        order_no=number,
        policy="standard",
        channel="hotline",
        community="community-03",
        received_at=now,
        can_be_called=True,
        first_task=task,
        routing=Routing.of(FIRST, category=None, community="community-03"),
    )
