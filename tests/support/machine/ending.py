"""A run of tests or of the bench that is told to end, or loses whoever started it, ends as after Ctrl-C.

What it has started is stopped then, because every `finally` runs. If the run itself is killed, what it
started dies by its leash (`runtime.machine.leash`).
"""

import os
import signal
import threading
import time

import psutil

_WATCH_SECONDS = 0.5


def end_in_order() -> None:
    """Take SIGTERM and SIGHUP for Ctrl-C, and the death of a shell or `make` above this process for SIGTERM.

    A run that is to outlive its shell is started with `nohup` or `setsid`.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    threading.Thread(target=_watch, args=(_above(),), daemon=True).start()


def _watch(above: list[int]) -> None:
    """Look whether those above are still the same: whose parent dies gets another one at once."""
    while _above() == above:
        time.sleep(_WATCH_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def _above() -> list[int]:
    """List who started this process, and who started them, as far as they share its session."""
    try:
        return [each.pid for each in psutil.Process().parents() if os.getsid(each.pid) == os.getsid(0)]
    except (psutil.NoSuchProcess, ProcessLookupError):
        return []  # one of them has just died
