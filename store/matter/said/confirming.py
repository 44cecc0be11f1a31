"""Answers for a matter about a signal without the store's seal: its codes, and whether it really was kept here.

They tell a forged signal from one whose key has changed since its matter began (ADR-0028).
"""

from sqlalchemy import Connection

from messages.office.directory import LookedUp, LookUp
from messages.seals import digest
from store.matter.said.unheard import pending_on
from store.office.directory import look_up


def looked_up(connection: Connection, asked: LookUp) -> LookedUp:
    """Look up codes, and find which of the claims match pending rows of this matter word for word."""
    kept: tuple[str, ...] = ()
    if asked.claims:
        pending = pending_on(connection, asked.matter_no)
        known = {said.said_id: digest(asked.matter_no, said.model_dump(mode="json")) for said in pending}
        kept = tuple(each.said_id for each in asked.claims if known.get(each.said_id) == each.digest)
    return LookedUp(vouched=look_up(connection, asked), kept=kept)
