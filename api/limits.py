"""Limits on how often a caller may try, against guessing and flooding.

A whole provider's telephones, or an office, may share one address, so limits by address are wide. Narrow limits count
failures, one order or one telephone. A right tracking code is never refused for a neighbour's guesses.
Assumes that each process counts for itself: N processes let N times as much through, which still slows a
guesser down. What must hold exactly (a locked name) is in the store. The address is that of the connection;
behind a proxy, uvicorn takes it from the headers of a proxy named in `FORWARDED_ALLOW_IPS`.
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
        # Many telephones share one address of their provider: enough for a whole street after a power cut.
        "order_form": parse("1200/minute"),
        "picture": parse("600/10 minutes"),
        "order": parse("300/10 minutes"),
        "wrong_codes": parse("30/minute"),
        # By telephone, or by order.
        "orders_of_one_caller": parse("10/hour"),
        "actions_on_one_order": parse("30/minute"),
    }
)


class Limits:
    """Counts per rule, by address, telephone or order."""

    def __init__(self, rates: Mapping[str, RateLimitItem] = RATES) -> None:
        """Start without counts."""
        self._rates = rates
        self._counter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def hit(self, rule: str, request: Request) -> None:
        """Count one more try from an address.

        Raises:
            Problem: 429, it was one too many.
        """
        self.hit_by(rule, _address(request))

    def hit_by(self, rule: str, whom: str) -> None:
        """Count one more try for the telephone or order that `whom` names.

        Raises:
            Problem: 429, it was one too many.
        """
        if not self._counter.hit(self._rates[rule], rule, whom):
            raise _too_many(self._rates[rule])

    def check(self, rule: str, request: Request) -> None:
        """Refuse an address that has used up a rule, without counting a try.

        Raises:
            Problem: 429, one more would be too many.
        """
        if not self._counter.test(self._rates[rule], rule, _address(request)):
            raise _too_many(self._rates[rule])


def _address(request: Request) -> str:
    """Return the address to count by; the many IPv6 addresses of one house, a /64 network, count as one."""
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
        "there were too many attempts; wait a while, or call the hotline",
        headers={"Retry-After": str(rate.get_expiry())},
    )
