"""A run of the tests or the bench that gets a signal to end, or loses its shell, leaves nothing running."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.support.machine.postgres import NoPostgres, find_programs

ROOT = Path(__file__).parents[2]
PATIENCE = 45.0
MARK = "TEST_OF_ENDING"
"""Every process that a run starts inherits this variable, however far it moves away from the run."""
A_TEST = """
import os
import threading
from pathlib import Path

def test_waits(temporal, databases):
    Path(os.environ["TEST_OF_ENDING"]).touch()
    threading.Event().wait()
"""
TESTS = ("pytest", "-c", f"{ROOT}/pyproject.toml", "-p", "tests.conftest", "--database", "postgres")
SHELL = ("sh", "-c", '"$@"; exit $?', "sh")
"""A shell that waits, as a script's does, instead of becoming the run."""
BENCH = ("bench", "intake", "--place", "embedded")
SERVERS = {TESTS: ("start-dev", "listen_addresses"), BENCH: ("start-dev", "cli api")}


@pytest.fixture(autouse=True)
def _postgres() -> None:
    try:
        find_programs()
    except NoPostgres as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


def marked(mark: Path) -> list[psutil.Process]:
    """List the processes that a run has started."""
    found = []
    for each in psutil.process_iter():
        with suppress(psutil.Error):
            if each.environ().get(MARK) == str(mark) and each.status() != psutil.STATUS_ZOMBIE:
                found.append(each)
    return found


def commands(mark: Path) -> str:
    """Return the command lines of those processes."""
    found = []
    for each in marked(mark):
        with suppress(psutil.Error):
            found.append(" ".join(each.cmdline()))
    return "\n".join(found)


def eventually(look: Callable[[], object], what: Callable[[], object]) -> None:
    limit = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < limit, what()
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("run", "how"),
    [
        (TESTS, "told to end"),
        (TESTS, "killed"),
        (TESTS, "its shell killed"),
        (BENCH, "told to end"),
        (BENCH, "its shell killed"),
    ],
    ids=lambda each: each if isinstance(each, str) else each[0],
)
def test_leaves_nothing_running(run: tuple[str, ...], how: str, tmp_path: Path) -> None:
    mark, said = tmp_path / str(uuid.uuid4()), tmp_path / "said"
    (tmp_path / "test_waits.py").write_text(A_TEST, encoding="utf-8")
    with (
        said.open("wb") as output,
        subprocess.Popen(
            [*SHELL, sys.executable, "-m", *run, *([tmp_path] if run is TESTS else [])],
            cwd=ROOT,
            env={**os.environ, MARK: str(mark), "PYTHONPATH": str(ROOT)},
            stdout=output,
            stderr=output,
            start_new_session=True,
            # If these tests run under `nohup`, the run under test must not inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509
        ) as shell,
    ):
        try:
            eventually(
                lambda: (
                    (run is BENCH or mark.exists()) and all(each in commands(mark) for each in SERVERS[run])
                ),
                said.read_text,
            )
            (process,) = psutil.Process(shell.pid).children()
            if how == "its shell killed":
                shell.kill()
            else:
                process.send_signal(signal.SIGTERM if how == "told to end" else signal.SIGKILL)
            eventually(lambda: not marked(mark), lambda: commands(mark))
        finally:
            for each in marked(mark):
                with suppress(psutil.NoSuchProcess):
                    each.kill()


A_LOST_SIGNAL = """
import os
import signal
import threading
import weakref

from tests.support.machine.ending import end_in_order

class Anything:
    pass

def when_collected(_):
    os.kill(os.getpid(), signal.SIGTERM)

end_in_order()
anything = Anything()
its_end = weakref.ref(anything, when_collected)
del anything
threading.Event().wait(30)
"""


def test_a_signal_that_comes_while_garbage_is_collected_is_not_lost() -> None:
    run = subprocess.run([sys.executable, "-c", A_LOST_SIGNAL], cwd=ROOT, stderr=subprocess.PIPE, check=False)
    assert run.stderr.rstrip().endswith(b"KeyboardInterrupt")
