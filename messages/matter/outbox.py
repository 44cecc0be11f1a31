"""What the outbox holds of a start, what `Reconcile` is started with, and what a round of the outbox did."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator

from messages.names import SEARCH_ATTRIBUTES
from messages.wire import Wire

_READ_AS = {"Keyword": str, "Datetime": str, "Int": int, "Bool": bool}


def _known(given: dict[str, str | int | bool]) -> dict[str, str | int | bool]:
    """Take search attributes that are registered, each of its type.

    Raises:
        ValueError: one is not.
    """
    for name, value in given.items():
        kind = SEARCH_ATTRIBUTES.get(name)
        if kind is None or type(value) is not _READ_AS[kind]:
            raise ValueError(f"{name} is no search attribute, or of another type")
        if kind == "Datetime":
            datetime.fromisoformat(str(value))
    return given


class StartMatter(Wire):
    """A workflow that is to be started, of whatever kind; its input holds ids, codes and instants alone.

    `attributes`: the search attributes that it starts with, by name, instants as ISO 8601. `summary` and `details` are
    for people who look at the Temporal UI.
    """

    workflow_type: str
    workflow_id: str
    input: dict[str, Any]
    attributes: Annotated[dict[str, str | int | bool], AfterValidator(_known)]
    summary: str
    details: str


class Reconcile(Wire):
    """The start input of `Reconcile`; `interval_seconds` is the pause between rounds until one says another."""

    interval_seconds: float = 30.0


class StartOrders(Wire):
    """Start these orders now; what cannot be started waits for `Reconcile`."""

    order_nos: tuple[str, ...]


class Drained(Wire):
    """What a round of the outbox did: orders started, signals sent, rows that still wait.

    `interval_seconds`: the pause that the worker's own setting wants before the next round.
    """

    started: int
    signalled: int
    waiting: int
    interval_seconds: float | None = None
