"""Serving the application until the process is told to end."""

import gc
import os
import socket
import sys
from contextlib import suppress

import uvicorn

from api.app import Edge


class Server(uvicorn.Server):
    """Ends what is shown live before it waits for the last answers: a stream lasts as long as somebody looks."""

    def __init__(self, app: Edge, *, host: str = "127.0.0.1", port: int) -> None:
        """Prepare; nothing listens yet."""
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            # By itself it believes whoever comes from this machine; only a proxy that is named is believed.
            proxy_headers="FORWARDED_ALLOW_IPS" in os.environ,
        )
        super().__init__(config)
        self._edge = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take nothing new, and finish what is being answered."""
        self._edge.end_streams()
        await super().shutdown(sockets)


def serve(app: Edge, *, host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    # What is loaded stays: a collector that looked through it again and again would hold up a page by 30 ms.
    gc.collect()
    gc.freeze()
    server = Server(app, host=host, port=port)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(1)
