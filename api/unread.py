"""Answers given before a body was read: first, the rest of the body is read and thrown away.

Otherwise a client that writes before it reads would find its connection reset, and never see the refusal.
Source: RFC 9112, 9.6 (a server reads on before it closes, so that its last answer is not lost).
"""

import asyncio
from contextlib import suppress
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

MOST: Final = 64 * 1024 * 1024
"""How much of a body is read and thrown away, in bytes; a client that sends more is cut off."""
PATIENCE: Final = 10.0
"""How long that may take in total, in seconds."""


class Body:
    """The body of one request, as the application reads it."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        """Wrap the receiving side; nothing is read yet."""
        headers = Headers(scope=scope)
        self._receive = receive
        self._comes = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        # Such a client sends its body only after an answer 100, which reading would trigger.
        self._is_asked_for = headers.get("expect", "").lower() != "100-continue"

    async def receive(self) -> Message:
        """Return the next piece of the body to the application."""
        self._is_asked_for = True
        message = await self._receive()
        self._comes = message["type"] == "http.request" and message.get("more_body", False)
        return message

    async def throw_away(self) -> None:
        """Read the rest, up to the bounds; the answer goes out next."""
        read = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while self._comes and self._is_asked_for and read <= MOST:
                    read += len((await self.receive()).get("body", b""))
        # Even if more comes, it is not read again.
        self._comes = False
