"""A run of the tests or the bench that gets a signal to end, or whose starter dies, ends as after Ctrl-C.

Then every `finally` runs and stops the processes that the run has started. If the run itself is killed, those
processes die by their leash (`runtime.machine.leash`).
"""

import os
import signal
import threading
import time

import psutil

_WATCH_SECONDS = 0.5


def end_in_order() -> None:
    """Treat SIGTERM and SIGHUP like Ctrl-C, and the death of a shell or `make` above this process like SIGTERM.

    Start a run that has to outlive its shell with `nohup` or `setsid`.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    threading.Thread(target=_watch, args=(_above(),), daemon=True).start()


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
