"""Similar orders: how often another telling of the same event is among the three found, and how long that takes.

The ratio of whole lines, the earlier rule, runs over the same lines in the same run. Generated lines show which
method is better; they do not show how often either finds something among real orders.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

from rapidfuzz import fuzz, process
from sqlalchemy import text

from bench.events import Event, event, telling
from bench.figures import Figure, percentile
from bench.lists import NOW, fill, postgres, sqlite
from demo.office import seed_office
from domain.order.lines.similarity import most_alike
from domain.order.lines.subjects import subject_of
from store.database import Store
from store.matter.reach import Scope
from store.order.joined.similar import WITHIN, Sought, similar_orders

_GOAL_MS = 50.0
_FOUND = 3
_TOLD = (2, 2, 3, 4)
"""How many residents tell one event."""
_CLUSTERED, _NEIGHBOURS = 0.2, 0.05
"""Shares of the orders: those about an event that is told again, and other events at the place of such an event."""


def measure(*, orders: int, calls: int) -> list[Figure]:
    """Compare both methods, then time the one in use on both databases."""
    lines, events = _lines(orders)
    told = Counter(events)
    asked = [place for place, of in enumerate(events) if told[of] > 1][:calls]
    figures = [*_recall(lines, events, asked)]
    for name, opened in (("SQLite", sqlite), ("PostgreSQL", postgres)):
        with opened() as store:
            seed_office(store, now=NOW)
            fill(store, orders, apart=(WITHIN - timedelta(days=1)) / orders)
            figures.append(_time(store, name, lines, asked))
    return figures


def _lines(count: int) -> tuple[list[str], list[Event]]:
    draw = random.Random(1)  # noqa: S311 - no secret
    told: list[Event] = []
    while len(told) < count * _CLUSTERED:
        told += [event(draw)] * draw.choice(_TOLD)
    for _ in range(round(count * _NEIGHBOURS)):
        here, other = draw.choice(told), event(draw)
        told.append(Event(here.where, other.spot, other.thing, other.faults))
    told += [event(draw) for _ in range(count - len(told))]
    draw.shuffle(told)
    return [subject_of(telling(draw, each)) for each in told], told


def _recall(lines: Sequence[str], events: Sequence[Event], asked: Sequence[int]) -> list[Figure]:
    whole = "\n".join(lines)
    methods: dict[str, Callable[[str], list[int]]] = {
        "pairs of letters, weighed (TF-IDF)": lambda line: [
            each.place for each in most_alike(line, whole, most=_FOUND + 1)
        ],
        "ratio of lines (before)": lambda line: [
            place for _, _, place in process.extract(line, lines, scorer=fuzz.ratio, limit=_FOUND + 1)
        ],
    }
    found = {}
    for what, method in methods.items():
        hits = 0
        for own in asked:
            others = [place for place in method(lines[own]) if place != own][:_FOUND]
            hits += any(events[place] == events[own] for place in others)
        found[what] = hits / len(asked)
    now, before = found.values()
    return [
        Figure(
            program="similar",
            place="this process",
            what=f"another telling of the event within three of {len(lines):,}: {what}",
            value=f"{share:.3f}",
            goal="at least the ratio of lines" if share == now else "",
            met=now >= before,
        )
        for what, share in found.items()
    ]


def _time(store: Store, name: str, lines: Sequence[str], asked: Sequence[int]) -> Figure:
    with store.write() as connection:
        connection.execute(
            text("UPDATE orders SET subject = :subject WHERE order_no = :order_no"),
            [{"subject": line, "order_no": f"20250101-{number:08}"} for number, line in enumerate(lines)],
        )
    times, computed = [], time.process_time()
    for own in asked:
        began = time.perf_counter()
        with store.read() as connection:
            sought = Sought(subject=lines[own], order_no=f"20250101-{own:08}", community="community-03")
            similar_orders(connection, sought, Scope(everything=True), with_confidential=True, now=NOW)
        times.append((time.perf_counter() - began) * 1000)
    computed = (time.process_time() - computed) * 1000 / len(asked)
    p50, p99 = percentile(times, 50), percentile(times, 99)
    return Figure(
        program="similar",
        place=name,
        what=f"similar orders of {len(lines):,} in {WITHIN.days} days",
        value=f"p50 {p50:.1f} ms, p99 {p99:.1f} ms; {computed:.1f} CPU-ms of this process",
        goal=f"p50 ≤ {_GOAL_MS:g} ms",
        met=p50 <= _GOAL_MS,
    )
