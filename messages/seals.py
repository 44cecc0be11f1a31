"""The seal of the store on a signal: an Ed25519 signature over the order's number and the signal's content.

Assumes JSON as it travels, so that a field added to a model later does not change what was sealed. The public
key comes with the order's start input. Determinism: pure; a replay finds the same key, the same bytes and the
same answer.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_SEAL = "seal"


def content(order_no: str, said: Mapping[str, Any]) -> bytes:
    """Return the bytes that are sealed, always spelled in one way: the whole signal but the seal."""
    told = {name: value for name, value in said.items() if name != _SEAL}
    return json.dumps([order_no, told], sort_keys=True, separators=(",", ":")).encode()


def digest(order_no: str, said: Mapping[str, Any]) -> str:
    """Return the digest of a content, by which the store can be asked for it."""
    return hashlib.sha256(content(order_no, said)).hexdigest()


def is_sealed(public_key: str | None, order_no: str, said: Mapping[str, Any]) -> bool:
    """Tell whether a signal bears a valid seal; anything else in its place counts as none."""
    seal = said.get(_SEAL)
    if public_key is None or not isinstance(seal, str):
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))
        key.verify(base64.b64decode(seal), content(order_no, said))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
