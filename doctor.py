"""`dingdan doctor`: check the parts one by one, and say how to fix what is missing."""

import os
import platform
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from domain.matter.timeliness import CLOCK_SKEW
from domain.order.policy import UnknownPolicy, newest
from gateways.messaging.chosen import messenger
from runtime import temporal
from runtime.clocks import is_synchronised, temporal_ahead
from runtime.machine.devserver import cached_cli
from runtime.oidc import CHANGED_BY_PEOPLE
from runtime.settings import WrongSettings, known_settings, read_settings
from store import schema
from store.database import Store, StoreUnavailable
from store.signin import secret_key

_OLDEST_PYTHON = (3, 11)
_CLOCKS_APART = timedelta(seconds=3)
"""A difference that NTP never leaves between two machines of an office."""


async def examine(say: Callable[[str], None]) -> int:
    """Check everything, and return 0 if nothing that this installation needs is missing."""
    checks: list[tuple[str, Callable[[], Awaitable[str]]]] = [
        ("Python", _python),
        ("Temporal CLI", _cli),
        ("settings", _settings),
        ("store", _store),
        ("secret key", _secret_key),
        ("sign-in", _sign_in),
        ("Temporal", _temporal),
        ("clock", _clock),
        ("messages", _messages),
    ]
    faults = 0
    for name, check in checks:
        try:
            say(f"ok       {name}: {await check()}")
        except _Missing as missing:
            faults += missing.counts
            say(f"{'MISSING ' if missing.counts else 'note    '} {name}: {missing}")
    if faults:
        say("To try everything on this machine without any of this, run: dingdan up")
    return 1 if faults else 0


class _Missing(Exception):
    """Something is missing or wrong; it `counts` unless the installation can do without it."""

    def __init__(self, sentence: str, *, counts: bool = True) -> None:
        super().__init__(sentence)
        self.counts = counts


async def _python() -> str:
    if sys.version_info < _OLDEST_PYTHON:
        raise _Missing(f"{platform.python_version()} is too old; install 3.11 or newer")
    return platform.python_version()


async def _cli() -> str:
    found = os.environ.get("DINGDAN_TEMPORAL_CLI") or shutil.which("temporal") or cached_cli()
    if found is None:
        raise _Missing(
            "not here yet; only `dingdan up` needs it, and finds or builds it (or set DINGDAN_TEMPORAL_CLI)",
            counts=False,
        )
    return str(found)


async def _settings() -> str:
    try:
        newest(read_settings().policy)
    except WrongSettings as error:
        raise _Missing(f"{error}\n         known settings: {', '.join(known_settings())}") from error
    except UnknownPolicy as error:
        raise _Missing(f"DINGDAN_POLICY: {error}") from error
    return "all known, none missing"


async def _store() -> str:
    store = _open_store()
    try:
        store.ping()
        schema.check(store.engine)
    except StoreUnavailable as error:
        raise _Missing(str(error)) from error
    except (schema.SchemaMismatch, schema.WrongLocale) as error:
        raise _Missing(str(error)) from error
    finally:
        store.close()
    return "answers, at this version's schema"


async def _secret_key() -> str:
    store = _open_store()
    try:
        schema.check(store.engine)
        with store.look() as connection:
            secret_key.require(connection, read_settings().secret_key.get_secret_value())
    except secret_key.AnotherSecretKey as error:
        raise _Missing(str(error)) from error
    except (StoreUnavailable, schema.SchemaMismatch, schema.WrongLocale) as error:
        raise _Missing("cannot be compared until the store is in order", counts=False) from error
    finally:
        store.close()
    return "the one that the store uses"


async def _sign_in() -> str:
    try:
        settings = read_settings()
    except WrongSettings as error:
        raise _Missing("cannot be checked until the settings are right", counts=False) from error
    if settings.oidc_issuer is None:
        return "by password"
    if (claim := settings.oidc_username_claim) in CHANGED_BY_PEOPLE:
        raise _Missing(
            f"by the claim `{claim}`, which people can change at some providers, to sign in as a colleague: make sure "
            "that yours forbids it, or set DINGDAN_OIDC_USERNAME_CLAIM to another claim, like `sub`",
            counts=False,
        )
    return f"by the provider's claim `{claim}`"


async def _temporal() -> str:
    try:
        client = await temporal.connect()
        await temporal.check(client)
        polled = await temporal.has_worker(client)
    except temporal.TemporalAway as error:
        raise _Missing(f"{error}; then run: dingdan setup") from error
    except (temporal.MissingSearchAttributes, temporal.WrongSearchAttribute) as error:
        raise _Missing(str(error)) from error
    if not polled:
        raise _Missing("set up, but no worker polls; start one: dingdan worker")
    return f"answers, set up, a worker polls (namespace {client.namespace})"


async def _clock() -> str:
    try:
        store = _open_store()
        try:
            ahead = {"the store": store.ahead(), "Temporal": await temporal_ahead(await temporal.connect())}
        finally:
            store.close()
    except (temporal.TemporalAway, StoreUnavailable) as error:
        raise _Missing("cannot be compared until store and Temporal answer", counts=False) from error
    known = {name: each for name, each in ahead.items() if each is not None}
    if apart := clocks_apart(known):
        raise _Missing(apart, counts=max(map(abs, known.values())) > CLOCK_SKEW)
    if await is_synchronised() is False:
        raise _Missing("does not follow NTP on this machine; see: timedatectl", counts=False)
    return f"agrees with {' and '.join(known)} within {_CLOCKS_APART.seconds} s"


async def _messages() -> str:
    if not messenger().reaches_people:
        raise _Missing(
            "no provider is set up: they go to the log and reach nobody; call residents by telephone",
            counts=False,
        )
    return "reach people"


def clocks_apart(ahead: Mapping[str, timedelta]) -> str | None:
    """Say which clocks differ from this machine's; return `None` if all are close enough."""
    far = {name: each for name, each in ahead.items() if abs(each) > _CLOCKS_APART}
    if not far:
        return None
    said = "; ".join(
        f"{name} is {abs(each).total_seconds():.0f} s {'ahead of' if each > timedelta(0) else 'behind'} this machine"
        for name, each in far.items()
    )
    return f"{said}; let every machine follow the same NTP server (timedatectl)"


def _open_store() -> Store:
    try:
        return Store(read_settings().database_url, pool_size=2)
    except WrongSettings as error:
        raise _Missing("cannot be checked until the settings are right") from error
