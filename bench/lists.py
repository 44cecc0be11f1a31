"""The inbox and lists over a million orders, compared with a raw index look-up of as many rows."""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, text

from bench.figures import Figure, percentile, say
from demo.office import seed_office
from domain.office.first_directory import FIRST
from domain.office.words import Tier
from domain.order.words import KIND, Ending, Stage
from store.database import Store
from store.matter import tasks
from store.matter.reach import Scope
from store.matter.tasks import TaskFilter
from store.migrating import migrate
from store.order import finding
from store.order.finding import OrderFilter
from store.paging import PAGE, Page
from tests.support.machine.postgres import Cluster

_GOAL_MS = 20.0
_BATCH = 20_000
OPEN_IN = 10
"""One order in this many is open."""
_CALLS = 300
_UNITS = FIRST.handling_units
NOW = datetime(2026, 11, 1, tzinfo=UTC)
_APART = timedelta(seconds=30)


def measure(*, orders: int) -> list[Figure]:
    """Fill both databases, then time the lists."""
    figures = []
    for name, opened in (("SQLite", sqlite), ("PostgreSQL", postgres)):
        with opened() as store:
            seed_office(store, now=NOW)
            began = time.perf_counter()
            fill(store, orders)
            say(f"{name}: {orders:,} orders in {time.perf_counter() - began:.0f} s")
            figures += _look(store, name, orders)
    return figures


def _look(store: Store, name: str, orders: int) -> list[Figure]:
    draw = random.Random(1)  # noqa: S311 - no secret
    inbox = TaskFilter
    everything = Scope(everything=True)
    kinds: dict[str, Callable[[Connection, str | None], Page[Any]]] = {
        "inbox of a unit": lambda c, cursor: tasks.list_tasks(
            c, inbox(unit=draw.choice(_UNITS)), cursor=cursor, now=NOW
        ),
        "inbox of a tier": lambda c, cursor: tasks.list_tasks(
            c, inbox(tier=Tier.STREET), cursor=cursor, now=NOW
        ),
        "all orders": lambda c, cursor: finding.list_orders(
            c, OrderFilter(), everything, cursor=cursor, now=NOW
        ),
        "orders of a stage": lambda c, cursor: finding.list_orders(
            c, OrderFilter(stage=Stage.HANDLING), everything, cursor=cursor, now=NOW
        ),
        "orders a unit had to do with": lambda c, cursor: finding.list_orders(
            c, OrderFilter(), Scope(unit=draw.choice(_UNITS)), cursor=cursor, now=NOW
        ),
    }
    raw = [_timed(store, _raw_page(draw)) for _ in range(_CALLS)]
    raw_ms = statistics.median(raw)
    figures = []
    for kind, page in kinds.items():
        times = _pages(store, page)
        p50, p99 = percentile(times, 50), percentile(times, 99)
        figures.append(
            Figure(
                program="lists",
                place=name,
                what=f"{kind}, a page of {PAGE} of {orders:,} orders",
                value=f"p50 {p50:.1f} ms, p99 {p99:.1f} ms ({p50 / raw_ms:.1f} × the raw look-up)",
                goal=f"p99 ≤ {_GOAL_MS:g} ms",
                met=p99 <= _GOAL_MS,
            )
        )
        say(figures[-1])
    return figures


def _pages(store: Store, page: Callable[[Connection, str | None], Page[Any]]) -> list[float]:
    """Time the first page and the pages after it, as a reader turns them."""
    times: list[float] = []
    cursor: str | None = None
    while len(times) < _CALLS:
        began = time.perf_counter()
        with store.read() as connection:
            cursor = page(connection, cursor).next_cursor
        times.append((time.perf_counter() - began) * 1000)
    return times


def _raw_page(draw: random.Random) -> Callable[[Connection], object]:
    """Return a query that reads a page's rows straight from an index, without any code of ours."""
    statement = text(
        "SELECT * FROM task WHERE state = 'open' AND unit = :unit ORDER BY due_at, task_id LIMIT :rows"
    )
    unit = draw.choice(_UNITS)
    return lambda c: c.execute(statement, {"unit": unit, "rows": PAGE + 1}).all()


def _timed(store: Store, work: Callable[[Connection], object]) -> float:
    began = time.perf_counter()
    with store.read() as connection:
        work(connection)
    return (time.perf_counter() - began) * 1000


