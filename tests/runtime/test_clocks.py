"""Clocks are compared, and differing ones are named with the remedy."""

from datetime import timedelta

from temporalio.client import Client

from doctor import clocks_apart
from runtime.clocks import temporal_ahead
from store.database import Store

SECOND = timedelta(seconds=1)


async def test_temporal_on_this_machine_has_its_time(temporal: Client) -> None:
    assert abs(await temporal_ahead(temporal)) < 2 * SECOND


def test_a_database_on_this_machine_has_its_time(store: Store) -> None:
    assert abs(store.ahead() or timedelta(0)) < 2 * SECOND


def test_only_what_ntp_never_leaves_is_named() -> None:
    assert clocks_apart({"Temporal": 3 * SECOND, "the store": -3 * SECOND}) is None
    assert clocks_apart({"Temporal": 45 * SECOND, "the store": -4 * SECOND}) == (
        "Temporal is 45 s ahead of this machine; the store is 4 s behind this machine; "
        "let every machine follow the same NTP server (timedatectl)"
    )
