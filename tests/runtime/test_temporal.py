"""The way to Temporal, as short programs use it."""

import asyncio
import sys
from datetime import timedelta

import pytest
from temporalio.client import Client

from runtime.temporal import Orders, TemporalAway, connect
from tests.support.compose import ROOT

RUNS = 30
AT_ONCE = 4
SHORT_PROGRAM = """
import asyncio, sys
from runtime import temporal

async def main():
    client = await temporal.connect(target_host=sys.argv[1])
    await temporal.check(client)

asyncio.run(main())
temporal.let_go()
"""


async def test_what_the_server_refuses_is_a_failure_that_says_what_to_do(temporal: Client) -> None:
    client = await connect(target_host=temporal.service_client.config.target_host, namespace="nowhere")
    with pytest.raises(TemporalAway, match=r"Namespace nowhere is not found.*run: dingdan setup"):
        await Orders(client).ensure_reconcile(interval=timedelta(seconds=30))


async def test_a_short_program_ends_cleanly(temporal: Client) -> None:
    """Red without `let_go`: about one in fifteen crashed while the interpreter was being taken down."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def run() -> int:
        async with gate:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", SHORT_PROGRAM, temporal.service_client.config.target_host),
                cwd=ROOT,
                stderr=asyncio.subprocess.DEVNULL,
            )
            return await process.wait()

    codes = await asyncio.gather(*(run() for _ in range(RUNS)))
    assert [code for code in codes if code] == []