def fill(store: Store, count: int, *, until: datetime = NOW, apart: timedelta = _APART) -> None:
    """Write orders as after months of work: most archived, some open, each with a task."""
    tables = MetaData()
    tables.reflect(store.engine, only=["matter", "orders", "task"])
    for first in range(0, count, _BATCH):
        with store.write() as connection:
            numbers = range(first, min(first + _BATCH, count))
            at = {number: until - (count - number) * apart for number in numbers}
            for name, row in (("matter", _matter), ("orders", _order), ("task", _task)):
                _insert(connection, tables.tables[name], [row(number, at[number]) for number in numbers])
    tidy(store)


def tidy(store: Store) -> None:
    """Collect the statistics (and on PostgreSQL vacuum) that a database would have after months of use."""
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if store.engine.dialect.name == "postgresql" else "ANALYZE"))


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if connection.dialect.name == "sqlite":
        # SQLite keeps instants without a zone, as the store writes them.
        rows = [
            {
                key: value.replace(tzinfo=None) if isinstance(value, datetime) else value
                for key, value in row.items()
            }
            for row in rows
        ]
    connection.execute(table.insert(), rows)


def tracking_code(number: int) -> str:
    """Return the tracking code of a filled-in order, as residents write it."""
    digits = f"{number:012}"
    return f"C0DE-{digits[:4]}-{digits[4:8]}-{digits[8:]}"


def _is_open(number: int) -> bool:
    return number % OPEN_IN == 0


def _matter(number: int, received_at: datetime) -> dict[str, Any]:
    open_ = _is_open(number)
    unit = _UNITS[number // OPEN_IN % len(_UNITS)]
    return {
        "matter_no": f"20250101-{number:08}",
        "kind": KIND,
        "stage": Stage.HANDLING if open_ else Stage.ARCHIVED,
        "tier": FIRST.units[unit].tier,
        "unit": unit,
        "community": f"community-{number % 12 + 1:02}",
        "begun_at": received_at,
        "promised_at": received_at + timedelta(days=5),
        "due_at": received_at + timedelta(days=5) if open_ else None,
        "escalations": 0,
        "overdue": False,
        "held": False,
        "run_id": "run",
        "recorded_seq": 5,
    }


def _order(number: int, received_at: datetime) -> dict[str, Any]:
    return {
        "order_no": f"20250101-{number:08}",
        "tracking_code": tracking_code(number),
        "client_id": "demo-hotline",
        "fingerprint": "0" * 64,
        "channel": "hotline",
        "request_kind": "complaint",
        "subject": f"占道废弃车辆 {number}",
        "description": "路边停放多辆废弃车辆，长期无人处理。",
        "confidential": False,
        "policy": "standard",
        "received_at": received_at,
        "category": "noise",
        "ending": None if _is_open(number) else Ending.RESOLVED,
        "round": 1,
        "class": "general",
        "reclassified": False,
        "reopened": False,
    }


def _task(number: int, received_at: datetime) -> dict[str, Any]:
    matter = _matter(number, received_at)
    return {
        "task_id": f"{matter['matter_no']}-4-TEST",
        "matter_no": matter["matter_no"],
        "kind": "handle",
        "state": "open" if _is_open(number) else "done",
        "unit": matter["unit"],
        "tier": matter["tier"],
        "role": "unit_handler",
        "opened_at": received_at,
        "due_at": received_at + timedelta(days=5),
        "remind_at": received_at + timedelta(days=4),
    }


@contextmanager
def sqlite() -> Iterator[Store]:
    """Open an empty store in a file."""
    with tempfile.TemporaryDirectory(prefix="dingdan-bench-") as folder:
        store = Store(f"sqlite:///{Path(folder)}/lists.db")
        migrate(store.engine)
        yield store
        store.close()


@contextmanager
def postgres() -> Iterator[Store]:
    """Open an empty store on its own PostgreSQL server."""
    cluster = Cluster()
    try:
        cluster.initialise("-E", "UTF8", "--locale=C.UTF-8", "--auth-host=trust")
        cluster.start("max_wal_size=4GB")
        store = Store(cluster.url("postgres"))
        migrate(store.engine)
        yield store
        store.close()
    finally:
        cluster.remove()
