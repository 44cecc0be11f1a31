"""The way to Temporal, as short programs use it."""

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from runtime.machine.ports import free_port
from runtime.temporal import Orders, TemporalAway, connect
from tests.support.machine.compose import ROOT

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

REFUSED_PROGRAM = """
import gc, sys
import cli
from runtime import temporal
from temporalio.runtime import Runtime

def let_go_and_look(let_go=temporal.let_go):
    let_go()
    print("left:", len([each for each in gc.get_objects() if isinstance(each, Runtime)]))

temporal.let_go = let_go_and_look
cli.main()
"""


@pytest.mark.parametrize("command", ["worker", "setup"])
async def test_a_command_that_found_no_server_leaves_no_threads_of_the_sdk(
    command: str, tmp_path: Path
) -> None:
    """With such threads left, the worker crashed now and then while the interpreter shut down."""
    environment = {
        **os.environ,
        "DINGDAN_DATABASE_URL": f"sqlite:///{tmp_path}/x.db",
        "DINGDAN_SECRET_KEY": "k" * 40,
        "TEMPORAL_ADDRESS": f"127.0.0.1:{free_port(0)}",
    }
    for arguments in (["-m", "cli", "migrate"], ["-c", REFUSED_PROGRAM, command]):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *arguments), cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
    assert process.returncode == 1
    assert said.decode().splitlines()[-1] == "left: 0"


async def test_what_the_server_refuses_is_a_failure_that_says_what_to_do(temporal: Client) -> None:
    client = await connect(target_host=temporal.service_client.config.target_host, namespace="nowhere")
    with pytest.raises(TemporalAway, match=r"Namespace nowhere is not found.*run: dingdan setup"):
        await Orders(client).ensure_reconcile(interval=timedelta(seconds=30))


async def test_a_short_program_ends_cleanly(temporal: Client) -> None:
    """Red without `let_go`: about one in fifteen crashed while the interpreter shut down."""
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
