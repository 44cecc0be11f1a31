"""A start in the outbox, the start input of `Reconcile`, and the result of a round of the outbox."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator

from messages.names import SEARCH_ATTRIBUTES
from messages.wire import Wire

_READ_AS = {"Keyword": str, "Datetime": str, "Int": int, "Bool": bool}


def _known(given: dict[str, str | int | bool]) -> dict[str, str | int | bool]:
    """Accept search attributes if each is registered, and of its type.

    Raises:
        ValueError: one of them is not.
    """
    for name, value in given.items():
        kind = SEARCH_ATTRIBUTES.get(name)
        if kind is None or type(value) is not _READ_AS[kind]:
            raise ValueError(f"{name} is not a search attribute, or has another type")
        if kind == "Datetime":
            datetime.fromisoformat(str(value))
    return given


class StartMatter(Wire):
    """A workflow of any kind that is to be started; its input holds only ids, codes and instants.

    `attributes`: the search attributes that it starts with, by name, instants as ISO 8601. `summary` and `details` are
    for readers of the Temporal UI.
    """

    workflow_type: str
    workflow_id: str
    input: dict[str, Any]
    attributes: Annotated[dict[str, str | int | bool], AfterValidator(_known)]
    summary: str
    details: str


class Reconcile(Wire):
    """The start input of `Reconcile`.

    `interval_seconds` is the pause between rounds, until the result of a round names another.
    """

    interval_seconds: float = 30.0


class StartOrders(Wire):
    """Ask to start these orders now; those that cannot be started wait for `Reconcile`."""

    order_nos: tuple[str, ...]


class Drained(Wire):
    """The result of a round of the outbox: workflows started, signals sent, rows that still wait.

    `interval_seconds`: the pause before the next round, from the worker's own setting.
    """

    started: int
    signalled: int
    waiting: int
    interval_seconds: float | None = None
