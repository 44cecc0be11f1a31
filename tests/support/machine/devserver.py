"""A Temporal dev server for the tests, with everything registered."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from demo.embedded import temporal_part
from messages.names import NAMESPACE
from runtime.machine.devserver import find_temporal_cli
from runtime.machine.ports import HOST, free_port
from runtime.machine.supervisor import Supervisor
from runtime.temporal import connect


@asynccontextmanager
async def running() -> AsyncIterator[Client]:
    """Start it as the demo does; yield a client whose workflows fail when one of their `assert`s fails."""
    with tempfile.TemporaryDirectory(prefix="dingdan-temporal-") as folder:
        async with running_in(Path(folder)) as client:
            yield client


@asynccontextmanager
async def running_in(folder: Path) -> AsyncIterator[Client]:
    """Start it on a folder; a server that ran there before goes on where it was stopped."""
    cli, port = await find_temporal_cli(print), free_port(0)
    part = temporal_part(cli, folder, port=port, ui_port=free_port(0))
    async with Supervisor([part], say=print):
        client = await connect(target_host=f"{HOST}:{port}", namespace=NAMESPACE)
        yield WorkflowEnvironment.from_client(client).client
