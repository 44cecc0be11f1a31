"""Make a smaller JPEG of a picture that somebody sent: `shrinking.py EDGE` reads it and writes the JPEG.

Runs as a program of its own, within limits of time and memory and without the environment of ours, because a stranger
chose the bytes that it reads. What a camera wrote about place, time and device is left out; the picture stands upright.
It exits with `NO_PICTURE` if the bytes are to blame; any other failure says nothing about them.
"""

from __future__ import annotations

import resource
import sys
import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

NO_PICTURE: Final = 65
"""The exit code that says so (EX_DATAERR of BSD)."""
_SECONDS: Final = 10
"""Of CPU time; a second later the process is killed, whatever it does."""
_MEMORY: Final = 768 << 20
"""Bytes of address space."""
_PIXELS: Final = 250_000_000
"""More than any telephone takes; a JPEG of that size is decoded at a fraction of it."""


def main(edge: int) -> None:
    """Write the picture with its longer edge at most `edge` pixels."""
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Only now: the libraries that decode pictures are loaded within the limits too.
    from PIL import Image

    content = sys.stdin.buffer.read()
    # A telephone's odd notes are no reason to refuse its picture; a picture that would fill the memory is.
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = _PIXELS
    made = BytesIO()
    try:
        _shrunk(content, edge).save(made, "JPEG", quality=80, optimize=True)
    except Exception:  # noqa: BLE001 - whatever a decoder raises, the bytes are to blame
        sys.exit(NO_PICTURE)
    sys.stdout.buffer.write(made.getvalue())


def _shrunk(content: bytes, edge: int) -> Picture:
    from PIL import Image

    with Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as source:
        source.draft("RGB", (edge, edge))
        source.load()
        upright = _turned(source)
    upright.thumbnail((edge, edge))
    colours = upright.convert("RGBA")
    # What was transparent is white, as paper is.
    ground = Image.new("RGBA", colours.size, "white")
    return Image.alpha_composite(ground, colours).convert("RGB")


def _turned(source: Picture) -> Picture:
    """Turn a picture upright, or leave it as it lies if its notes cannot be read."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(source)
    except Exception:  # noqa: BLE001 - the notes are damaged, the picture is not
        return source.copy()


if __name__ == "__main__":
    main(int(sys.argv[1]))
