"""Choose TCP ports on this machine for servers that are about to start.

Assumes that the server will listen on 127.0.0.1 and will set `SO_REUSEADDR`, as Go's and asyncio's
servers do. A port is only looked at, not held: the caller starts the server soon after.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

HOST = "127.0.0.1"
_LAST_PORT = 65_535
_ANSWER_SECONDS = 0.5


def free_port(preferred: int, *, taken: Collection[int] = ()) -> int:
    """Return the preferred port if it is free, else the next higher one that is.

    Args:
        preferred: Where to begin; 0 asks for any free port.
        taken: Ports already promised to others that do not listen yet.

    Raises:
        OSError: No port from the preferred one upwards is free.
    """
    if preferred == 0:
        return _any_free_port(taken)
    for port in range(preferred, _LAST_PORT + 1):
        if port not in taken and _is_free(port):
            return port
    message = f"no free port on {HOST} from {preferred} upwards"
    raise OSError(message)


def _any_free_port(taken: Collection[int]) -> int:
    # A refused choice stays open until the end: the system would otherwise offer it again.
    refused: list[socket.socket] = []
    try:
        while True:
            listener = _listen(0)
            refused.append(listener)
            port = int(listener.getsockname()[1])
            if port not in taken:
                return port
    finally:
        for listener in refused:
            listener.close()


def _is_free(port: int) -> bool:
    # Listening alone does not prove it: on macOS a second socket may listen on 127.0.0.1 while
    # another one holds the same port on all addresses. So no server may answer there either.
    with socket.socket() as caller:
        caller.settimeout(_ANSWER_SECONDS)
        if caller.connect_ex((HOST, port)) == 0:
            return False
    try:
        _listen(port).close()
    except OSError:
        return False
    return True


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        # Without this option a port would seem taken for a minute after a restart, because old
        # connections linger in TIME_WAIT, and the pages would move to another address.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        # Two sockets that only bind may share a port; two that listen may not.
        listener.listen(1)
    except OSError:
        listener.close()
        raise
    return listener
