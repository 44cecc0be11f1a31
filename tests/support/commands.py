"""The commands of `dingdan`, as an operator types them."""

import asyncio
import os
import sys
from pathlib import Path

from messages.names import NAMESPACE
from tests.support.office import Office

ROOT = Path(__file__).parents[2]


async def dingdan(
    office: Office, *arguments: str, address: str | None = None, database: str | None = None
) -> tuple[int, str]:
    """Run the command in a separate process, and return its exit code and its whole output."""
    url = office.store.engine.url.render_as_string(hide_password=False)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", *arguments),
        cwd=ROOT,
        env={
            **os.environ,
            "DINGDAN_DATABASE_URL": database or url,
            "DINGDAN_SECRET_KEY": "k" * 40,
            "TEMPORAL_ADDRESS": address or office.client.service_client.config.target_host,
            "TEMPORAL_NAMESPACE": NAMESPACE,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()
