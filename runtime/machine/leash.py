"""Make a child process die with its parent, however the parent dies.

`python -m runtime.machine.leash COMMAND ARG...` runs a command that cannot outlive the process that started it,
even if that process is killed with SIGKILL and can clean up nothing. Assumes POSIX. This is the last resort
only: an orderly parent stops its children with SIGTERM, and they may take their time then.

The leash holds one process and is not inherited: a leashed command that starts children of its own
leashes them too. It is tied to the *thread* that started the child, so start it from a thread that
lives as long as the program, which is the main thread.

This file is also run as a plain script, in isolated mode, so that it works from any current
directory. It therefore imports the standard library alone.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

PARENT_VARIABLE: Final = "DINGDAN_LEASH_PARENT"
_PR_SET_PDEATHSIG: Final = 1
_WATCH_SECONDS: Final = 0.2
_EXIT_USAGE: Final = 2
_EXIT_ORPHANED: Final = 3
_EXIT_NOT_STARTED: Final = 127


def leashed(command: Sequence[str]) -> list[str]:
    """Return the command line that runs this command on a leash.

    Start it with `leash_environment()` added to its environment.
    """
    # Isolated (-I), so that neither the current directory nor this folder can shadow a module of
    # the standard library, and without site packages (-S), which only saves time. Both are over
    # when the command takes the place of the interpreter.
    return [sys.executable, "-IS", os.path.realpath(__file__), *command]


def leash_environment() -> dict[str, str]:
    """Return the variables that tell the leash who its parent is.

    Call it in the process that starts the command: the parent is the caller. The command itself does
    not see the variables any more.
    """
    return {PARENT_VARIABLE: str(os.getpid())}


def main(arguments: Sequence[str]) -> int:
    """Run the command on a leash; on Linux, take its place and never return."""
    if not arguments:
        print("usage: python -m runtime.machine.leash COMMAND ARG...", file=sys.stderr)  # noqa: T201 -- a command line
        return _EXIT_USAGE
    # Without the variable the present parent must do: a command that is started by hand is in no race.
    parent = int(os.environ.pop(PARENT_VARIABLE, "") or os.getppid())
    try:
        if os.uname().sysname == "Linux":
            _become(arguments, parent)
        return _watch(arguments, parent)
    except OSError as error:
        print(f"cannot start {arguments[0]}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return _EXIT_NOT_STARTED


def _become(command: Sequence[str], parent: int) -> NoReturn:
    """Ask the kernel for SIGKILL at the parent's death, then turn into the command.

    SIGKILL and not SIGTERM: with the parent gone, nobody is left to follow up a SIGTERM that is
    ignored or takes too long, and what is left behind would hold the ports and the database of the
    next start. Everything leashed here survives being killed; that is what durable means.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    if prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    # The parent may have died before the kernel was asked; then no signal will ever come.
    if os.getppid() != parent:
        sys.exit(_EXIT_ORPHANED)
    # Python ignores these two signals, and a command would inherit that: `yes | head` never ends.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execvp(command[0], list(command))  # noqa: S606 -- no shell is wanted here


def _watch(command: Sequence[str], parent: int) -> int:
    """Run the command as a child, kill it when the parent is gone, and return its exit code.

    For systems without `prctl`. Slower by a fifth of a second and one process heavier, and it
    cannot help if the leash itself is killed alone, so kill the whole process group.
    """
    # The child is in the same process group and gets such signals itself; the leash only has to
    # survive them until the child is done. A handler is reset in the child, SIG_IGN would stay.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    child = subprocess.Popen(command)  # noqa: S603 -- running what it is told is its whole purpose
    while (code := child.poll()) is None:
        if os.getppid() != parent:
            child.kill()
            child.wait()
            return _EXIT_ORPHANED
        time.sleep(_WATCH_SECONDS)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
