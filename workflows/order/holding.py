"""Holding (全所暂停计时): in a storm or an outage no clock of the office runs; decisions are still taken.

Assumes the one door, which looks here before it looks at any clock. A hold ends by itself or by its release;
then every clock moves by what it stood still, and what rested meanwhile is not moved twice. Holds that follow each
other are taken one after the other, however late they are heard of.
"""

from datetime import datetime

from temporalio import workflow

from workflows.order.ledger import Ledger
from workflows.order.state import HumanTask, State, Wait, Window

with workflow.unsafe.imports_passed_through():
    from domain.judgement import instant
    from domain.lifecycle import SYSTEM
    from messages.orders import OfficeHold
    from messages.records import RestTaken
    from messages.signals import OrderAction


def hear(state: State, said: OrderAction) -> None:
    """Take a hold up behind those that are known; its fields were judged."""
    since, until = (instant(said.fields.get(name)) or workflow.now() for name in ("since", "until"))
    begin(state, OfficeHold(since=since, until=until))


def begin(state: State, hold: OfficeHold) -> None:
    """Let a hold be in force; of what an order hears twice, the rest that is new."""
    since = max((hold.since, *(known.until for known in state.holds)))
    if since < hold.until:
        state.holds.append(hold.model_copy(update={"since": since}))


def release(state: State, at: datetime) -> None:
    """End the hold that was in force then; a release that comes after the hold's own end changes nothing."""
    for number, hold in enumerate(state.holds):
        if hold.since <= at < hold.until:
            state.holds[number] = hold.model_copy(update={"until": at, "released": True})


def lift(state: State, ledger: Ledger, waits: tuple[Wait, ...]) -> None:
    """End the hold: move what it kept from running, and tell the store."""
    hold = state.holds.pop(0)
    if not hold.released:
        ledger.event("OrderReleased", actor=SYSTEM, data={"at": str(hold.until)})
    if state.rest is None:
        ledger.rested(max(hold.since, ledger.received_at), hold.until)
    for wait in waits:
        if isinstance(wait, HumanTask | Window):
            _move(ledger, wait, hold.since, hold.until)


def _move(ledger: Ledger, wait: HumanTask | Window, since: datetime, ended: datetime) -> None:
    deadline = wait.deadline
    asked = deadline.asked
    if asked is None or deadline.due_at is None or deadline.expired:
        return
    began = max(since, asked.runs_from)
    if began >= ended:
        return
    deadline.asked = asked.model_copy(update={"rests": (*asked.rests, RestTaken(began=began, ended=ended))})
    ledger.clock(deadline.asked)
