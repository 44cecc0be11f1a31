"""What the outbox holds of a start, what `Reconcile` is started with, and what a round of the outbox did."""

from typing import Any

from messages.wire import Wire


class StartMatter(Wire):
    """A workflow that is to be started, of whatever kind; its input holds ids, codes and instants alone.

    `attributes`: the search attributes that it starts with, by name, instants as ISO 8601. `summary` and `details` are
    for people who look at the Temporal UI.
    """

    workflow_type: str
    workflow_id: str
    input: dict[str, Any]
    attributes: dict[str, str | int | bool]
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
