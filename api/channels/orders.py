"""`POST /orders`: what a channel sends."""

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from api.acts import placing
from api.contract.intake import OrderBody, OrderPlaced
from api.errors import FieldError, Problem, problems
from api.keys import RequiredKeyHeader, required_key
from api.security import ChannelDep
from api.service import ServiceDep
from store.order.intake import Receipt

router = APIRouter(tags=["intake"])

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
            "description": "This source_reference already stands for an order: the same one is returned",
        },
        **problems(401, 403, 409, 413, 415, 422),
    },
)
async def place(body: OrderBody, client: ChannelDep, service: ServiceDep, key: RequiredKeyHeader) -> Response:
    """Place an order.

    Repeat a request with the same `Idempotency-Key` as often as you need: it places one order. A repetition
    gets the first answer again, with `Idempotent-Replayed: true`. An answer 201 means that the order is kept,
    even while Temporal is away.
    """
    given = required_key(key)
    if body.channel != client.channel:
        reason = f"this key belongs to the channel {client.channel}"
        raise Problem(422, "foreign_channel", reason, errors=[FieldError(field="channel", reason=reason)])
    wanted = placing.new_order(body, client_id=client.client_id, key=given)
    placed = await placing.place(service, wanted)
    answer = _answer(placed.receipt)
    headers = {"Location": answer["links"]["order"]}
    if placed.replayed:
        headers["Idempotent-Replayed"] = "true"
    return JSONResponse(answer, status_code=201 if placed.is_new else 200, headers=headers)


def _answer(receipt: Receipt) -> dict[str, Any]:
    base = f"/api/v1/orders/{receipt.order_no}"
    return {
        "order_no": receipt.order_no,
        "tracking_code": receipt.tracking_code,
        "stage": receipt.stage,
        "received_at": receipt.received_at.isoformat(),
        "officer_passed_over": receipt.passed_over,
        "links": {
            "order": base,
            "events": f"{base}/events",
            "track": f"/api/v1/track/{receipt.tracking_code}",
        },
    }
