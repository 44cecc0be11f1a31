"""`POST /orders`: one transaction, then one try to start the order's workflow."""

from typing import Any

import structlog
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from api.errors import FieldError, Problem, problems
from api.intake.models import OrderBody, OrderPlaced
from api.keys import RequiredKeyHeader, required_key
from api.security import ChannelDep
from api.service import Service, ServiceDep
from runtime.temporal import TemporalAway
from store.credentials import Client
from store.database import Connection
from store.intake import NewOrder, Placed, Receipt, UnknownCode, UnknownOfficer, place_order

router = APIRouter(tags=["intake"])
_log = structlog.get_logger("api")

MAX_BODY = 64 * 1024
"""Longest body of an order, in bytes."""


@router.post(
    "/orders",
    status_code=201,
    response_model=OrderPlaced,
    max_body_size=MAX_BODY,
    responses={
        200: {
            "model": OrderPlaced,
            "description": "This source_reference stands for an order already: the same one",
        },
        **problems(401, 403, 409, 413, 415, 422),
    },
)
async def place(body: OrderBody, client: ChannelDep, service: ServiceDep, key: RequiredKeyHeader) -> Response:
    """Place an order.

    Repeat a request with the same `Idempotency-Key` as often as you need: it places one order, and the
    answer is the first one with `Idempotent-Replayed: true`. An answer 201 means that the order is kept,
    even while Temporal is away.
    """
    wanted = _new_order(body, client, required_key(key))
    async with service.in_flight.alone(client.client_id, wanted.key):
        placed = await _place(service, wanted)
        structlog.contextvars.bind_contextvars(order_no=placed.response["order_no"])
        if placed.start is not None:
            await _start(service, placed)
            service.metrics.orders.labels(channel=client.channel).inc()
    headers = {"Location": placed.response["links"]["order"]}
    if placed.replayed:
        headers["Idempotent-Replayed"] = "true"
        service.metrics.replays.inc()
    return JSONResponse(placed.response, status_code=placed.status, headers=headers)


async def _place(service: Service, wanted: NewOrder) -> Placed:
    def work(connection: Connection) -> Placed:
        return place_order(
            connection,
            wanted,
            now=service.now(),
            policy_version=service.policy,
            page=lambda order_no: f"{service.public_url}/api/v1/orders/{order_no}",
            respond=_respond,
        )

    try:
        return await service.write_once(work)
    except (UnknownOfficer, UnknownCode) as error:
        raise Problem(
            422, error.code, str(error), errors=[FieldError(field=error.field, reason=str(error))]
        ) from error


async def _start(service: Service, placed: Placed) -> None:
    """Start at once if Temporal answers in time; else the outbox has it."""
    start, outbox_id = placed.start, placed.outbox_id
    if start is None or outbox_id is None:
        return
    try:
        await service.orders.start(start)
    except TemporalAway as error:
        service.metrics.starts_left.inc()
        _log.warning("start_left_to_reconcile", order_no=start.order_no, reason=str(error))
        return
    service.sent.add(outbox_id)


def _respond(receipt: Receipt) -> dict[str, Any]:
    base = f"/api/v1/orders/{receipt.order_no}"
    return {
        "order_no": receipt.order_no,
        "tracking_code": receipt.tracking_code,
        "stage": receipt.stage,
        "received_at": receipt.received_at.isoformat(),
        "links": {
            "order": base,
            "events": f"{base}/events",
            "track": f"/api/v1/track/{receipt.tracking_code}",
        },
    }


def _new_order(body: OrderBody, client: Client, key: str) -> NewOrder:
    if body.channel != client.channel:
        reason = f"this key belongs to the channel {client.channel}"
        raise Problem(422, "foreign_channel", reason, errors=[FieldError(field="channel", reason=reason)])
    return NewOrder(
        client_id=client.client_id,
        key=key,
        fingerprint=body.fingerprint(),
        channel=body.channel,
        kind=body.kind,
        subject=body.subject,
        description=body.description,
        source_reference=body.source_reference,
        source_due_at=body.source_due_at,
        confidential=body.confidential,
        received_by=body.received_by,
        category=body.category,
        community=body.place.community,
        address=body.place.address,
        longitude=body.place.longitude,
        latitude=body.place.latitude,
        requester=body.requester.model_dump(),
        attachments=tuple(body.attachments),
    )
