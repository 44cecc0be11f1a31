"""The API's own figures for `/metrics`; one registry per app, so that apps in one process do not mix."""

import math
from datetime import datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

from store.figures.standing import Standing
from store.matter.outbox import Backlog


class Metrics:
    """The counters and gauges of one app; a label never holds an order number or a person."""

    def __init__(self) -> None:
        """Register every metric."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.orders = Counter(
            "dingdan_orders_accepted", "Orders placed, by channel.", ["channel"], registry=self.registry
        )
        self.replays = Counter(
            "dingdan_orders_replayed",
            "Repeated requests that got their first answer again.",
            registry=self.registry,
        )
        self.starts_left = Counter(
            "dingdan_starts_left_to_reconcile",
            "Orders whose workflow was not started at once.",
            registry=self.registry,
        )
        self.decisions = Counter(
            "dingdan_decisions_submitted",
            "Decisions and actions kept, by name.",
            ["name"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "dingdan_http_seconds",
            "Time to answer a request.",
            ["endpoint", "status"],
            registry=self.registry,
        )
        self.outbox_rows = Gauge(
            "dingdan_outbox_rows", "Starts and signals that wait to reach Temporal.", registry=self.registry
        )
        self.outbox_oldest = Gauge(
            "dingdan_outbox_oldest_seconds",
            "Age of the oldest start or signal that waits.",
            registry=self.registry,
        )
        self.set_aside = Gauge(
            "dingdan_outbox_set_aside",
            "Starts and signals that can never be sent as they are.",
            registry=self.registry,
        )
        self.up = Gauge(
            "dingdan_part_up",
            "1 while a part can be used: `store`, `temporal`.",
            ["part"],
            registry=self.registry,
        )
        self.open = Gauge(
            "dingdan_orders_open",
            "Orders and other matters open now, 10,000 a stage at most.",
            ["stage"],
            registry=self.registry,
        )
        self.overdue = Gauge(
            "dingdan_orders_open_overdue",
            "Open orders and other matters that missed a limit of their handling.",
            registry=self.registry,
        )
        self.late = Gauge(
            "dingdan_orders_late",
            "Open orders and other matters whose limit has passed without the step that it causes.",
            registry=self.registry,
        )
        self.oldest_decision = Gauge(
            "dingdan_decision_oldest_seconds",
            "Age of the oldest decision that no workflow has judged.",
            registry=self.registry,
        )
        self.last_year = Gauge(
            "dingdan_calendar_last_year", "The latest year of the calendar.", registry=self.registry
        )

    def show(self, standing: Standing, backlog: Backlog, *, now: datetime) -> None:
        """Set the gauges to the present figures of the store."""
        self.outbox_rows.set(backlog.rows)
        self.outbox_oldest.set(_age(backlog.oldest, now))
        self.set_aside.set(backlog.set_aside)
        for stage, orders in standing.by_stage.items():
            self.open.labels(stage=stage).set(orders)
        self.overdue.set(standing.overdue)
        self.late.set(standing.late)
        self.oldest_decision.set(_age(standing.oldest_decision, now))
        self.last_year.set(standing.last_year or 0)

    def hide(self) -> None:
        """Show no figures while the store does not answer: an old figure would look like a true one."""
        self.open.clear()
        for gauge in (
            self.outbox_rows,
            self.outbox_oldest,
            self.set_aside,
            self.overdue,
            self.late,
            self.oldest_decision,
            self.last_year,
        ):
            gauge.set(math.nan)


def _age(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0) if since else 0
