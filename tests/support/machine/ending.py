"""A run of the tests or the bench that gets a signal to end, or whose starter dies, ends as after Ctrl-C.

Then every `finally` runs and stops the processes that the run has started. If the run itself is killed, those
processes die by their leash (`runtime.machine.leash`).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable

import psutil

_WATCH_SECONDS = 0.5
_AGAIN_SECONDS = 0.1


def end_in_order() -> None:
    """Treat SIGTERM and SIGHUP like Ctrl-C, and the death of a shell or `make` above this process like SIGTERM.

    Start a run that has to outlive its shell with `nohup` or `setsid`.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.unraisablehook = _not_lost(sys.unraisablehook)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    threading.Thread(target=_watch, args=(_above(),), daemon=True).start()


def _not_lost(
    others: Callable[[sys.UnraisableHookArgs], object],
) -> Callable[[sys.UnraisableHookArgs], object]:
    """Interrupt again if an interruption came where Python ignores exceptions, as while it collects garbage."""

    def hook(ignored: sys.UnraisableHookArgs) -> None:
        if issubclass(ignored.exc_type, KeyboardInterrupt):
            # A moment later: here it would be ignored once more.
            threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGTERM)).start()
        else:
            others(ignored)

    return hook


def _watch(above: list[int]) -> None:
    """Watch the processes above this one: if a parent dies, its child gets another parent at once."""
    while _above() == above:
        time.sleep(_WATCH_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def _above() -> list[int]:
    """List the ancestors of this process that share its session."""
    try:
        return [each.pid for each in psutil.Process().parents() if os.getsid(each.pid) == os.getsid(0)]
    except (psutil.NoSuchProcess, ProcessLookupError):
        return []  # an ancestor has just died
