"""The way to Temporal, as short programs use it."""

import asyncio
import sys

from temporalio.client import Client

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
