"""The cost of beginning: a command that only reads, beside the imports that it needs, and everything at once."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from bench.figures import Figure, median, say
from runtime.machine.leash import leash_environment, leashed

_figure: Final = partial(Figure, program="starting", place="this machine")
_COMMAND_GOAL: Final = 1.0
_UP_GOAL: Final = 8.0
_WAIT: Final = 120.0
_BARE: Final = ("-c", "import pydantic_settings, sqlalchemy, typer")
"""What no command of ours can do without."""
_LISTS_USERS: Final = ("-m", "cli", "user", "list")


def measure(*, times: int) -> list[Figure]:
    """Start everything and wait until it is ready, then list the users of a small office so many times."""
    with tempfile.TemporaryDirectory(prefix="dingdan-bench-") as folder:
        data = Path(folder) / "data"
        seconds = _up(data, Path(folder) / "info.json")
        settings = {
            "DINGDAN_DATABASE_URL": f"sqlite:///{data}/dingdan.db",
            "DINGDAN_SECRET_KEY": (data / "secret.key").read_text(encoding="utf-8"),
        }
        # In turn, so that a slow minute slows both.
        found = [(_cpu(_LISTS_USERS, settings), _cpu(_BARE, {})) for _ in range(times)]
    ours, ratio = median([each for each, _ in found]), median([each / bare for each, bare in found])
    say(f"user list {ours:.2f} s of CPU, {ratio:.1f} times its imports; up after {seconds:.1f} s")
    return [
        _figure(
            what="CPU of `dingdan user list`",
            value=f"{ours:.2f} s",
            goal=f"≤ {_COMMAND_GOAL:g} s",
            met=ours <= _COMMAND_GOAL,
        ),
        _figure(
            what="the same ÷ importing typer, SQLAlchemy and pydantic-settings",
            value=f"{ratio:.1f}",
        ),
        _figure(
            what="`dingdan up`, until everything is ready",
            value=f"{seconds:.1f} s",
            goal=f"≤ {_UP_GOAL:g} s",
            met=seconds <= _UP_GOAL,
        ),
    ]


def _up(data: Path, info: Path) -> float:
    """Start everything twice, since the first time makes the database; return the seconds of the second time."""
    for _ in range(2):
        began = time.perf_counter()
        options = ("--data-dir", str(data), "--info", str(info), "--no-stories", "--port", "0")
        process = _start(("-m", "cli", "up", *options), {})
        try:
            while not info.exists():
                if (seconds := time.perf_counter() - began) > _WAIT:
                    raise TimeoutError(f"not ready after {seconds:.0f} s")
                time.sleep(0.05)
            seconds = time.perf_counter() - began
        finally:
            process.terminate()
            process.wait()
        info.unlink()
    return seconds


def _cpu(arguments: Sequence[str], settings: Mapping[str, str]) -> float:
    """Return the CPU seconds of a Python process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = _start(arguments, settings)
    assert process.wait() == 0, arguments
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _start(arguments: Sequence[str], settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        leashed([sys.executable, *arguments]),
        env={**os.environ, **leash_environment(), **settings},
        stdout=subprocess.DEVNULL,
    )
