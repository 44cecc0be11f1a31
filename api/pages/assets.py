"""Style sheets, scripts and pictures: their names, which change with their contents."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

FOLDER: Final = Path(__file__).parent.parent / "static"
SHEETS: Final = (
    "layers",
    "tokens",
    "base",
    "target",
    "bar",
    "card",
    "form",
    "facts",
    "photo",
    "decide",
    "table",
    "desk",
    "figures",
    "resident",
    "print",
)
"""The sheets of `static/css`, one per component, in their order; served as one file, `style.css`."""
STYLE: Final = "style.css"
KINDS: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""The types of file that are served, by suffix."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asset:
    """A file as it is served."""

    content: bytes
    media_type: str


@cache
def assets() -> Mapping[str, Asset]:
    """Map each public name to its file; the name holds the first digits of the content's hash."""
    return MappingProxyType(
        {
            _public(name, content): Asset(content=content, media_type=KINDS[Path(name).suffix])
            for name, content in _files().items()
        }
    )


@cache
def asset_url(name: str) -> str:
    """Return the address of a file, like `style.css`."""
    return f"/static/{_public(name, _files()[name])}"


def style_sheet() -> str:
    """Join the sheets into one."""
    return "\n".join((FOLDER / "css" / f"{name}.css").read_text(encoding="utf-8") for name in SHEETS)


@cache
def _files() -> Mapping[str, bytes]:
    others = [
        path for path in sorted(FOLDER.rglob("*")) if path.suffix in KINDS and path.parent.name != "css"
    ]
    return MappingProxyType(
        {STYLE: style_sheet().encode()} | {path.name: path.read_bytes() for path in others}
    )


def _public(name: str, content: bytes) -> str:
    path = Path(name)
    return f"{path.stem}.{hashlib.sha256(content).hexdigest()[:12]}{path.suffix}"
