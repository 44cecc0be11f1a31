"""Reading a signal, whatever it holds.

With a strict type in a handler's signature the SDK would silently drop a signal that does not decode. So the
handlers take raw payloads, and a signal that cannot be read becomes a refusal that the matter shows.
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
    """Reads the signals of one matter, and tells which of them bear the store's seal."""

    def __init__(self, matter_no: str, seal_key: str | None, offices: Collection[str]) -> None:
        """Keep the matter, the public half of the store's key, and the actions that only the office sends."""
        self._matter_no = matter_no
        self._seal_key = seal_key
        self._offices = frozenset(offices)

    def read(self, type_: type[CompleteTask | MatterAction], signal: str, raw: RawValue) -> Heard:
        """Decode one argument, and check whether it bears the store's seal.

        Return `Malformed` if it is too long or no JSON object, if its fields are wrong or out of bounds, or
        if it holds characters that no database stores.
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
        """Tell whether only the office's own programs send such a signal, by its action or its id."""
        by_name = isinstance(said, MatterAction) and said.action in self._offices
        return by_name or is_the_offices_id(said.said_id)


def _json(data: bytes) -> dict[str, Any]:
    """Read a JSON object that PostgreSQL and Temporal can store; any other would stop the matter at `record`.

    Raises:
        ValueError: it is no such object.
    """
    told = json.loads(data, parse_constant=_no_number)
    # Halves of emoji cannot be encoded in UTF-8, and PostgreSQL stores no NUL.
    written = json.dumps(told, ensure_ascii=False).encode()
    if not isinstance(told, dict) or b"\\u0000" in written:
        raise ValueError("no JSON object, or one that cannot be stored")
    return told


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def unknown(name: str) -> Malformed:
    """Keep the name of an unknown signal, shortened and without invisible characters."""
    return Malformed(line(name)[:60])
