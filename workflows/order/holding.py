"""Holding (全所暂停计时): in a storm or an outage no clock of the office runs; decisions are still taken.

Assumes the one door, which looks here before it looks at any clock. A hold ends by itself or by its release;
then every clock moves by what it stood still, and what rested meanwhile is not moved twice.
"""

from datetime import datetime

from temporalio import workflow

from workflows.order.ledger import Ledger
from workflows.order.state import HumanTask, State, Wait, Window

with workflow.unsafe.imports_passed_through():
    from domain.deadlines import Basis
    from domain.judgement import instant
    from domain.lifecycle import SYSTEM
    from messages.orders import OfficeHold
    from messages.signals import OrderAction


def hold_of(said: OrderAction) -> OfficeHold:
    """Read a hold from the action that ordered it; its fields were judged."""
    since, until = (instant(said.fields.get(name)) or workflow.now() for name in ("since", "until"))
    return OfficeHold(since=since, until=until)


def lift(hold: OfficeHold, state: State, ledger: Ledger, waits: tuple[Wait, ...]) -> None:
    """End the hold: move what it kept from running, and tell the store."""
    released = state.released_at
    state.hold = state.released_at = None
    ended = min(hold.until, released) if released else hold.until
    if released is None:
        ledger.event("OrderReleased", actor=SYSTEM, data={"at": str(ended)})
    if state.rest is None:
        began = max(hold.since, state.promise.since if state.promise else hold.since)
        if began < ended:
            ledger.move_promise(began, ended)
    for wait in waits:
        if isinstance(wait, HumanTask | Window):
            _move(ledger, wait, hold.since, ended)


def _move(ledger: Ledger, wait: HumanTask | Window, since: datetime, ended: datetime) -> None:
    deadline = wait.deadline
    asked = deadline.asked
    if asked is None or deadline.due_at is None or deadline.expired:
        return
    began = max(since, asked.since)
    if began >= ended:
        return
    deadline.asked = asked.model_copy(
        update={
            "basis": Basis.RESTED,
            "since": ended,
            "rested_from": began,
            "was_due": deadline.due_at,
            "was_provisional": deadline.is_provisional,
            "runs_by": asked.runs_by or asked.basis,
        }
    )
    ledger.clock(deadline.asked)
