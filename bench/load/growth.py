"""The cost of an order with many open orders, compared with few."""

from bench.figures import Figure, say
from bench.load.intake import post
from bench.load.opening import open_orders
from bench.places import Place, per_piece, rate

_FLAT = 0.2


async def measure(place: Place, *, few: int, many: int, orders: int) -> list[Figure]:
    """Compare the CPU time to place and start an order while few others are open and while many are."""
    totals: dict[int, float] = {}
    there = 0
    for open_ in (few, many):
        await open_orders(place, open_ - there)
        there = open_
        await place.rests("worker", "Temporal")
        with place.cpu() as spent:
            await rate(orders, lambda _: post(place))
            await place.rests("worker", "Temporal")
        totals[open_] = sum(seconds for part, seconds in spent.items() if part != "this program")
        say(f"{place.name}: {open_:,} open orders; CPU-ms an order: {per_piece(spent, orders)}")
    ratio = totals[many] / totals[few]
    return [
        Figure(
            program="growth",
            place=place.name,
            what=f"CPU of an order, placed and started, with {many:,} open orders ÷ with {few:,}",
            value=f"{ratio:.2f}",
            goal="0.8–1.2",
            met=abs(ratio - 1) <= _FLAT,
        )
    ]
