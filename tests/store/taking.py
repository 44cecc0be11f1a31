"""Orders that are taken in and carried on step by step, and their rows in the store."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, text

from domain.order.policy import PolicyBook
from messages.matter.step import (
    ClockRequest,
    EventRecord,
    TaskClosed,
    TaskOpened,
)
from messages.order.step import OrderAnswer, OrderFacts, OrderStep
from messages.order.workflow import StartOrder
from store.database import Store
from store.order import intake
from store.order import step as projections
from tests.support.office import new_order, now, plain


def take(store: Store, **changes: Any) -> StartOrder:
    with store.write() as connection:
        placed = intake.place_order(
            connection,
            new_order(**changes),
            now=now(),
            policy_version="standard",
            desk="",
        )
    assert placed.to_start is not None
    return placed.to_start.start


def rows(store: Store, statement: str, **parameters: Any) -> list[Any]:
    with store.read() as connection:
        return [tuple(map(plain, row)) for row in connection.execute(text(statement), parameters).all()]


def step_of(start: StartOrder, **changes: Any) -> OrderStep:
    """Build the step that refers an order and opens the desk's task."""
    at = changes.pop("at", start.received_at + timedelta(minutes=1))
    desk = TaskOpened(
        task_id=f"{start.order_no}-2-TEST",
        kind="classify",
        unit="street",
        tier="street",
        role="street_desk",
        opened_at=at,
    )
    values: dict[str, Any] = {
        "matter_no": start.order_no,
        "run_id": "run-1",
        "seq": 1,
        "at": at,
        "policy": "standard",
        "facts": OrderFacts(stage="classification", tier="street", unit="street"),
        "open_tasks": (desk.task_id,),
        "next_event": 2,
        "events": (EventRecord(seq=2, at=at, type="OrderReferred", actor="system"),),
        "opened": (desk,),
        "closed": (
            TaskClosed(
                task_id=start.first_task.task_id, state="done", outcome="refer", actor="duty-1", at=at
            ),
        ),
        "clocks": (ClockRequest(key=desk.task_id, basis="desk", since=at),),
    }
    return OrderStep(**{**values, **changes})


def answer_of(
    connection: Connection, step: OrderStep, book: PolicyBook, takes_over: str | None = None
) -> OrderAnswer:
    return projections.write_step(connection, step, book, takes_over=takes_over).answer
