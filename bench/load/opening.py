"""Opening many orders quickly: the store's own functions take them in, and they are started like any other."""

import asyncio
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bench.places import Place, rate
from domain.calendar.workdays import wall_time
from domain.order.policy import STANDARD
from messages.order.starting import starting
from messages.order.workflow import StartOrder
from runtime.temporal import Orders
from store.database import WriteConflict
from store.matter import outbox
from store.order.intake import NewOrder, OrderPlace, OrderRequester, place_order

_TOGETHER = 100
_PATIENCE = timedelta(seconds=30)


async def open_orders(
    place: Place, count: int, *, due_at: Callable[[int], datetime] | None = None
) -> list[str]:
    """Open orders that wait for their first contact, each due at `due_at` of its number; return their numbers.

    With `due_at`, an order counts as received one limit of the first contact before it is due.
    """
    starts: list[StartOrder] = []
    for first in range(0, count, _TOGETHER):
        numbers = range(first, min(first + _TOGETHER, count))
        try:
            starts += await asyncio.to_thread(_take, place, numbers, due_at)
        except WriteConflict:
            # Among tens of thousands on one day, a number may be drawn twice: try again, as the API does.
            starts += await asyncio.to_thread(_take, place, numbers, due_at)
    orders = Orders(place.client)
    await rate(count, lambda number: orders.start(starting(starts[number]), limit=_PATIENCE))
    return [each.order_no for each in starts]


def _take(place: Place, numbers: range, due_at: Callable[[int], datetime] | None) -> list[StartOrder]:
    starts, outbox_ids = [], []
    with place.store.write() as connection:
        for number in numbers:
            now = due_at(number) - wall_time(STANDARD.first_contact) if due_at else datetime.now(UTC)
            placed = place_order(
                connection,
                request(),
                now=now,
                policy_version=STANDARD.version,
                desk="http://localhost",
            )
            assert placed.to_start is not None
            starts.append(placed.to_start.start)
            outbox_ids.append(placed.to_start.outbox_id)
        # This program starts them next. `Reconcile` must find nothing to do, or it would load the worker.
        outbox.mark_sent(connection, outbox_ids, now=datetime.now(UTC))
    return starts


def request() -> NewOrder:
    """Build an ordinary request."""
    return NewOrder(
        client_id="demo-hotline",
        key=uuid.uuid4().hex,
        fingerprint="0" * 64,
        channel="hotline",
        kind="complaint",
        subject=None,
        description="路边停放多辆废弃车辆，长期无人处理，请尽快清走。",
        source_reference=None,
        source_due_at=None,
        confidential=False,
        received_by=None,
        category=None,
        place=OrderPlace(community="community-03"),
        requester=OrderRequester(phone="000-0000"),
    )
