"""Serving the application until the process has to end."""

import gc
import os
import socket
import sys
from contextlib import suppress

import uvicorn

from api.app import Edge


class Server(uvicorn.Server):
    """Ends the live streams before it waits for the last answers, since a stream lasts as long as its page is open."""

    def __init__(self, app: Edge, *, host: str = "127.0.0.1", port: int) -> None:
        """Prepare; nothing listens yet."""
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            # By default uvicorn believes these headers from this machine; believe only a proxy that is named.
            proxy_headers="FORWARDED_ALLOW_IPS" in os.environ,
        )
        super().__init__(config)
        self._edge = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new requests, and finish the present answers."""
        self._edge.end_streams()
        await super().shutdown(sockets)


def serve(app: Edge, *, host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    # All that is loaded now stays. Collecting it again and again would delay a page by 30 ms.
    gc.collect()
    gc.freeze()
    server = Server(app, host=host, port=port)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(1)
