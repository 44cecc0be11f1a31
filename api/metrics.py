"""The API's own figures, for `/metrics`; one registry per app, so that apps beside each other do not mix."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)


class Metrics:
    """Counters of what came in; never an order number or a person in a label."""

    def __init__(self) -> None:
        """Register."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.orders = Counter(
            "dingdan_orders_accepted", "Orders placed, by channel.", ["channel"], registry=self.registry
        )
        self.replays = Counter(
            "dingdan_orders_replayed", "Repeated requests answered as before.", registry=self.registry
        )
        self.starts_left = Counter(
            "dingdan_starts_left_to_reconcile",
            "Orders whose workflow was not started at once.",
            registry=self.registry,
        )
        self.decisions = Counter(
            "dingdan_decisions_submitted", "Decisions and actions kept.", ["name"], registry=self.registry
        )
        self.seconds = Histogram(
            "dingdan_http_seconds", "Time to answer.", ["endpoint", "status"], registry=self.registry
        )
        self.outbox_rows = Gauge(
            "dingdan_outbox_rows", "Starts and signals that wait.", registry=self.registry
        )
        self.outbox_oldest = Gauge(
            "dingdan_outbox_oldest_seconds", "Age of the oldest of them.", registry=self.registry
        )
