"""Decisions and actions from every door: kept in one transaction, sent after it, then awaited if the caller asks."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from api.acts.seeing import no_such_order
from api.security import scope_of, uploader_of
from api.service import Service
from domain.doors import Via
from domain.matter.judging import DecisionStatus
from domain.office.permissions import Permission
from store.database import Connection
from store.matter.said.decisions import Actor, Decision, Submitted, find
from store.office.people import Staff
from store.order import finding
from store.order.said.decisions import submit_action


async def act_on(
    service: Service, order_no: str, who: Staff, action: str, fields: Mapping[str, Any], action_id: str
) -> Submitted:
    """Keep an action on an order that the member of staff can reach, and send it.

    Raises:
        Problem: 404, there is no such order within reach.
    """

    def work(connection: Connection) -> Submitted:
        if finding.find_order(connection, order_no, scope_of(who, Permission.ACT_ON_ORDERS)) is None:
            raise no_such_order(order_no)
        return submit_action(
            connection,
            order_no=order_no,
            action_id=action_id,
            action=action,
            fields=fields,
            actor=Actor(name=who.username, via=Via.STAFF, staff=who),
            now=service.now(),
            uploaders=[uploader_of(who)],
        )

    return await keep(service, work)


async def keep(service: Service, work: Callable[[Connection], Submitted]) -> Submitted:
    """Keep a decision or action, and send it if it is new."""
    submitted = await service.write_once(work)
    if submitted.said is not None and submitted.outbox_id is not None:
        service.metrics.decisions.labels(name=submitted.row.name).inc()
        await service.send(submitted.row.matter_no, submitted.said, submitted.outbox_id)
    return submitted


_FIRST_LOOK = timedelta(milliseconds=40)

_LONGEST_PAUSE = timedelta(milliseconds=250)


async def settled(service: Service, row: Decision, wait: timedelta) -> Decision:
    """Read the row again until `record` has settled it or the time is up, and return it."""

    def look(connection: Connection) -> Decision:
        return find(connection, decision_id) or row

    decision_id, pause = row.decision_id, _FIRST_LOOK
    try:
        async with asyncio.timeout(wait.total_seconds()):
            while row.status is DecisionStatus.PENDING:
                await asyncio.sleep(pause.total_seconds())
                pause = min(pause * 1.5, _LONGEST_PAUSE)
                row = await service.read(look)
    except TimeoutError:
        pass
    return row
