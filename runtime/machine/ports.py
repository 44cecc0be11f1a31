"""Choose TCP ports on this machine for servers that are about to start.

Assumes that the server will listen on 127.0.0.1 and will set `SO_REUSEADDR`, as Go's and asyncio's
servers do. The caller starts the server soon after, so until then somebody else could take the port.
A preferred port is only looked at. Any other one is kept for this process: it lies below the range from
which systems give ports to outgoing connections, and no other process that asks here is told the same.
"""

from __future__ import annotations

import random
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

HOST = "127.0.0.1"
_LAST_PORT = 65_535
# Linux gives outgoing connections the ports from 32,768 on, macOS those from 49,152 on; and Temporal keeps the ports of
# its members in a SMALLINT.
_ANYWHERE = range(20_000, 32_768)
_ANSWER_SECONDS = 0.5


def free_port(preferred: int, *, taken: Collection[int] = ()) -> int:
    """Return the preferred port if it is free, else the next higher one that is.

    Args:
        preferred: Where to begin; 0 asks for any free port, which no other call returns while this process lives.
        taken: Ports already promised to others that do not listen yet.

    Raises:
        OSError: No port from the preferred one upwards is free.
    """
    if preferred == 0:
        return _any_free_port()
    for port in range(preferred, _LAST_PORT + 1):
        if port not in taken and _is_free(port):
            return port
    message = f"no free port on {HOST} from {preferred} upwards"
    raise OSError(message)


def _any_free_port() -> int:
    for port in random.sample(_ANYWHERE, len(_ANYWHERE)):
        if _mark(port) and _is_free(port):
            return port
    message = f"no free port on {HOST} from {_ANYWHERE[0]} to {_ANYWHERE[-1]}"
    raise OSError(message)


def _mark(port: int) -> bool:
    """Bind the UDP port of this number, and tell whether nobody else had."""
    mark = socket.socket(type=socket.SOCK_DGRAM)
    try:
        mark.bind((HOST, port))
    except OSError:
        mark.close()
        return False
    # The mark stays until the system closes it with the process. No server of ours listens on UDP.
    mark.detach()
    return True


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
