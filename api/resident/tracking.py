"""An order by its tracking code: found, shown, acted on; the same for programs and for pages.

Assumes that who has the code is the resident: it holds 80 random bits, and wrong ones are counted by address.
"""

import re
import unicodedata
import uuid
from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request

from api.errors import Problem
from api.pages.rendering import texts
from api.resident.models import Step, TrackView
from api.service import Service
from api.staff.orders import keep
from domain.actions import ActionName
from domain.judgement import OrderSituation, is_possible
from domain.orders import Ending, Stage, Via
from store import queries
from store.database import Connection
from store.decisions import Actor, DecisionRow, Submitted, submit_action

OFFERED: Final = (
    ActionName.SUPPLEMENT,
    ActionName.URGE,
    ActionName.WITHDRAW,
    ActionName.RATE,
    ActionName.REOPEN,
)
"""What a resident may do with an order, if the time for it has come."""
_RESIDENT: Final = Actor(name="resident", via=Via.RESIDENT)
_GUESSES: Final = "wrong_codes"
_MISREAD: Final = str.maketrans("OIL", "011")
"""Codes have none of these letters: whoever wrote one has read a figure."""


def read_code(typed: str) -> str:
    """Give a tracking code as it is kept, however somebody wrote it: any case, blanks, dashes, wide letters."""
    plain = unicodedata.normalize("NFKC", typed).upper().translate(_MISREAD)
    letters = re.sub(r"[^0-9A-Z]", "", plain)
    return "-".join(letters[index : index + 4] for index in range(0, len(letters), 4))


async def find(service: Service, request: Request, tracking_code: str) -> str:
    """Find the number of the order that a tracking code stands for.

    Raises:
        Problem: 404, there is none; 429, too many wrong codes came from this address.
    """
    service.limits.check(_GUESSES, request)
    code = read_code(tracking_code)
    row = await service.look(lambda connection: queries.find_by_tracking_code(connection, code))
    if row is None:
        service.limits.hit(_GUESSES, request)
        raise Problem(
            404, "not_found", "this tracking code stands for no order; check each letter, or call the hotline"
        )
    return str(row.order_no)


async def view(service: Service, order_no: str) -> TrackView:
    """Show an order as its resident sees it."""
    told = texts()["resident"]

    def work(connection: Connection) -> TrackView:
        row: Any = queries.find_order(connection, order_no, queries.Scope(everything=True))
        stage, ending = Stage(row.stage), Ending(row.ending) if row.ending else None
        words = told["stages"][stage] + (f"（{told['endings'][ending]}）" if ending and stage.is_over else "")
        events = queries.list_events(connection, order_no)
        return TrackView(
            order_no=order_no,
            stage=stage,
            words=words,
            received_at=row.received_at,
            promised_at=row.promised_at,
            provisional=row.is_provisional,
            due_at=None if stage.is_over else row.due_at,
            reply=queries.last_reply(connection, row.merged_into or order_no),
            question=queries.open_question(connection, order_no) if stage is Stage.PAUSED else None,
            steps=[
                Step(at=each.at, words=told["events"][each.type])
                for each in events
                if each.type in told["events"]
            ],
            can=[name for name in OFFERED if _is_possible(name, row)],
        )

    return await service.read(work)


async def act(
    service: Service, order_no: str, name: ActionName, fields: Mapping[str, Any], key: str | None
) -> DecisionRow:
    """Keep what a resident wants and send it to the order; with the same `key` once.

    Raises:
        Refused: it is not possible now, or a field is not in order.
        KeyTaken: the key stands for something else.
    """
    # A resident's key counts for this order alone: nobody can meet somebody else's.
    action_id = f"{order_no}:{key}" if key else uuid.uuid4().hex

    def work(connection: Connection) -> Submitted:
        return submit_action(
            connection,
            order_no=order_no,
            action_id=action_id,
            action=name,
            fields=fields,
            actor=_RESIDENT,
            now=service.now(),
        )

    return (await keep(service, work)).row


def _is_possible(name: ActionName, row: Any) -> bool:
    order = OrderSituation(
        stage=Stage(row.stage), reopened=row.reopened, is_merged=row.merged_into is not None
    )
    return is_possible(order, name, actor=_RESIDENT.name, at=row.received_at)
