"""`/track/…`: a resident's view and actions by tracking code, for programs."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from api.acts import tracking
from api.contract.tracking import Addition, Nothing, Rating, Say, Taken, TrackView
from api.errors import problems
from api.keys import KeyHeader, optional_key
from api.security import OpenDoor
from api.service import Service, ServiceDep
from domain.order.actions import ActionName

router = APIRouter(
    prefix="/track/{tracking_code}",
    tags=["residents"],
    dependencies=[Depends(OpenDoor("a resident, by the tracking code"))],
)
_ERRORS = problems(404, 409, 413, 415, 422, 429)


@router.get("", response_model=TrackView, responses=problems(404, 422, 429))
async def track(request: Request, tracking_code: str, service: ServiceDep) -> TrackView:
    """Read how the order stands, in plain words."""
    return await tracking.view(service, await tracking.find(service, request, tracking_code))


@router.post("/messages", status_code=202, response_model=Taken, responses=_ERRORS)
async def add(
    request: Request, tracking_code: str, body: Addition, service: ServiceDep, key: KeyHeader = None
) -> Taken:
    """Add information and files to the order."""
    return await _act(request, service, tracking_code, ActionName.SUPPLEMENT, body, key)


@router.post("/urge", status_code=202, response_model=Taken, responses=_ERRORS)
async def urge(
    request: Request,
    tracking_code: str,
    service: ServiceDep,
    body: Nothing | None = None,
    key: KeyHeader = None,
) -> Taken:
    """Ask the office to hurry."""
    return await _act(request, service, tracking_code, ActionName.URGE, body, key)


@router.post("/withdraw", status_code=202, response_model=Taken, responses=_ERRORS)
async def withdraw(
    request: Request,
    tracking_code: str,
    service: ServiceDep,
    body: Nothing | None = None,
    key: KeyHeader = None,
) -> Taken:
    """Take the order back; possible until it is answered."""
    return await _act(request, service, tracking_code, ActionName.WITHDRAW, body, key)


@router.post("/rating", status_code=202, response_model=Taken, responses=_ERRORS)
async def rate(
    request: Request, tracking_code: str, body: Rating, service: ServiceDep, key: KeyHeader = None
) -> Taken:
    """Say whether the answer helped."""
    return await _act(request, service, tracking_code, ActionName.RATE, body, key)


@router.post("/reopen", status_code=202, response_model=Taken, responses=_ERRORS)
async def reopen(
    request: Request, tracking_code: str, body: Say, service: ServiceDep, key: KeyHeader = None
) -> Taken:
    """Reopen the order; possible once, within the window."""
    return await _act(request, service, tracking_code, ActionName.REOPEN, body, key)


async def _act(
    request: Request,
    service: Service,
    tracking_code: str,
    name: ActionName,
    body: BaseModel | None,
    key: str | None,
) -> Taken:
    given = optional_key(key) if key is not None else None
    fields: dict[str, Any] = body.model_dump(mode="json", exclude_defaults=True) if body else {}
    order_no = await tracking.find(service, request, tracking_code)
    row = await tracking.act(service, order_no, name, fields, given)
    return Taken(action_id=row.decision_id, status=row.status)
