"""The database behind the store: SQLite by default, PostgreSQL by another URL.

Assumes synchronous engines used from threads: one connection per call, never shared between threads.
On SQLite every writing transaction begins with `BEGIN IMMEDIATE`: the default mode loses updates
without an error when several writers read and then write.
"""

import select
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import ArgumentError, DisconnectionError, IntegrityError, OperationalError

_READ_ONLY = "dingdan_read_only"
_LOCK_WAIT_MS = 5_000
_CONNECT_WAIT_SECONDS = 5


class StoreUnavailable(Exception):
    """The database cannot be reached or stays locked; try again."""


class WriteConflict(Exception):
    """Somebody else wrote the same key in the same moment; look again."""


class Store:
    """A handle on the database: short transactions, nothing held between them."""

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        """Prepare an engine; nothing is connected yet. `pool_size` is at least the threads that use it.

        Raises:
            StoreUnavailable: the driver for this kind of database is not installed.
        """
        sqlite = _is_sqlite(url)
        self.engine = _engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            connect_args={} if sqlite else _postgres_arguments(),
        )
        # SQLite has one writer: threads that queue here hand over at once, where its own lock would let
        # them sleep and try again. Other processes still meet at that lock.
        self._one_writer: AbstractContextManager[object] = _Turn() if sqlite else nullcontext()
        self._reader = self._looker = self.engine.execution_options(**{_READ_ONLY: True})
        if sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            self._looker = self._reader.execution_options(isolation_level="AUTOCOMMIT")
            self._reader = self._reader.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            event.listen(self.engine, "checkout", _check_open)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that writes; commits at the end, rolls back on an error.

        Raises:
            StoreUnavailable: the database is away, or another writer kept its lock for too long.
            WriteConflict: a unique key was taken meanwhile.
        """
        with available(), self._one_writer, self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that only reads, beside any writer: all its statements see one state.

        Raises:
            StoreUnavailable: the database is away.
        """
        with available(), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """Read without a transaction: on PostgreSQL each statement sees what is committed when it begins.

        For one statement, or several that need not agree: nothing is sent to begin and nothing to end it.

        Raises:
            StoreUnavailable: the database is away.
        """
        with available(), self._looker.begin() as connection:
            yield connection

    def ping(self) -> None:
        """Check that the database answers.

        Raises:
            StoreUnavailable: it does not.
        """
        with self.look() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


class _Turn:
    """A lock with an end: nobody waits for ever behind a writer that hangs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=_LOCK_WAIT_MS / 1000):
            raise StoreUnavailable("another writer kept its lock for too long")

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _engine(url: str, **options: Any) -> Engine:
    try:
        return create_engine(url, hide_parameters=True, **options)
    except ModuleNotFoundError as error:
        raise StoreUnavailable(f"the driver {error.name} for this database is not installed") from error
    except (ArgumentError, ValueError):
        # Its text holds the address, and with it the password.
        raise StoreUnavailable(
            "DINGDAN_DATABASE_URL is no address: postgresql://USER:PASSWORD@HOST:PORT/NAME, "
            "where a password of other characters than letters and digits is percent-encoded"
        ) from None


@contextmanager
def available() -> Iterator[None]:
    """Turn what the database does not do into failures that say so.

    Raises:
        StoreUnavailable: it is away, refuses us, or stays locked.
        WriteConflict: a unique key was taken meanwhile.
    """
    try:
        yield
    except OperationalError as error:
        raise StoreUnavailable(_why(error)) from None
    except IntegrityError as error:
        raise WriteConflict(type(error.orig).__name__) from None


_REASONS = {
    "password authentication failed": "the database refuses user or password",
    "no password supplied": "the database wants a password",
    "permission denied for database": "the user may not use this database",
    "does not exist": "there is no such database or user on the server",
    "connection refused": "no server listens at that address",
    "could not translate host name": "the server's name is not known",
    "failed to resolve host": "the server's name is not known",
    "timeout expired": "the server does not answer",
    "lock timeout": "another writer kept its lock for too long",
    "database is locked": "another writer kept its lock for too long",
    "unable to open database file": "the file cannot be opened",
    "disk is full": "the disk is full",
}
"""What drivers say, in our words: their own text holds statement and values, and would travel far."""


def _why(error: OperationalError) -> str:
    said = str(error.orig).lower()
    kind = type(error.orig).__name__
    why = next((ours for theirs, ours in _REASONS.items() if theirs in said), f"it does not answer ({kind})")
    return f"the database cannot be used: {why}; see that it runs, and check DINGDAN_DATABASE_URL"


def _postgres_arguments() -> dict[str, Any]:
    """Bound every wait: for the server to answer, and for a row that somebody else holds."""
    return {"connect_timeout": _CONNECT_WAIT_SECONDS, "options": f"-c lock_timeout={_LOCK_WAIT_MS}"}


def _is_sqlite(url: str) -> bool:
    return url.startswith("sqlite")


def _check_open(dbapi_connection: Any, _record: object, _proxy: object) -> None:
    """Take another connection if the server has ended this one, which it says on the socket: nothing is sent to ask."""
    poll = select.poll()
    if not dbapi_connection.closed:
        poll.register(dbapi_connection.fileno(), select.POLLIN)
    if dbapi_connection.closed or poll.poll(0):
        raise DisconnectionError


def _prepare_sqlite(dbapi_connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: `_begin_sqlite` does.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={_LOCK_WAIT_MS}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(_READ_ONLY)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


__all__ = ["Connection", "Engine", "Store", "StoreUnavailable", "WriteConflict"]
