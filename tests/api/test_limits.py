"""Which callers count as one for the limits."""

import pytest
from fastapi import Request
from limits import parse

from api.errors import Problem
from api.limits import Limits


def from_(address: str) -> Request:
    return Request({"type": "http", "client": (address, 1), "headers": []})


class TestALimit:
    @pytest.mark.parametrize(
        ("first", "second", "is_one"),
        [
            ("203.0.113.1", "203.0.113.1", True),
            ("203.0.113.1", "203.0.113.2", False),
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
            ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
            ("testclient", "testclient", True),
        ],
    )
    def test_counts_a_house_as_one(self, first: str, second: str, is_one: bool) -> None:
        limits = Limits({"order": parse("1/minute")})
        limits.hit("order", from_(first))
        if is_one:
            with pytest.raises(Problem) as refused:
                limits.hit("order", from_(second))
            assert refused.value.body.status == 429
        else:
            limits.hit("order", from_(second))
