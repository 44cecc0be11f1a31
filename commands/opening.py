"""The first steps that commands share: open the store, read the time, read a file, find a unit.

Assumes a command that reads its settings from the environment; heavy modules are imported inside.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from domain.office.entries import Encoding, WrongEntry, read_actor, read_text

if TYPE_CHECKING:
    from domain.doors import CredentialKind
    from domain.office.directory import Unit
    from store.database import Connection, Store

T = TypeVar("T")
_LARGEST = 16 * 1024**2


def typed(read: Callable[[str], T]) -> Callable[[str], T]:
    """Read an option by a rule; a refusal by the rule becomes an error of that option."""

    def parse(text: str) -> T:
        try:
            return read(text)
        except WrongEntry as refused:
            raise typer.BadParameter(str(refused)) from None

    return parse


ACTOR = typer.Option(
    "--as", parser=typed(read_actor), metavar="NAME", help="Who orders it; for the audit.", show_default=True
)
INSTANT = (
    "like 2026-12-01T09:00 or 2026-12-01, in the office's time; or with an offset, 2026-12-01T09:00+08:00"
)
"""How to write an instant, for a help text."""


def require_open_unit(connection: "Connection", code: str, *, hint: str = "") -> "Unit":
    """Find an open unit, or refuse its code."""
    from store.office.directory import current
    from store.office.people import require_units

    require_units(connection)
    known = current(connection).units.get(code)
    if known is None or not known.is_open:
        raise typer.BadParameter(f"there is no open unit {code!r}; see: dingdan unit list{hint}")
    return known


def note(connection: "Connection", actor: str, act: str, data: dict[str, Any]) -> None:
    """Write into the audit what an operator changed in the office; never anything personal."""
    from domain.doors import Via
    from store.auditing import audited

    audited(connection, actor, Via.OPERATOR, act, None, data, now())


def text_of(file: Path, *, hint: str = "") -> str:
    """Read a file that people wrote, and warn if it was not UTF-8, since its words may then be wrong.

    Raises:
        WrongEntry: the file is not there, or is not text; the sentence names it.
    """
    try:
        with file.open("rb") as opened:
            raw = opened.read(_LARGEST + 1)
    except FileNotFoundError:
        raise WrongEntry(f"there is no file {file}{hint}") from None
    except OSError as error:
        why = "it is a folder" if file.is_dir() else error.strerror
        raise WrongEntry(f"{file} cannot be read: {why}") from None
    if len(raw) > _LARGEST:
        raise WrongEntry(f"{file} cannot be read: it is larger than {_LARGEST // 1024**2} MiB")
    try:
        text, encoding = read_text(raw)
    except WrongEntry as wrong:
        raise WrongEntry(f"{file} {wrong}") from None
    if encoding is Encoding.GB18030:
        typer.echo(f"{file} was read as {encoding} (GBK, ANSI); check that its words are right", err=True)
    return text


@contextmanager
def writing_to(path: Path) -> Iterator[None]:
    """Turn a failure to write a file or folder into a sentence for people.

    Raises:
        WrongEntry: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        why = "there is a file of that name" if path.is_file() else error.strerror
        raise WrongEntry(f"{path} cannot be written: {why}; name another one") from None


@contextmanager
def open_store() -> Iterator["Store"]:
    """Open the store, after a check that its schema is this version's."""
    from store import schema

    with any_store() as store:
        schema.check(store.engine)
        yield store


def any_store() -> "closing[Store]":
    """Open the store, whatever its schema is."""
    from runtime.settings import read_settings
    from store.database import Store

    settings = read_settings()
    return closing(Store(settings.database_url, pool_size=2))


def new_credential(connection: "Connection", kind: "CredentialKind", subject: str) -> str:
    """Make a new key or token, end the earlier ones, and return it."""
    from store.signin.credentials import mint, revoke

    revoke(connection, kind=kind, subject=subject, now=now())
    return mint(connection, secret=secret_key(connection), kind=kind, subject=subject, now=now())


def secret_key(connection: "Connection") -> str:
    """Return the key of the store's hashes and seals.

    Raises:
        AnotherSecretKey: the store uses another key; credentials made with this one would open nothing.
    """
    from store.signin.secret_key import require

    require(connection, secret := given_secret_key())
    return secret


def given_secret_key() -> str:
    """Return the key of the settings, whichever key the store uses."""
    from runtime.settings import read_settings

    return read_settings().secret_key.get_secret_value()


def now() -> datetime:
    """Return the present instant, in UTC."""
    return datetime.now(UTC)
