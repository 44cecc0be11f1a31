"""Measured figures, as lines on the console and as rows of `docs/performance.md`."""

import os
import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

_PAGE = Path(__file__).parents[1] / "docs" / "performance.md"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure: its name, the place where it was measured, its value with unit, and its goal, if any."""

    program: str
    place: str
    what: str
    value: str
    goal: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        """Write the figure as one line."""
        goal = f" (goal {self.goal}: {'met' if self.met else 'MISSED'})" if self.goal else ""
        return f"{self.program} · {self.place} · {self.what}: {self.value}{goal}"


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    return sorted(values)[len(values) // 2]


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that `percent` of the values do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


def say(line: object) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def machine() -> str:
    """Name the machine by its size."""
    memory = psutil.virtual_memory().total / 2**30
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {memory:.0f} GB, {system}"


def publish(figures: Sequence[Figure], *, command: str, path: Path = _PAGE) -> None:
    """Write the figures into the page, and leave those of other programs unchanged."""
    text = path.read_text(encoding="utf-8")
    for program in dict.fromkeys(each.program for each in figures):
        rows = [each for each in figures if each.program == program]
        text = _replace(text, program, _table(rows, command))
    path.write_text(text, encoding="utf-8")


def _table(rows: Sequence[Figure], command: str) -> str:
    head = f"{datetime.now(UTC):%Y-%m-%d}, {machine()}, `{command}`\n\n"
    lines = ["| Where | What | Figure | Goal |", "|---|---|---|---|"]
    for each in rows:
        goal = f"{each.goal}: {'met' if each.met else '**missed**'}" if each.goal else ""
        lines.append(f"| {each.place} | {each.what} | {each.value} | {goal} |")
    return head + "\n".join(lines) + "\n"


def _replace(text: str, program: str, block: str) -> str:
    begin, end = f"<!-- {program}: begin -->\n", f"<!-- {program}: end -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"docs/performance.md has no place for {program}: {begin.strip()} … {end}")
    return pattern.sub(lambda _: f"{begin}{block}{end}", text)
