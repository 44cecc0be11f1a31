"""Make a smaller JPEG of a picture that somebody sent: `shrinking.py PATH EDGE` writes it to the standard output.

Runs as a program of its own, within limits of time and memory, because a stranger chose the bytes that it reads. What a
camera wrote about place, time and device is left out; the picture stands upright.
"""

import resource
import sys
import warnings
from typing import Final

_SECONDS: Final = 10
"""Of CPU time."""
_MEMORY: Final = 768 << 20
"""Bytes of address space."""
_PIXELS: Final = 250_000_000
"""More than any telephone takes; a JPEG of that size is decoded at a fraction of it."""


def main(path: str, edge: int) -> None:
    """Write the picture with its longer edge at most `edge` pixels; ends with a traceback if it is none."""
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # Only now: the libraries that decode pictures are loaded within the limits too.
    from PIL import Image, ImageOps

    warnings.simplefilter("error")
    Image.MAX_IMAGE_PIXELS = _PIXELS
    with Image.open(path, formats=("JPEG", "PNG", "WEBP")) as source:
        source.draft("RGB", (edge, edge))
        upright = ImageOps.exif_transpose(source)
    upright.thumbnail((edge, edge))
    colours = upright.convert("RGBA")
    # What was transparent is white, as paper is.
    ground = Image.new("RGBA", colours.size, "white")
    made = Image.alpha_composite(ground, colours).convert("RGB")
    made.save(sys.stdout.buffer, "JPEG", quality=80, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
