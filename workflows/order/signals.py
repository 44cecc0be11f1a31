"""Reading what a signal holds, whatever it holds.

A strict type in a handler's signature would make the SDK drop what does not decode, without a word to
anybody; so the handlers take raw payloads, and what cannot be read becomes a refusal that the order shows.
"""

from temporalio import workflow
from temporalio.common import RawValue

from workflows.order.state import Malformed

with workflow.unsafe.imports_passed_through():
    from messages.signals import MAX_SIGNAL_BYTES, CompleteTask, OrderAction


def read(
    type_: type[CompleteTask | OrderAction], signal: str, raw: RawValue
) -> CompleteTask | OrderAction | Malformed:
    """Decode one argument; too long, no JSON object, wrong fields or a NUL character give `Malformed`."""
    data = raw.payload.data
    if len(data) > MAX_SIGNAL_BYTES or b"\\u0000" in data:
        # PostgreSQL stores no NUL: what `record` cannot write would stop the order for ever.
        return Malformed(signal)
    try:
        said = workflow.payload_converter().from_payload(raw.payload, type_)
    except Exception:  # noqa: BLE001 - nothing is awaited here, and a handler must never raise
        return Malformed(signal)
    return said if isinstance(said, type_) else Malformed(signal)


def unknown(name: str) -> Malformed:
    """Keep the name of a signal that does not exist, shortened and without what no database stores."""
    return Malformed("".join(letter for letter in name[:60] if letter.isprintable()))
