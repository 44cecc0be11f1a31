"""The gain from a second worker process."""

import time

from bench.figures import Figure
from bench.load.orders import by_http, complete
from bench.places import Place

_WARM_UP = 20


async def throughput(place: Place, *, orders: int) -> float:
    """Return the number of complete orders per second, once everything is warm."""
    await complete(place, _WARM_UP, by_http)
    began = time.perf_counter()
    await complete(place, orders, by_http)
    return orders / (time.perf_counter() - began)


def compare(place: str, rates: dict[int, float]) -> list[Figure]:
    """Compare the rates of one and two workers."""
    return [
        Figure(
            program="workers",
            place=place,
            what=f"complete orders with two workers ÷ with one ({rates[2]:.1f}/s ÷ {rates[1]:.1f}/s)",
            value=f"{rates[2] / rates[1]:.2f}",
        )
    ]
