"""Play stories of a whole office: `make stories N=1000`, `python -m tests.stories --help`.

In each some orders and meetings have staff, residents, faults, resets and time, on a store of their own, and the
promises I1 to I12 and I18 are checked (`tests/support/stories/invariants.py`). The same number is the same story,
whenever it is played. The first one that breaks a promise is made as short as can be and printed as a table.
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
from tests.support.stories.playing import Met, play

_MOST: Final = 100_000
_BATCH: Final = 20
"""Stories after which the progress is told."""
_IN_MEMORY: Final = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of our own in it
"""Where a store is written without waiting for a disk."""
_console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Play them in as many processes as asked for; 0 if every promise was kept."""
    parser = argparse.ArgumentParser(
        prog="make stories", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("number", type=_number, nargs="?", default=300, help=f"stories, 1 to {_MOST:,}; 300")
    parser.add_argument("--seed", type=int, help="number of the first story; drawn if none is given")
    parser.add_argument("--processes", type=int, default=2, help="that play at once; 2")
    asked = parser.parse_args()
    first = asked.seed if asked.seed is not None else secrets.randbelow(1_000_000)
    end = first + asked.number
    _console.print(f"stories {first} to {end - 1}")
    began, done, met = time.monotonic(), 0, Met()
    with ProcessPoolExecutor(asked.processes) as pool:
        parts = [range(at, min(at + _BATCH, end)) for at in range(first, end, _BATCH)]
        running = {pool.submit(_play, part): part for part in parts}
        for each in as_completed(running):
            if isinstance(found := each.result(), str):
                pool.shutdown(cancel_futures=True)
                _console.print(found, markup=False)
                return 1
            met.add(found)
            done += len(running[each])
            _console.print(f"{done} of {asked.number} kept every promise ({time.monotonic() - began:.0f} s)")
    _console.print(f"They met {len(met.pairs)} pairs of events in one matter. Stories with each event:")
    _console.print(", ".join(f"{name} {stories}" for name, stories in met.events.most_common()))
    return 0


def _number(text: str) -> int:
    number = int(text)
    if not 1 <= number <= _MOST:
        raise argparse.ArgumentTypeError(f"a number from 1 to {_MOST}")
    return number


def _play(numbers: range) -> Met | str:
    """Play these stories; return what they met, or the promise that one broke, with its story as a table."""
    with tempfile.TemporaryDirectory(prefix="dingdan-stories-", dir=_IN_MEMORY) as folder:
        databases = SqliteFiles(Path(folder))
        prepared(databases)
        try:
            return play(databases, numbers)
        except Exception as broken:  # noqa: BLE001 - whatever it is, it is told
            return "\n".join([f"{type(broken).__name__}: {broken}", *getattr(broken, "__notes__", [])])


if __name__ == "__main__":
    sys.exit(main())
