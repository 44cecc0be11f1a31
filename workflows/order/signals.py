"""Reading what a signal holds, whatever it holds.

A strict type in a handler's signature would make the SDK drop what does not decode, without a word to
anybody; so the handlers take raw payloads, and what cannot be read becomes a refusal that the order shows.
"""

import json
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

from workflows.order.state import Heard, Malformed, Unsealed

with workflow.unsafe.imports_passed_through():
    from domain.text import line
    from messages.matter.signals import MAX_SIGNAL_BYTES, CompleteTask, OrderAction
    from messages.order.workflow import StartOrder
    from messages.seals import digest, is_sealed


def read(type_: type[CompleteTask | OrderAction], signal: str, raw: RawValue, start: StartOrder) -> Heard:
    """Decode one argument, and see whether it bears the store's seal.

    Too long, no JSON object, wrong or unbounded fields, or letters that no database stores give `Malformed`.
    """
    payload = raw.payload
    if len(payload.data) > MAX_SIGNAL_BYTES or payload.metadata.get("encoding") != b"json/plain":
        return Malformed(signal)
    try:
        told = _json(payload.data)
        said = type_.model_validate(told)
    except (ValueError, RecursionError):
        return Malformed(signal)
    if is_sealed(start.seal_key, start.order_no, told):
        return said.model_copy(update={"seal": None})
    return Unsealed(said, digest(start.order_no, told))


def _json(data: bytes) -> dict[str, Any]:
    """Read a JSON object that PostgreSQL and Temporal can store: what `record` cannot write would stop the order.

    Raises:
        ValueError: it is none.
    """
    told = json.loads(data, parse_constant=_no_number)
    # Halves of emoji are no UTF-8, and PostgreSQL stores no NUL.
    written = json.dumps(told, ensure_ascii=False).encode()
    if not isinstance(told, dict) or b"\\u0000" in written:
        raise ValueError("no JSON object, or one that cannot be stored")
    return told


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def unknown(name: str) -> Malformed:
    """Keep the name of a signal that does not exist, shortened and without what cannot be seen."""
    return Malformed(line(name)[:60])
