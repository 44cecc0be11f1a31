"""Steps of an order as a workflow records them."""

from messages.matter.step import EventRecord
from messages.order.step import OrderFacts, OrderStep
from tests.support.office import now


def first_step(order_no: str, run_id: str, *, actor: str = "system") -> OrderStep:
    """Build the first step that a workflow records."""
    return OrderStep(
        matter_no=order_no,
        run_id=run_id,
        seq=1,
        at=now(),
        policy="standard",
        facts=OrderFacts(stage="classification", tier="street", unit="street"),
        open_tasks=(),
        next_event=2,
        events=(EventRecord(seq=2, at=now(), type="OrderReferred", actor=actor),),
    )
