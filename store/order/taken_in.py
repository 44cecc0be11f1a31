"""An order as it stands before its workflow has recorded anything: written by the intake, and by rebuilding."""

from collections.abc import Mapping
from typing import Any, Final

from domain.doors import Via
from domain.office.words import Tier
from domain.order.events import EventName
from domain.order.words import Stage
from messages.matter.tasks import OpenTask

INTAKE_RUN: Final = "intake"
"""The run id under which the intake writes event number 1, before any workflow exists."""


def received_event(
    *, order_no: str, client_id: str, first: OpenTask, data: Mapping[str, str | None]
) -> dict[str, Any]:
    """Make the row of an order's event number 1."""
    return {
        "matter_no": order_no,
        "run_id": INTAKE_RUN,
        "seq": 1,
        "at": first.opened_at,
        "type": EventName.ORDER_RECEIVED,
        "actor": client_id,
        "via": Via.CHANNEL,
        "task_id": first.task_id,
        "data": {key: value for key, value in data.items() if value},
        "abandoned": False,
    }


def matter_as_taken_in(first: OpenTask, *, held: bool) -> dict[str, Any]:
    """Return an order's matter as it stands before its workflow has recorded anything."""
    return {
        "stage": Stage.FIRST_CONTACT,
        "tier": Tier.STREET,
        "unit": first.unit,
        "promised_at": None,
        "due_at": first.due_at,
        "escalations": 0,
        "overdue": False,
        "held": held,
        "run_id": None,
        "recorded_seq": 0,
        "recorded_at": None,
    }


def as_taken_in(first: OpenTask, *, category: str | None) -> dict[str, Any]:
    """Return an order's own facts as they stand before its workflow has recorded anything."""
    return {
        "category": category,
        "ending": None,
        "round": 1,
        "class": None,
        "promise_is_provisional": False,
        "is_provisional": first.is_provisional,
        "reclassified": False,
        "reopened": False,
        "handled_by": None,
        "merged_into": None,
        "requester_left": False,
    }
