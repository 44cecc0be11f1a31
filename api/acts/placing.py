"""Placing an order from any door: one transaction, then one try to start its workflow."""

from dataclasses import replace
from typing import Final

import structlog

from api.contract.intake import OrderBody
from api.errors import FieldError, Problem
from api.service import Service
from api.typed.phones import phone_keys
from runtime.temporal import TemporalAway
from store.database import Connection
from store.order.intake import NewOrder, OrderPlace, OrderRequester, Placed, ToStart, UnknownCode, place_order

RESIDENT_PAGES: Final = "resident-pages"
"""The client of orders that residents write on our pages; no key stands for it."""
DESK_PAGES: Final = "desk-pages"
"""The client of orders that staff write down for a resident; no key stands for it."""
_ALIKE: Final = (
    "channel",
    "kind",
    "subject",
    "description",
    "source_reference",
    "source_due_at",
    "confidential",
    "received_by",
    "category",
)
"""The fields that have the same name in a body and in the store."""
_log = structlog.get_logger("api")


def new_order(body: OrderBody, *, client_id: str, key: str) -> NewOrder:
    """Turn a body into the order that the store places."""
    return NewOrder(
        client_id=client_id,
        key=key,
        fingerprint=body.fingerprint(),
        place=OrderPlace(**body.place.model_dump()),
        requester=OrderRequester(**body.requester.model_dump()),
        attachments=tuple(body.attachments),
        **{name: getattr(body, name) for name in _ALIKE},
    )


async def place(service: Service, wanted: NewOrder) -> Placed:
    """Place an order, and start its workflow if Temporal answers in time; else the outbox keeps the start.

    Raises:
        Problem: 422, naming the field; 409 or 422 for a key that was used before.
    """
    async with service.in_flight.alone(wanted.client_id, wanted.key):
        placed = await _place(service, wanted)
        structlog.contextvars.bind_contextvars(order_no=placed.receipt.order_no)
        if placed.to_start is not None:
            await _start(service, placed.to_start)
            service.metrics.orders.labels(channel=wanted.channel).inc()
    if placed.replayed:
        service.metrics.replays.inc()
    return placed


async def _place(service: Service, wanted: NewOrder) -> Placed:
    findable = replace(wanted, phone_keys=phone_keys(service.secret, wanted.requester.phone or ""))

    def work(connection: Connection) -> Placed:
        return place_order(
            connection,
            findable,
            now=service.now(),
            policy_version=service.policy,
            desk=f"{service.public_url}/desk/orders",
        )

    try:
        return await service.write_once(work)
    except UnknownCode as error:
        raise Problem(
            422, error.code, str(error), errors=[FieldError(field=error.field, reason=str(error))]
        ) from error


async def _start(service: Service, wanted: ToStart) -> None:
    try:
        await service.orders.start(wanted.asked)
    except TemporalAway as error:
        service.metrics.starts_left.inc()
        _log.warning("start_left_to_reconcile", order_no=wanted.start.order_no, reason=str(error))
        return
    service.sent.add(wanted.outbox_id)
