"""Reading what a signal holds, whatever it holds.

A strict type in a handler's signature would make the SDK drop what does not decode, without a word to
anybody; so the handlers take raw payloads, and what cannot be read becomes a refusal that the matter shows.
"""

import json
from collections.abc import Collection
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

from workflows.matter.state import Heard, Malformed, Unsealed

with workflow.unsafe.imports_passed_through():
    from domain.text import line
    from messages.matter.signals import MAX_SIGNAL_BYTES, CompleteTask, MatterAction
    from messages.names import is_the_offices_id
    from messages.seals import digest, is_sealed


class Reader:
    """Reads the signals of one matter, and tells what bears the store's seal."""

    def __init__(self, matter_no: str, seal_key: str | None, offices: Collection[str]) -> None:
        """Keep the matter, the public half of the store's key, and the actions that nobody but the office sends."""
        self._matter_no = matter_no
        self._seal_key = seal_key
        self._offices = frozenset(offices)

    def read(self, type_: type[CompleteTask | MatterAction], signal: str, raw: RawValue) -> Heard:
        """Decode one argument, and see whether it bears the store's seal.

        Too long, no JSON object, wrong or unbounded fields, or letters that no database stores return `Malformed`.
        """
        payload = raw.payload
        if len(payload.data) > MAX_SIGNAL_BYTES or payload.metadata.get("encoding") != b"json/plain":
            return Malformed(signal)
        try:
            told = _json(payload.data)
            said = type_.model_validate(told)
        except (ValueError, RecursionError):
            return Malformed(signal)
        if is_sealed(self._seal_key, self._matter_no, told):
            return said.model_copy(update={"seal": None})
        claims = bool(said.stored or said.decided_at or said.vouched or said.seal)
        return Unsealed(said, digest(self._matter_no, told), claims=claims or self.is_the_offices(said))

    def is_the_offices(self, said: CompleteTask | MatterAction) -> bool:
        """Tell whether nobody sends this but the office's own programs: by what it does, or by its id."""
        by_name = isinstance(said, MatterAction) and said.action in self._offices
        return by_name or is_the_offices_id(said.said_id)


def _json(data: bytes) -> dict[str, Any]:
    """Read a JSON object that PostgreSQL and Temporal can store: what `record` cannot write would stop the matter.

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
