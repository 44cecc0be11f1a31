"""Play stories of a whole office at random: `make stories N=1000`, `python -m tests.stories --help`.

Each plays some orders and meetings with staff, residents, faults, resets and time, on a store of its own, and checks
the promises I1 to I12 and I18 (`tests/support/stories/invariants.py`). The shortest story that breaks one is printed
as a table. The same seed plays the same stories.
"""

import argparse
import os
import secrets
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Final

from rich.console import Console

from tests.support.machine.databases import SqliteFiles, prepared
from tests.support.stories.office import play

_MOST: Final = 100_000
_BATCH: Final = 50
"""Stories of one seed: few enough that progress is seen and a failure is found again soon."""
_IN_MEMORY: Final = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of our own in it
"""Where a store is written without waiting for a disk."""
_console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Play them in as many processes as asked for; 0 if every promise was kept."""
    parser = argparse.ArgumentParser(
        prog="make stories", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("number", type=_number, nargs="?", default=300, help=f"stories, 1 to {_MOST:,}; 300")
    parser.add_argument("--seed", type=int, help="of the first batch; another one each time if none is given")
    parser.add_argument("--processes", type=int, default=2, help="that play at once; 2")
    asked = parser.parse_args()
    first = asked.seed if asked.seed is not None else secrets.randbelow(1_000_000)
    batches = {
        first + at: min(_BATCH, asked.number - at * _BATCH) for at in range(-(-asked.number // _BATCH))
    }
    _console.print(f"{asked.number} stories, seeds {first} to {max(batches)}, {_BATCH} each")
    began, done = time.monotonic(), 0
    with ProcessPoolExecutor(asked.processes) as pool:
        running = {pool.submit(_play, seed, count): seed for seed, count in batches.items()}
        for each in as_completed(running):
            if (broken := each.result()) is not None:
                pool.shutdown(cancel_futures=True)
                _console.print(broken, markup=False)
                _console.print(f"play it again: make stories N={_BATCH} SEED={running[each]}")
                return 1
            done += batches[running[each]]
            _console.print(f"{done} of {asked.number} kept every promise ({time.monotonic() - began:.0f} s)")
    return 0


def _number(text: str) -> int:
    number = int(text)
    if not 1 <= number <= _MOST:
        raise argparse.ArgumentTypeError(f"a number from 1 to {_MOST}")
    return number


def _play(seed: int, count: int) -> str | None:
    """Play a batch; return the promise that was broken, with its story as a table."""
    with tempfile.TemporaryDirectory(prefix="dingdan-stories-", dir=_IN_MEMORY) as folder:
        databases = SqliteFiles(Path(folder))
        prepared(databases)
        try:
            play(databases, stories=count, seed_=seed)
        except Exception as broken:  # noqa: BLE001 - whatever it is, it is told
            return "\n".join([f"{type(broken).__name__}: {broken}", *getattr(broken, "__notes__", [])])
    return None


if __name__ == "__main__":
    sys.exit(main())
