"""Sealing what has to be read again but may not stand in the clear: Fernet with a key drawn from the secret key."""

import base64
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_PURPOSE: Final = b"dingdan sealing 1"


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
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(key))
