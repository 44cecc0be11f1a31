"""How long an intake waits while a hold is announced to all open orders, beside the same intake without that.

`python -m bench.load.telling ADDRESS` orders the hold and tells the orders, in a separate process like the command.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import text

from bench.figures import Figure, percentile, say
from bench.lists import fill, postgres, sqlite
from bench.load.opening import request
from commands.telling import tell_all
from demo.office import seed_office
from runtime.machine.leash import leash_environment, leashed
from store.database import Store
from store.order import intake
from store.telling.holds import order_hold

_GOAL_MS = 200.0
_AT_MOST = 2_000
_GAP_SECONDS = 0.02


def measure(*, orders: int, calls: int) -> list[Figure]:
    """Open orders in both databases, and place more while the open ones are told of a hold."""
    figures = []
    for name, opened in (("SQLite", sqlite), ("PostgreSQL", postgres)):
        with opened() as store:
            seed_office(store, now=_now())
            fill(store, orders)
            with store.write() as connection:
                connection.execute(text("UPDATE matter SET stage = 'handling'"))
                connection.execute(text("UPDATE orders SET ending = NULL"))
            alone = _place(store, lambda placed: placed < calls)
            address = store.engine.url.render_as_string(hide_password=False)
            began = time.perf_counter()
            telling = subprocess.Popen(
                leashed([sys.executable, "-m", "bench.load.telling", address]),
                env={**os.environ, **leash_environment()},
            )
            beside = _place(store, partial(_goes_on, telling, calls))
            seconds = time.perf_counter() - began
            telling.wait()
            with store.read() as connection:
                told = connection.scalar(text("SELECT sum(told) FROM telling"))
            figures.append(
                Figure(
                    program="telling",
                    place=name,
                    what=f"intake while {told:,} open orders are told in {seconds:.0f} s",
                    value=f"{_shown(beside)}; alone {_shown(alone)}",
                    goal=f"max ≤ {_GOAL_MS:g} ms more",
                    met=max(beside) - percentile(alone, 50) <= _GOAL_MS,
                )
            )
            say(figures[-1])
    return figures


def _goes_on(telling: subprocess.Popen[bytes], calls: int, placed: int) -> bool:
    return placed < calls or telling.poll() is None


def _place(store: Store, goes_on: Callable[[int], bool]) -> list[float]:
    """Place orders one after the other with a pause between them, and return the time of each in ms."""
    times: list[float] = []
    while goes_on(len(times)) and len(times) < _AT_MOST:
        began = time.perf_counter()
        with store.write() as connection:
            intake.place_order(
                connection,
                request(),
                now=_now(),
                policy_version="standard-2",
                desk="",
            )
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(_GAP_SECONDS)
    return times


def _shown(times: list[float]) -> str:
    return f"p50 {percentile(times, 50):.1f} ms, p99 {percentile(times, 99):.1f} ms, max {max(times):.0f} ms"


def _now() -> datetime:
    return datetime.now(UTC)


def _tell(address: str) -> None:
    with closing(Store(address)) as store:
        with store.write() as connection:
            until = _now() + timedelta(hours=1)
            number = order_hold(connection, reason="storm", until=until, ordered_by="bench", now=_now())
        tell_all(store, number)


if __name__ == "__main__":
    _tell(sys.argv[1])
