"""The kinds of file that may be attached to an order, and how they are recognised.

Assumes the first bytes of a file. The name and media type that a client sends are never trusted.

Source: our decision, ADR-0011.
"""

from dataclasses import dataclass
from typing import Final

MAX_SIZE: Final = 10 * 1024 * 1024
"""Largest file, in bytes."""
HEAD: Final = 16
"""How many leading bytes are needed to recognise a kind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One accepted kind; `signature` lists the bytes that stand at an offset."""

    name: str
    media_type: str
    suffix: str
    signature: tuple[tuple[int, bytes], ...]


KINDS: Final = (
    Kind(name="JPEG", media_type="image/jpeg", suffix="jpg", signature=((0, b"\xff\xd8\xff"),)),
    Kind(name="PNG", media_type="image/png", suffix="png", signature=((0, b"\x89PNG\r\n\x1a\n"),)),
    Kind(name="WebP", media_type="image/webp", suffix="webp", signature=((0, b"RIFF"), (8, b"WEBP"))),
    Kind(name="PDF", media_type="application/pdf", suffix="pdf", signature=((0, b"%PDF-"),)),
)
"""Pictures and documents that every browser shows; nothing that runs."""
PICTURES: Final = tuple(kind for kind in KINDS if kind.media_type.startswith("image/"))
"""The pictures that a resident's phone takes."""


def kind_of(head: bytes) -> Kind | None:
    """Recognise a file by its first bytes; `None` if it is of no accepted kind."""
    return next(
        (
            kind
            for kind in KINDS
            if all(head[at : at + len(expected)] == expected for at, expected in kind.signature)
        ),
        None,
    )


def suffix_of(media_type: str) -> str:
    """Return the usual file name suffix of a media type; `bin` for an unknown one."""
    return next((kind.suffix for kind in KINDS if kind.media_type == media_type), "bin")
