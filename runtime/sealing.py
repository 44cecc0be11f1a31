"""Sealing with keys derived from the secret key: values that may not stand in the clear, and signals to orders.

A value that has to be read again is sealed by Fernet. What people decide goes to their order under an Ed25519 signature
(`messages.seals`): the public key stands in the order's start input, so that no secret ever reaches Temporal.
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
    """A value was sealed under another key, or is damaged."""


def seal(secret: str, value: str) -> str:
    """Seal a value."""
    return _fernet(secret).encrypt(value.encode()).decode()


def unseal(secret: str, sealed: str) -> str:
    """Read a value that was sealed under the same secret.

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
    """The seal under which one installation hands people's decisions and actions to their orders."""

    def __init__(self, secret: str) -> None:
        """Derive the key."""
        self._key = Ed25519PrivateKey.from_private_bytes(_key(secret, _HANDED_OVER))
        self.public_key = base64.b64encode(self._key.public_key().public_bytes_raw()).decode()
        """The public key, by which anybody can tell the seal from a forged one."""

    def sign(self, order_no: str, said: Mapping[str, Any]) -> str:
        """Return the seal of a decision or action on an order, given as JSON."""
        return base64.b64encode(self._key.sign(content(order_no, said))).decode()
