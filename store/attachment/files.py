"""The bytes of attachments: files named by the hash of their content, in one folder.

Assumes a file system of our own in which a rename is atomic. A file appears whole or not at all, and
before the row that names it; equal contents are one file.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

_CHUNK = 64 * 1024
_DRAFT = ".upload-"
_SWEPT = ".swept-"
_PREFIX = re.compile(r"[0-9a-f]{2}")
_NAME = re.compile(r"(?P<sha256>[0-9a-f]{64})(\.[a-z]+)?")


class FilesUnavailable(Exception):
    """The folder cannot be written or read: full, away, or not ours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptFile:
    """The hash and size of a kept file."""

    sha256: str
    size: int


class FileStore:
    """A folder of files by the hash of their content."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is made when the first file comes."""
        self._folder = folder

    def keep(self, source: BinaryIO) -> KeptFile:
        """Keep a copy, durable when this returns; on a failure nothing of it is left.

        Raises:
            FilesUnavailable: the folder is full or cannot be written.
        """
        try:
            return self._write(source, self.path)
        except OSError as error:
            raise _unavailable(error) from None

    def keep_made(self, sha256: str, name: str, content: bytes) -> None:
        """Keep what was made from a file beside it, under a name of small letters; a sweep deletes both together.

        Raises:
            FilesUnavailable: the folder is full or cannot be written.
        """
        try:
            self._write(BytesIO(content), lambda _: self._made(sha256, name))
        except OSError as error:
            raise _unavailable(error) from None

    def made(self, sha256: str, name: str) -> bytes | None:
        """Read what was made from a file; `None` if nothing was."""
        try:
            return self._made(sha256, name).read_bytes()
        except FileNotFoundError:
            return None

    def check(self, sha256: str, size: int) -> None:
        """Check that a file is there, whole.

        Raises:
            FilesUnavailable: it is not.
        """
        try:
            there = self.path(sha256).stat().st_size == size
        except OSError:
            there = False
        if not there:
            raise FilesUnavailable(
                f"the file {sha256} is missing or cut short; make sure that DINGDAN_ATTACHMENTS_DIR is the folder of "
                "this store"
            )

    def path(self, sha256: str) -> Path:
        """Return where a file is, or would be."""
        return self._folder / sha256[:2] / sha256

    def read(self, sha256: str) -> Iterator[bytes]:
        """Read a file in pieces."""
        with self.path(sha256).open("rb") as file:
            while piece := file.read(_CHUNK):
                yield piece

    def sweep(self, known: Callable[[str], set[str]], *, before: datetime, delete: bool) -> int:
        """Delete files older than `before` that no row names, and abandoned drafts, and return how many.

        Unless `delete`, only count. `known` returns the hashes that rows name, by their first two letters.

        Raises:
            FilesUnavailable: the folder cannot be read or written.
        """
        try:
            return self._sweep(known, before, delete=delete)
        except OSError as error:
            raise _unavailable(error) from None

    def _sweep(self, known: Callable[[str], set[str]], before: datetime, *, delete: bool) -> int:
        count = 0
        for folder in sorted(self._folder.iterdir()) if self._folder.is_dir() else []:
            if folder.is_file() and folder.name.startswith((_DRAFT, _SWEPT)):
                count += self._remove(folder, before, delete=delete)
            elif folder.is_dir() and _PREFIX.fullmatch(folder.name):
                kept = known(folder.name)
                for path in sorted(folder.iterdir()):
                    name = _NAME.fullmatch(path.name)
                    if name and name["sha256"] not in kept:
                        count += self._remove(path, before, delete=delete)
        return count

    def _write(self, source: BinaryIO, place: Callable[[str], Path]) -> KeptFile:
        """Write a file at the place that its hash tells."""
        self._folder.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        descriptor, name = tempfile.mkstemp(prefix=_DRAFT, dir=self._folder)
        draft = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                while piece := source.read(_CHUNK):
                    digest.update(piece)
                    size += len(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            path = place(digest.hexdigest())
            path.parent.mkdir(exist_ok=True)
            # Replace an equal file too: its new age keeps the sweep away until the row is there.
            draft.replace(path)
            _sync_folder(path.parent)
            _sync_folder(self._folder)
        except BaseException:
            with suppress(OSError):
                draft.unlink()
            raise
        return KeptFile(sha256=digest.hexdigest(), size=size)

    def _remove(self, path: Path, before: datetime, *, delete: bool) -> bool:
        if not _is_older(path, before):
            return False
        if not delete:
            return True
        # An equal file may be uploaded at this moment: move it aside, check its age again, put it back if it is young.
        aside = self._folder / f"{_SWEPT}{path.name.removeprefix('.')}"
        try:
            path.replace(aside)
        except FileNotFoundError:
            return False
        if not _is_older(aside, before):
            aside.replace(path)
            return False
        aside.unlink()
        return True

    def _made(self, sha256: str, name: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256}.{name}"


def _unavailable(error: OSError) -> FilesUnavailable:
    return FilesUnavailable(
        f"the folder of attachments cannot be used ({error.strerror}); make sure that DINGDAN_ATTACHMENTS_DIR exists, "
        "may be written and has room"
    )


def _is_older(path: Path, before: datetime) -> bool:
    try:
        return path.stat().st_mtime < before.timestamp()
    except FileNotFoundError:
        return False


def _sync_folder(folder: Path) -> None:
    """Make a rename durable: the entry belongs to the folder, not to the file."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
