"""Plant a fault into one row of the tables after the other, and check that a test of the rules notices it.

The tables of tasks and actions are built on import, where mutmut does not reach. `make mutants` runs this; it ends
with 1 if the tests notice fewer than `_LEAST` faults in a hundred.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_LEAST = 85
_TABLES = (
    "domain/order/lifecycle.py",
    "domain/order/actions.py",
    "domain/office/directory.py",
    "domain/duty/lifecycle.py",
    "domain/duty/actions.py",
)
_PLANTS: tuple[tuple[str, str], ...] = (
    (r"(?<=closes=)False", "True"),
    (r"(?<=required=)False", "True"),
    (r"(?<=required=)True", "False"),
    (r"(?<=reminds=)False", "True"),
    (r"(?<=future=)True", "False"),
    (r"(?<=silence=Silence\.)APPROVES", "DENIES"),
    (r"(?<=silence=Silence\.)DENIES", "APPROVES"),
    (r"(?<=silence=Silence\.)CLIMBS", "DENIES"),
    (r"(?<=stage=Stage\.)[A-Z_]+", "ARCHIVED"),
    (r"(?<=stage=DutyStage\.)[A-Z_]+", "ARCHIVED"),
    (r"(?<=leads_back=)True", "False"),
    (r'(?<=_outcome\()\s*"\w+', r"\g<0>_"),
    (r'(?<=_request\()\s*"\w+', r"\g<0>_"),
    (r'^    "\w+",\n', ""),
    (r"(?<=stages=)[^\n]+(?=,\n)", "frozenset()"),
    (r"(?<=roles=)[^\n]+(?=,\n)", "frozenset(Role)"),
    (r"\bnot in\b", "in"),
    (r"\bis not\b", "is"),
    (r">=", ">"),
)


@dataclass(frozen=True, slots=True)
class Plant:
    """A fault: the table, its line, and the table's text with the fault."""

    table: str
    line: int
    was: str
    text: str


def plants() -> Iterator[Plant]:
    """Yield one fault for every place where a fault can be planted."""
    for table in _TABLES:
        text = (ROOT / table).read_text(encoding="utf-8")
        for pattern, planted in _PLANTS:
            for found in re.finditer(pattern, text, re.MULTILINE):
                line = text.count("\n", 0, found.start()) + 1
                if '"""' in text.splitlines()[line - 1]:
                    continue
                changed = text[: found.start()] + found.expand(planted) + text[found.end() :]
                yield Plant(table, line, found.group().strip(), changed)


def is_noticed(plant: Plant) -> bool:
    """Tell whether the tests of the rules fail on a copy of the rooms with the fault."""
    with tempfile.TemporaryDirectory(prefix="dingdan-planted-") as folder:
        here = Path(folder)
        for each in ROOT.iterdir():
            if each.name not in {"domain", ".git", "mutants"}:
                (here / each.name).symlink_to(each)
        shutil.copytree(ROOT / "domain", here / "domain", ignore=shutil.ignore_patterns("__pycache__"))
        (here / plant.table).write_text(plant.text, encoding="utf-8")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider"),
                *("--rootdir", folder, "--hypothesis-profile=mutants", "tests/domain"),
            ],
            cwd=here,
            env={**os.environ, "PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            check=False,
        )
        return done.returncode != 0


def main() -> int:
    """Plant every fault, and name those that no test notices."""
    if not _whole_is_green():
        sys.stdout.write("the tests fail without any fault: mend them first\n")
        return 1
    planted = list(plants())
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        noticed = list(pool.map(is_noticed, planted))
    for plant in (each for each, found in zip(planted, noticed, strict=True) if not found):
        sys.stdout.write(f"nobody noticed: {plant.table}:{plant.line} {plant.was}\n")
    percent = 100 * sum(noticed) // len(planted)
    sys.stdout.write(f"{sum(noticed)} of {len(planted)} planted faults were noticed, {percent} %\n")
    return 0 if percent >= _LEAST else 1


def _whole_is_green() -> bool:
    table = _TABLES[0]
    return not is_noticed(Plant(table, 0, "", (ROOT / table).read_text(encoding="utf-8")))


if __name__ == "__main__":
    raise SystemExit(main())
