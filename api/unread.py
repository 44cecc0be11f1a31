"""Answers that come before a body was read: what the client still sends is read and thrown away first.

A client that writes before it reads would otherwise find its connection reset, and never see why it was refused.
Source: RFC 9112, 9.6 (a server reads on before it closes, so that its last answer is not lost).
"""

import asyncio
from contextlib import suppress
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

MOST: Final = 64 * 1024 * 1024
"""How much of a body is thrown away, in bytes; who sends more is cut off."""
PATIENCE: Final = 10.0
"""How long all of it may take, in seconds."""


class Body:
    """The body of one request, as the application reads it."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        """Read nothing yet."""
        headers = Headers(scope=scope)
        self._receive = receive
        self._comes = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        # Who asks first sends nothing before it is told to go on: reading would tell it so.
        self._is_asked_for = headers.get("expect", "").lower() != "100-continue"

    async def receive(self) -> Message:
        """Give the application the next piece."""
        self._is_asked_for = True
        message = await self._receive()
        self._comes = message["type"] == "http.request" and message.get("more_body", False)
        return message

    async def throw_away(self) -> None:
        """Read what is left, up to the bounds; the answer goes out next."""
        read = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while self._comes and self._is_asked_for and read <= MOST:
                    read += len((await self.receive()).get("body", b""))
        # Whatever comes now is not waited for again.
        self._comes = False
