"""How often somebody may knock, so that nobody guesses and nobody floods.

Behind one address there may be a whole provider's telephones, or an office: what an address is given is wide, and what
is narrow counts what went wrong, or one order, or one telephone. Nobody is refused for the guesses of a neighbour.
Assumes that each process counts for itself: with N processes N times as much gets through, which is enough to
slow a guesser down. What must hold exactly (a locked name) stands in the store. The address is that of the
connection; behind a proxy it is what uvicorn takes from a proxy named in `FORWARDED_ALLOW_IPS`.
"""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from types import MappingProxyType
from typing import Final

from fastapi import Request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from api.errors import Problem

RATES: Final[Mapping[str, RateLimitItem]] = MappingProxyType(
    {
        # By address.
        "sign_in": parse("300/minute"),
        "wrong_sign_in": parse("30/minute"),
        # Many telephones share one address of their provider: what a whole street may send after a power cut.
        "order_form": parse("1200/minute"),
        "picture": parse("600/10 minutes"),
        "order": parse("300/10 minutes"),
        "wrong_codes": parse("30/minute"),
        # By what is named in front of it.
        "orders_of_one_caller": parse("10/hour"),
        "actions_on_one_order": parse("30/minute"),
    }
)


class Limits:
    """Counts per rule, by address or by whom somebody says to be."""

    def __init__(self, rates: Mapping[str, RateLimitItem] = RATES) -> None:
        """Begin with nothing counted."""
        self._rates = rates
        self._counter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def hit(self, rule: str, request: Request) -> None:
        """Count one more of an address.

        Raises:
            Problem: 429, it was one too many.
        """
        self.hit_by(rule, _address(request))

    def hit_by(self, rule: str, whom: str) -> None:
        """Count one more of what `whom` names: a telephone, an order.

        Raises:
            Problem: 429, it was one too many.
        """
        if not self._counter.hit(self._rates[rule], rule, whom):
            raise _too_many(self._rates[rule])

    def check(self, rule: str, request: Request) -> None:
        """Count nothing, but refuse who has used up a rule.

        Raises:
            Problem: 429, one more would be too many.
        """
        if not self._counter.test(self._rates[rule], rule, _address(request)):
            raise _too_many(self._rates[rule])


def _address(request: Request) -> str:
    """Name where somebody is: one house has many addresses of the newer kind, and they count as one."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(ip_network((address, 64), strict=False)) if address.version == 6 else host  # noqa: PLR2004


def _too_many(rate: RateLimitItem) -> Problem:
    return Problem(
        429,
        "too_many_requests",
        "this was tried too often; wait a while, or call the hotline",
        headers={"Retry-After": str(rate.get_expiry())},
    )
