"""The Idempotency-Key header, as the IETF draft describes it."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Header
from pydantic.json_schema import SkipJsonSchema

from api.errors import Problem

_KEY = re.compile(r'^(?:"([!#-~]{8,64})"|([!#-~]{8,64}))$')
_WAIT_SECONDS = 2.0

_HEADER = Header(
    alias="Idempotency-Key",
    description="8 to 64 visible ASCII characters, quoted or bare; the same for every repetition.",
    # Only documented here and checked below: a malformed key is a 400, not one more wrong field.
    json_schema_extra={"pattern": _KEY.pattern},
)
KeyHeader = Annotated[str | SkipJsonSchema[None], _HEADER]
RequiredKeyHeader = Annotated[str, _HEADER]


def required_key(header: str) -> str:
    """Read the key of a route that demands one; a missing key was refused before, with the request itself.

    Raises:
        Problem: 400, the key is malformed.
    """
    return _read(header)


def optional_key(header: str | None) -> str:
    """Read the key, or make one if there is none.

    Raises:
        Problem: 400, the key is malformed.
    """
    return _read(header) if header is not None else uuid.uuid4().hex


def _read(header: str) -> str:
    match = _KEY.match(header)
    if match is None:
        raise Problem(
            400,
            "idempotency_key_malformed",
            "an Idempotency-Key has 8 to 64 visible ASCII characters, quoted or bare",
        )
    return match.group(1) or match.group(2)


class InFlight:
    """The requests that this process is working on: a second one with the same key waits for the first."""

    def __init__(self) -> None:
        """Start without requests."""
        self._locks: dict[tuple[str, str], tuple[asyncio.Lock, list[None]]] = {}

    @asynccontextmanager
    async def alone(self, caller: str, key: str) -> AsyncIterator[None]:
        """Hold this caller's key while the request works; a second request waits.

        Raises:
            Problem: 409, the first request still runs after two seconds.
        """
        lock, users = self._locks.setdefault((caller, key), (asyncio.Lock(), []))
        users.append(None)
        try:
            await self._acquire(lock)
            try:
                yield
            finally:
                lock.release()
        finally:
            users.pop()
            if not users:
                del self._locks[caller, key]

    @staticmethod
    async def _acquire(lock: asyncio.Lock) -> None:
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await lock.acquire()
        except TimeoutError:
            raise Problem(
                409,
                "request_in_progress",
                "the first request with this Idempotency-Key is still running; repeat it a little later",
                headers={"Retry-After": "2"},
            ) from None
