"""Holding (全所暂停计时): in a storm or an outage no clock of the office runs; decisions are still taken.

Assumes the one door, which looks here before it looks at any clock. A hold is known by its beginning, which
may lie ahead; from then on it is `state.hold`. It ends by itself or by its release. Then every clock moves by
the time that it stood still, and time in a rest is not counted twice. Holds in a row are taken one after the
other, however late the matter hears of them.
"""

from datetime import datetime
from typing import Any

from temporalio import workflow

from workflows.matter.ledger import Ledger
from workflows.matter.state import KeptHold, MatterState, Wait

with workflow.unsafe.imports_passed_through():
    from domain.calendar.instants import instant
    from domain.matter.events import MatterEvent
    from domain.matter.tasks import SYSTEM
    from messages.matter.signals import MatterAction
    from messages.matter.tasks import OfficeHold


def hear(state: MatterState, said: MatterAction) -> None:
    """Take a hold from a signal, once; its fields were judged before."""
    since, until = (instant(said.fields.get(name)) or workflow.now() for name in ("since", "until"))
    if since not in state.holds_heard:
        expect(state, OfficeHold(since=since, until=until))


def expect(state: MatterState, hold: OfficeHold) -> None:
    """Keep a hold until it begins, without the time that another hold covers."""
    state.holds_heard.add(hold.since)
    known = [*((state.hold,) if state.hold else ()), *state.holds]
    since = max((hold.since, *(each.until for each in known if each.since <= hold.since)))
    since = max(since, state.held_until or since)
    until = min((hold.until, *(each.since for each in known if each.since > hold.since)))
    if since < until:
        state.holds.append(KeptHold(since=since, until=until, known_by=hold.since))
        state.holds.sort(key=lambda each: each.since)


def release(state: MatterState, said: MatterAction) -> None:
    """End the hold in force, or cancel the one that is known by `since`; a hold that is over stays as it is."""
    at = instant(said.fields.get("at")) or workflow.now()
    since = instant(said.fields.get("since"))
    if since is not None:
        # If the signal of that hold arrives only later, it is ignored: the hold has been lifted.
        state.holds_heard.add(since)
    if state.hold is not None and _is_meant(state.hold, since, at):
        state.hold = _released(state.hold, at)
    state.holds = [_released(each, at) if _is_meant(each, since, at) else each for each in state.holds]
    state.holds = [each for each in state.holds if each.since < each.until]


def begin(state: MatterState, ledger: Ledger[Any, Any]) -> None:
    """Start the next hold once its time has come."""
    if state.hold is None and state.holds and state.holds[0].since <= workflow.now():
        state.hold = state.holds.pop(0)
        ledger.event(MatterEvent.HELD, actor=SYSTEM, data=_between(state.hold))


def lift(state: MatterState, ledger: Ledger[Any, Any], hold: OfficeHold, waits: tuple[Wait, ...]) -> None:
    """End the hold in force: move the clocks that it stopped, and tell the store."""
    state.hold, state.held_until = None, hold.until
    ledger.event(MatterEvent.RELEASED, actor=SYSTEM, data={"at": str(hold.until)})
    for wait in waits:
        if wait.is_moved:
            _move(ledger, wait, hold.since, hold.until)


def _is_meant(hold: KeptHold, since: datetime | None, at: datetime) -> bool:
    return hold.since <= at < hold.until if since is None else hold.known_by == since and at < hold.until


def _released(hold: KeptHold, at: datetime) -> KeptHold:
    return hold.model_copy(update={"until": max(at, hold.since)})


def _between(hold: OfficeHold) -> dict[str, str]:
    return {"since": str(hold.since), "until": str(hold.until)}


def _move(ledger: Ledger[Any, Any], wait: Wait, since: datetime, ended: datetime) -> None:
    deadline = wait.deadline
    asked = deadline.asked
    if asked is None or deadline.due_at is None or deadline.expired:
        return
    moved = asked.rested(since, ended)
    if moved is not asked:
        deadline.asked = moved
        ledger.clock(moved)
