"""The seal of what the store hands over: an Ed25519 signature over an order's number and all that was said.

Assumes JSON as it travels, so that no later field of a model changes what was sealed. The public key comes with the
order's start input. Determinism: pure; a replay finds the same key, the same bytes and the same answer.
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
    """Spell what is sealed in one way: everything that was said but the seal."""
    told = {name: value for name, value in said.items() if name != _SEAL}
    return json.dumps([order_no, told], sort_keys=True, separators=(",", ":")).encode()


def digest(order_no: str, said: Mapping[str, Any]) -> str:
    """Name a content, so that the store can be asked for it."""
    return hashlib.sha256(content(order_no, said)).hexdigest()


def is_sealed(public_key: str | None, order_no: str, said: Mapping[str, Any]) -> bool:
    """Tell whether what was said bears the seal; whatever stands there instead is just none."""
    seal = said.get(_SEAL)
    if public_key is None or not isinstance(seal, str):
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))
        key.verify(base64.b64decode(seal), content(order_no, said))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
