"""Sealing with keys drawn from the secret key: what may not stand in the clear, and what the store hands over.

What has to be read again is sealed by Fernet. What people said goes to their order under an Ed25519 signature
(`messages.seals`): its public half stands in the order's start input, so that no secret ever reaches Temporal.
"""

import base64
from collections.abc import Mapping
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from messages.seals import content

_READ_AGAIN: Final = b"dingdan sealing 1"
_HANDED_OVER: Final = b"dingdan signals 1"


class CannotUnseal(Exception):
    """It was sealed under another key, or is damaged."""


def seal(secret: str, value: str) -> str:
    """Seal a value."""
    return _fernet(secret).encrypt(value.encode()).decode()


def unseal(secret: str, sealed: str) -> str:
    """Read what was sealed under the same secret.

    Raises:
        CannotUnseal: it was not.
    """
    try:
        return _fernet(secret).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise CannotUnseal("this was sealed under another DINGDAN_SECRET_KEY") from None


def _fernet(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_key(secret, _READ_AGAIN)))


def _key(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())


class SignalSeal:
    """The seal under which one installation hands over what people said."""

    def __init__(self, secret: str) -> None:
        """Draw the key."""
        self._key = Ed25519PrivateKey.from_private_bytes(_key(secret, _HANDED_OVER))

    @property
    def public_key(self) -> str:
        """The half by which anybody can tell the seal from a forged one."""
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, order_no: str, said: Mapping[str, Any]) -> str:
        """Give the seal of what was said to an order, as JSON has it."""
        return base64.b64encode(self._key.sign(content(order_no, said))).decode()
