"""`/track/…`: what a resident does with a tracking code."""

import re
import uuid
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends

from api.errors import Problem, problems
from api.keys import KeyHeader, optional_key
from api.resident.models import Nothing, Rating, Say, Step, Taken, TrackView
from api.resident.wording import ENDINGS, EVENTS, STAGES
from api.security import OpenDoor
from api.service import Service, ServiceDep
from api.staff.orders import keep
from domain.actions import ActionName
from domain.judgement import OrderSituation, is_possible
from domain.orders import Ending, Stage, Via
from store import queries
from store.database import Connection
from store.decisions import Actor, Submitted, submit_action

router = APIRouter(
    prefix="/track/{tracking_code}",
    tags=["residents"],
    dependencies=[Depends(OpenDoor("a resident, by the tracking code"))],
)
_RESIDENT = Actor(name="resident", via=Via.RESIDENT)
_OFFERED = (ActionName.SUPPLEMENT, ActionName.URGE, ActionName.WITHDRAW, ActionName.RATE, ActionName.REOPEN)
_ERRORS = problems(404, 409, 413, 415, 422)


def _find(connection: Connection, tracking_code: str) -> Any:
    letters = re.sub(r"[^0-9A-Z]", "", tracking_code.upper())
    row = queries.find_by_tracking_code(
        connection, "-".join(letters[index : index + 4] for index in range(0, len(letters), 4))
    )
    if row is None:
        raise Problem(
            404, "not_found", "this tracking code stands for no order; check each letter, or call the hotline"
        )
    return row


@router.get("", response_model=TrackView, responses=problems(404, 422))
async def track(tracking_code: str, service: ServiceDep) -> TrackView:
    """See how one's order stands, in plain words."""

    def work(connection: Connection) -> TrackView:
        row = _find(connection, tracking_code)
        stage, ending = Stage(row.stage), Ending(row.ending) if row.ending else None
        words = f"{STAGES[stage]}（{ENDINGS[ending]}）" if ending and stage.is_over else STAGES[stage]
        events = queries.list_events(connection, row.order_no)
        return TrackView(
            order_no=row.order_no,
            stage=stage,
            words=words,
            received_at=row.received_at,
            promised_at=row.promised_at,
            provisional=row.is_provisional,
            due_at=None if stage.is_over else row.due_at,
            reply=queries.last_reply(connection, row.merged_into or row.order_no),
            steps=[Step(at=each.at, words=EVENTS[each.type]) for each in events if each.type in EVENTS],
            can=[name for name in _OFFERED if _is_possible(name, row)],
        )

    return await service.read(work)


@router.post("/messages", status_code=202, response_model=Taken, responses=_ERRORS)
async def add(tracking_code: str, body: Say, service: ServiceDep, key: KeyHeader = None) -> Taken:
    """Add information to one's order."""
    return await _act(service, tracking_code, ActionName.SUPPLEMENT, {"text": body.text}, key)


@router.post("/urge", status_code=202, response_model=Taken, responses=_ERRORS)
async def urge(
    tracking_code: str, service: ServiceDep, body: Nothing | None = None, key: KeyHeader = None
) -> Taken:
    """Ask the office to hurry."""
    del body
    return await _act(service, tracking_code, ActionName.URGE, {}, key)


@router.post("/withdraw", status_code=202, response_model=Taken, responses=_ERRORS)
async def withdraw(
    tracking_code: str, service: ServiceDep, body: Nothing | None = None, key: KeyHeader = None
) -> Taken:
    """Take one's order back; possible until it is answered."""
    del body
    return await _act(service, tracking_code, ActionName.WITHDRAW, {}, key)


@router.post("/rating", status_code=202, response_model=Taken, responses=_ERRORS)
async def rate(tracking_code: str, body: Rating, service: ServiceDep, key: KeyHeader = None) -> Taken:
    """Say whether it helped."""
    fields = {"solved": body.solved.value, "satisfied": body.satisfied.value}
    return await _act(service, tracking_code, ActionName.RATE, fields, key)


@router.post("/reopen", status_code=202, response_model=Taken, responses=_ERRORS)
async def reopen(tracking_code: str, body: Say, service: ServiceDep, key: KeyHeader = None) -> Taken:
    """Ask for the order to be opened again; once, within the window."""
    return await _act(service, tracking_code, ActionName.REOPEN, {"text": body.text}, key)


async def _act(
    service: Service, tracking_code: str, name: ActionName, fields: Mapping[str, Any], key: str | None
) -> Taken:
    # A resident's key counts for this order alone: nobody can meet somebody else's.
    given = optional_key(key) if key is not None else None

    def work(connection: Connection) -> Submitted:
        row = _find(connection, tracking_code)
        action_id = f"{row.order_no}:{given}" if given else uuid.uuid4().hex
        return submit_action(
            connection,
            order_no=row.order_no,
            action_id=action_id,
            action=name,
            fields=fields,
            actor=_RESIDENT,
            now=service.now(),
        )

    submitted = await keep(service, work)
    return Taken(action_id=submitted.row.decision_id, status=submitted.row.status)


def _is_possible(name: ActionName, row: Any) -> bool:
    order = OrderSituation(
        stage=Stage(row.stage), reopened=row.reopened, is_merged=row.merged_into is not None
    )
    return is_possible(order, name, actor=_RESIDENT.name, at=row.received_at)
