"""Photographs as a telephone takes them, made up: with a place, a device, and an orientation."""

from io import BytesIO

from PIL import Image

_ORIENTATION, _MODEL, _PLACE = 0x0112, 0x0110, 0x8825
_TURNED_RIGHT = 6


def photograph(width: int = 1600, height: int = 1200, *, colour: str = "grey") -> bytes:
    """Make a JPEG that was taken with the telephone upright, so that its pixels lie on their side."""
    noted = Image.Exif()
    noted[_ORIENTATION] = _TURNED_RIGHT
    noted[_MODEL] = "TELEPHONE-OF-A-WORKER"
    noted[_PLACE] = {1: "N", 2: (30.0, 39.0, 0.0), 3: "E", 4: (104.0, 4.0, 0.0)}
    made = BytesIO()
    Image.new("RGB", (width, height), colour).save(made, "JPEG", exif=noted)
    return made.getvalue()


def bomb() -> bytes:
    """Make a small PNG whose pixels need more memory than a picture may have."""
    made = BytesIO()
    Image.new("RGBA", (15_000, 15_000)).save(made, "PNG")
    return made.getvalue()
