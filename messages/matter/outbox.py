"""What `Reconcile` is started with, and what a round of the outbox did."""

from messages.wire import Wire


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
