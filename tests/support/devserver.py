"""A Temporal dev server of the tests' own, with everything registered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from messages.names import NAMESPACE
from runtime.devserver import find_temporal_cli
from runtime.temporal import set_up


@asynccontextmanager
async def running() -> AsyncIterator[Client]:
    """Start it and give a client."""
    environment = await WorkflowEnvironment.start_local(
        namespace=NAMESPACE,
        data_converter=pydantic_data_converter,
        dev_server_existing_path=str(await find_temporal_cli(print)),
        dev_server_log_level="error",
    )
    async with environment:
        await set_up(environment.client)
        yield environment.client
