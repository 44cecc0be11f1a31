"""Steps of an order as a workflow records them."""

from messages.matter.step import EventRecord
from messages.order.step import OrderFacts, RecordStep
from tests.support.office import now


def first_step(order_no: str, run_id: str, *, actor: str = "system") -> RecordStep:
    """Build a step as a workflow records it first."""
    return RecordStep(
        order_no=order_no,
        run_id=run_id,
        seq=1,
        at=now(),
        policy="standard",
        order=OrderFacts(stage="classification", tier="street", unit="street"),
        open_tasks=(),
        next_event=2,
        events=(EventRecord(seq=2, at=now(), type="OrderReferred", actor=actor),),
    )
