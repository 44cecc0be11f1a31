"""A leashed command dies with its starter, and otherwise behaves as usual."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from runtime.machine import leash

ROOT = Path(leash.__file__).resolve().parents[2]
STARTED_WITHIN = 20.0

# A parent that starts one leashed child, notes its id and then waits to be killed.
PARENT = """
import os, subprocess, sys, time
from runtime.machine.leash import leash_environment, leashed
program = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
child = subprocess.Popen(
    leashed([sys.executable, "-c", program, sys.argv[1]]),
    env={**os.environ, **leash_environment()},
    start_new_session=True,
)
child.wait()
"""

# The same, with the method for systems without prctl.
WATCHING_PARENT = """
import os, subprocess, sys
program = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
watcher = "import sys; from runtime.machine.leash import _watch; _watch(sys.argv[2:], int(sys.argv[1]))"
subprocess.Popen(
    [sys.executable, "-c", watcher, str(os.getpid()), sys.executable, "-c", program, sys.argv[1]],
    start_new_session=True,
).wait()
"""


def eventually(look: Callable[[], object]) -> None:
    deadline = time.monotonic() + STARTED_WITHIN
    while not look():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        leash.leashed(command),
        env={**os.environ, **leash.leash_environment(), **variables},
        capture_output=True,
        text=True,
        timeout=STARTED_WITHIN,
        check=False,
    )


class TestLeashedCommand:
    @pytest.mark.parametrize(
        "parent",
        [
            pytest.param(
                PARENT,
                marks=pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's"),
                id="by the kernel",
            ),
            pytest.param(WATCHING_PARENT, id="by a watcher"),
        ],
    )
    def test_dies_with_a_parent_that_is_killed(self, parent: str, tmp_path: Path) -> None:
        """SIGKILL leaves the parent no chance to stop its child."""
        note = tmp_path / "child"
        with subprocess.Popen(
            [sys.executable, "-c", parent, str(note)], env={**os.environ, "PYTHONPATH": str(ROOT)}
        ) as running:
            eventually(lambda: note.exists() and note.read_text())
            child = int(note.read_text())
            assert is_alive(child)
            running.kill()
        eventually(lambda: not is_alive(child))

    def test_is_never_started_by_an_orphan(self) -> None:
        """If the parent died before the kernel was asked, the kernel can no longer notice its death."""
        ended = run("echo", "started", **{leash.PARENT_VARIABLE: "999999999"})
        assert ended.returncode != 0
        assert ended.stdout == ""

    def test_can_stop_gracefully_when_it_is_asked_to(self, tmp_path: Path) -> None:
        """The leash is the last resort; SIGTERM reaches the command unchanged."""
        ready = tmp_path / "ready"
        command = [
            "sh",
            "-c",
            'trap "echo bye; exit 7" TERM; : > "$0"; while :; do sleep 0.02; done',
            str(ready),
        ]
        with subprocess.Popen(
            leash.leashed(command),
            env={**os.environ, **leash.leash_environment()},
            stdout=subprocess.PIPE,
            text=True,
        ) as running:
            try:
                eventually(ready.exists)
                running.terminate()
                said, _ = running.communicate(timeout=STARTED_WITHIN)
            finally:
                running.kill()
        assert (said, running.returncode) == ("bye\n", 7)

    def test_starts_from_any_folder_that_shadows_modules(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither the repository nor a safe current directory is needed."""
        for name in ("signal", "ctypes", "runtime", "subprocess"):
            (tmp_path / f"{name}.py").write_text("raise SystemExit(9)")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        assert run("echo", "started").stdout == "started\n"

    def test_knows_nothing_of_the_leash(self) -> None:
        """A grandchild must not take the parent's number for that of its own parent."""
        shown = run("sh", "-c", f'echo "${{{leash.PARENT_VARIABLE}:-none}}"')
        assert shown.stdout == "none\n"

    def test_keeps_the_signals_a_shell_expects(self) -> None:
        """Python ignores SIGPIPE; a command that inherited this would report errors instead."""
        shown = run("sh", "-c", "kill -PIPE $$; echo survived")
        assert (shown.stdout, shown.returncode) == ("", -signal.SIGPIPE)

    def test_is_named_when_it_does_not_exist(self) -> None:
        ended = run("no-such-program")
        assert ended.returncode == 127
        assert "no-such-program" in ended.stderr

    def test_is_asked_for_when_missing(self) -> None:
        ended = run()
        assert ended.returncode == 2
        assert "usage" in ended.stderr


class TestModule:
    def test_runs_a_command_by_hand(self) -> None:
        shown = subprocess.run(
            [sys.executable, "-m", "runtime.machine.leash", "echo", "started"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=STARTED_WITHIN,
            check=True,
        )
        assert shown.stdout == "started\n"
