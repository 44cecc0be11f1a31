"""How often somebody may knock: by address, so that nobody guesses and nobody floods.

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
        "sign_in": parse("30/minute"),
        # Many telephones share one address of their provider: what a whole street may send after a power cut.
        "order_form": parse("120/minute"),
        "picture": parse("60/10 minutes"),
        "order": parse("30/10 minutes"),
        "resident_action": parse("60/minute"),
        "wrong_codes": parse("30/minute"),
    }
)


class Limits:
    """Counts per rule and address."""

    def __init__(self, rates: Mapping[str, RateLimitItem] = RATES) -> None:
        """Begin with nothing counted."""
        self._rates = rates
        self._counter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def hit(self, rule: str, request: Request) -> None:
        """Count one more.

        Raises:
            Problem: 429, it was one too many.
        """
        if not self._counter.hit(self._rates[rule], rule, _address(request)):
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
        "this was tried too often from your address; wait a while, or call the hotline",
        headers={"Retry-After": str(rate.get_expiry())},
    )
