"""What the office itself tells orders: a hold, its end, a year announced, an order that joins them.

Assumes the transaction of what it tells of; the actions wait in the outbox like any other.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from domain.actions import ActionName
from domain.lifecycle import SYSTEM
from domain.orders import Via
from store.decisions import Actor, Refused, submit_action


def system_id(*parts: str | int) -> str:
    """Make an id of the office's own: with a space in it, which no key of the API has."""
    return " ".join(map(str, parts))


def tell(
    connection: Connection,
    order_nos: Sequence[str],
    action: ActionName,
    *,
    key: str,
    fields: Mapping[str, str],
    now: datetime,
) -> int:
    """Send an action of the office's own to many orders, once each; gives to how many.

    One that was archived since it was listed needs to hear nothing.
    """
    told = 0
    for order_no in order_nos:
        try:
            submit_action(
                connection,
                order_no=order_no,
                action_id=system_id(key, order_no),
                action=action,
                fields=fields,
                actor=Actor(name=SYSTEM, via=Via.SYSTEM),
                now=now,
            )
        except Refused as refused:
            if refused.refusal.code != "wrong_stage":
                raise
        else:
            told += 1
    return told
