"""`dingdan doctor`: looks at the parts one by one and says how to mend what is missing."""

import os
import platform
import shutil
import sys
from collections.abc import Awaitable, Callable

from runtime import temporal
from runtime.devserver import cached_cli
from runtime.settings import WrongSettings, known_settings, read_settings
from store import schema
from store.database import Store, StoreUnavailable

_OLDEST_PYTHON = (3, 11)


async def examine(say: Callable[[str], None]) -> int:
    """Look at everything; 0 if nothing is missing that this installation needs."""
    checks: list[tuple[str, Callable[[], Awaitable[str]]]] = [
        ("Python", _python),
        ("Temporal CLI", _cli),
        ("settings", _settings),
        ("store", _store),
        ("Temporal", _temporal),
    ]
    faults = 0
    for name, check in checks:
        try:
            say(f"ok       {name}: {await check()}")
        except _Missing as missing:
            faults += missing.counts
            say(f"{'MISSING ' if missing.counts else 'note    '} {name}: {missing}")
    if faults:
        say("To look at everything on this machine without any of this, run: dingdan up")
    return 1 if faults else 0


class _Missing(Exception):
    """Something is missing; `counts` unless it is only needed for the embedded start."""

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
            "none here yet; only `dingdan up` needs it, and finds or builds it (or set DINGDAN_TEMPORAL_CLI)",
            counts=False,
        )
    return str(found)


async def _settings() -> str:
    try:
        read_settings()
    except WrongSettings as error:
        raise _Missing(f"{error}\n         known settings: {', '.join(known_settings())}") from error
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


def _open_store() -> Store:
    try:
        return Store(read_settings().database_url, pool_size=2)
    except WrongSettings as error:
        raise _Missing("cannot be looked at before the settings are right") from error
