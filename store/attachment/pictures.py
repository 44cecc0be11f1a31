"""Pictures to look at: a smaller JPEG of a file, made once and kept beside it.

Assumes that a file's bytes may be made to do harm: they are decoded in a process with limits (`shrinking`), and what
fails there once is not tried again. The file itself stays as it came: it is evidence.
"""

import signal
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

from domain.errors import DomainError
from store.attachment import shrinking
from store.attachment.files import FileStore, FilesUnavailable

_EDGES: Final = MappingProxyType({"small": 320, "large": 1600})
_CRASHES = (signal.SIGXCPU, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS)
_BLAME: Final = frozenset({shrinking.NO_PICTURE, *(-each for each in _CRASHES)})
"""How the process ends if the file is to blame: it says so, uses up its time, or its decoder crashes."""
_WAITS = 30.0
"""Seconds; the process itself has ten of CPU time."""


class PictureSize(StrEnum):
    """How large a picture is to be looked at: in a row of others, or alone."""

    SMALL = "small"
    LARGE = "large"


class NoPicture(DomainError):
    """Nothing can be looked at: the file is no picture, is damaged, or is far too large."""

    code = "no_picture"


def picture_of(files: FileStore, sha256: str, size: PictureSize) -> bytes | None:
    """Return a picture that was made before, a JPEG; `None` if none was.

    Raises:
        NoPicture: the file cannot be looked at.
    """
    made = files.made(sha256, size)
    if made == b"":
        raise NoPicture("no picture can be made of this file; download it instead")
    return made


def make_picture(files: FileStore, sha256: str, size: PictureSize) -> bytes:
    """Make a picture and keep it, or return the one that was made meanwhile.

    Raises:
        NoPicture: the file cannot be looked at.
        FilesUnavailable: it was not made in time, or cannot be kept; to try again may help.
    """
    if made := picture_of(files, sha256, size):
        return made
    files.keep_made(sha256, size, _shrunk(files.path(sha256), _EDGES[size]))
    return make_picture(files, sha256, size)


def _shrunk(path: Path, edge: int) -> bytes:
    """Return the picture, or nothing if the file is to blame that there is none."""
    try:
        with path.open("rb") as file:
            run = subprocess.run(  # noqa: S603 - our own program
                [sys.executable, "-I", shrinking.__file__, str(edge)],
                stdin=file,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # No secret of ours is where a stranger's bytes are decoded.
                env={},
                cwd="/",
                timeout=_WAITS,
                check=False,
            )
    except (OSError, subprocess.TimeoutExpired):
        raise FilesUnavailable("a picture was not made in time; try again") from None
    if run.returncode == 0:
        return run.stdout
    if run.returncode in _BLAME:
        return b""
    raise FilesUnavailable("making a picture was broken off; try again")
