"""The commands of `dingdan`, as an operator types them."""

import asyncio
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from messages.names import NAMESPACE
from tests.support.office import Office

ROOT = Path(__file__).parents[2]
_FORKS = multiprocessing.get_context("forkserver")
"""Makes processes that have the modules of the commands already: to import them takes longer than most commands."""
_FORKS.set_forkserver_preload(["cli", "worker"])


_LIMIT_SECONDS = 60


async def typed(*arguments: str, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a command in a process of its own that has just this environment; return its exit code and all it said."""
    with tempfile.NamedTemporaryFile() as said:
        process = _FORKS.Process(target=_type, args=(arguments, dict(environment), said.name), daemon=True)
        process.start()
        await asyncio.to_thread(process.join, _LIMIT_SECONDS)
        if process.exitcode is None:
            process.kill()
            raise AssertionError(f"{arguments} goes on and on: {said.read().decode()}")
        return process.exitcode, said.read().decode()


async def dingdan(
    office: Office, *arguments: str, address: str | None = None, database: str | None = None
) -> tuple[int, str]:
    """Run a command on an office's store, in a process of its own; return its exit code and all it said."""
    url = office.store.engine.url.render_as_string(hide_password=False)
    environment = {
        **os.environ,
        "DINGDAN_DATABASE_URL": database or url,
        "DINGDAN_SECRET_KEY": "k" * 40,
        "TEMPORAL_ADDRESS": address or office.client.service_client.config.target_host,
        "TEMPORAL_NAMESPACE": NAMESPACE,
    }
    return await typed(*arguments, environment=environment)


def _type(arguments: tuple[str, ...], environment: dict[str, str], said: str) -> None:
    """Be the process that the command runs in; all that it says goes to the file `said`."""
    descriptor = os.open(said, os.O_WRONLY)
    for each in (sys.stdout, sys.stderr):
        os.dup2(descriptor, each.fileno())
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["dingdan", *arguments]
    # Loaded already by the server that forks, and not by the tests.
    from cli import main

    main()
