"""Style sheet, scripts and pictures: their names, which change with their contents."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

FOLDER: Final = Path(__file__).parent.parent / "static"
KINDS: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""What is served at all, by suffix."""


@cache
def assets() -> Mapping[str, Path]:
    """List what is served: public name to file; the name holds the first digits of the content's hash."""
    found = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.suffix in KINDS:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            found[f"{path.stem}.{digest}{path.suffix}"] = path
    return MappingProxyType(found)


@cache
def asset_url(name: str) -> str:
    """Give the address of a file, like `style.css`."""
    public = {path.name: public for public, path in assets().items()}
    return f"/static/{public[name]}"
