"""Passwords: hashed by argon2, and compared so that the time taken tells nobody anything."""

import asyncio
import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

_hasher: Final = PasswordHasher()
_NOBODYS: Final = _hasher.hash(secrets.token_urlsafe(32))
"""The hash to compare with where there is no account, so that the answer takes as long."""
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz"


class Passwords:
    """Hashes in threads, a few at a time: each takes a tenth of a second and 64 MiB."""

    def __init__(self, *, at_a_time: int = 2) -> None:
        """Allow `at_a_time` hashes at once."""
        self._turns = asyncio.Semaphore(at_a_time)

    async def hash(self, password: str) -> str:
        """Hash a new password."""
        async with self._turns:
            return await asyncio.to_thread(hash_password, password)

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Tell whether a password matches its hash; without a hash it does not, and the answer takes as long."""
        async with self._turns:
            return await asyncio.to_thread(_matches, password_hash, password)


def hash_password(password: str) -> str:
    """Hash a password, in this thread."""
    return _hasher.hash(password)


def new_password() -> str:
    """Make a password that is shown once: it fulfils every profile, and can be read aloud."""
    groups = ["".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(3)]
    return f"{groups[0].capitalize()}-{groups[1]}-{groups[2]}-{secrets.randbelow(90) + 10}"


def _matches(password_hash: str | None, password: str) -> bool:
    try:
        return _hasher.verify(password_hash or _NOBODYS, password) and password_hash is not None
    except (Argon2Error, InvalidHashError):
        return False
