"""Drawings in place of photographs: no picture of the fictional office shows a real place."""

from io import BytesIO

from PIL import Image, ImageDraw

_SIZE = (1600, 1200)
_SKY, _STREET, _KERB, _CAR = "#cfe3f2", "#8d9399", "#f2f2f2", "#a14b3b"


def street(*, number: int, is_cleared: bool) -> bytes:
    """Draw a street with cars that nobody drives any more, or without; no two numbers look the same."""
    picture = Image.new("RGB", _SIZE, _SKY)
    draw = ImageDraw.Draw(picture)
    width, height = _SIZE
    draw.rectangle((0, height * 0.55, width, height), fill=_STREET)
    draw.rectangle((0, height * 0.55, width, height * 0.58), fill=_KERB)
    for place in range(0, width, 240):
        draw.rectangle(
            (place + number % 200, height * 0.8, place + 120 + number % 200, height * 0.82), fill=_KERB
        )
    for place in () if is_cleared else range(100, width - 300, 380):
        draw.rounded_rectangle((place, height * 0.58, place + 300, height * 0.72), 40, fill=_CAR)
        draw.rounded_rectangle((place + 60, height * 0.5, place + 240, height * 0.62), 40, fill=_CAR)
        for wheel in (place + 40, place + 200):
            draw.ellipse((wheel, height * 0.68, wheel + 60, height * 0.73), fill="#202020")
    draw.text((40, 40), f"FICTIONAL {number}", fill="#44576a", font_size=72)
    made = BytesIO()
    picture.save(made, "JPEG", quality=80)
    return made.getvalue()
