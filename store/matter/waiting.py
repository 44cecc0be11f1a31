"""What stands in the way of an automatic step: unheard decisions and actions, and a hold of the office."""

from sqlalchemy import Connection

from messages.matter.step import MatterAnswer, MatterStep
from store.matter.holding import as_notice, hold_in_force
from store.matter.said.unheard import pending_on


def in_the_way(connection: Connection, step: MatterStep) -> MatterAnswer | None:
    """Return what a matter has to hear before an automatic step; `None` if nothing stands in its way."""
    if pending := pending_on(connection, step.matter_no):
        return MatterAnswer(pending=tuple(pending))
    hold = None if step.facts.held else hold_in_force(connection, at=step.at)
    return MatterAnswer(hold=as_notice(hold)) if hold is not None else None
