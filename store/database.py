"""The database behind the store: SQLite by default, PostgreSQL by another URL.

Assumes synchronous engines used from threads: one connection per call, never shared between threads.
On SQLite every writing transaction begins with `BEGIN IMMEDIATE`: the default mode loses updates
without an error when several writers read and then write.
"""

import select
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, IntegrityError, OperationalError

_BEGIN = "dingdan_begin"
_LOCK_WAIT_MS = 5_000
_CONNECT_WAIT_SECONDS = 5


class StoreUnavailable(Exception):
    """The database cannot be reached or stays locked; try again."""


class WriteConflict(Exception):
    """Another writer wrote the same key at the same moment; look again."""


class Store:
    """A handle on the database: short transactions, nothing held between them."""

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        """Prepare an engine; nothing is connected yet. `pool_size` is at least the number of threads that use it.

        Raises:
            StoreUnavailable: the driver for this kind of database is not installed.
        """
        sqlite = _is_sqlite(url)
        self.engine = _engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            # The connection used last knows most: its pages and prepared statements are at hand.
            pool_use_lifo=True,
            connect_args={} if sqlite else _postgres_arguments(),
        )
        # SQLite has one writer. Threads that queue here hand over at once; at SQLite's own lock they would
        # sleep and try again. Other processes still meet at that lock.
        self._one_writer: AbstractContextManager[object] = _Turn() if sqlite else nullcontext()
        self._reader = self.engine.execution_options(**{_BEGIN: "BEGIN"})
        self._looker = self.engine.execution_options(**{_BEGIN: None})
        if sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            self._looker = self.engine.execution_options(isolation_level="AUTOCOMMIT")
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
        """Read without a transaction: each statement sees what is committed when it begins.

        For one statement, or several that need not agree: nothing is sent to begin or end a transaction.

        Raises:
            StoreUnavailable: the database is away.
        """
        with available(), self._looker.connect() as connection:
            yield connection

    def ping(self) -> None:
        """Check that the database answers.

        Raises:
            StoreUnavailable: it does not.
        """
        with self.look() as connection:
            connection.execute(text("SELECT 1"))

    def ahead(self) -> timedelta | None:
        """Say how far the database's clock is ahead of this machine's; `None` if it is this machine's own.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        if self.engine.dialect.name != "postgresql":
            return None
        with self.look() as connection:
            asked_at = datetime.now(UTC)
            there: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return there - asked_at

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


class _Turn:
    """A lock with a timeout: no thread waits for ever behind a writer that hangs."""

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
    except (ArgumentError, TypeError, ValueError):
        # The error's text holds the address, and with it the password. SQLite in memory takes no pool: a `TypeError`.
        raise StoreUnavailable(
            "DINGDAN_DATABASE_URL is not an address: write postgresql://USER:PASSWORD@HOST:PORT/NAME, with all "
            "characters of the password but letters and digits percent-encoded, or sqlite:////PATH of a file"
        ) from None


@contextmanager
def available() -> Iterator[None]:
    """Turn the database's failures into errors that say what to do; a mistake of ours stays as it is.

    Raises:
        StoreUnavailable: the database is away, refuses us, is not ours, or stays locked.
        WriteConflict: a unique key was taken meanwhile.
    """
    try:
        yield
    except IntegrityError as error:
        kind = type(error.orig).__name__
        raise WriteConflict(f"another writer wrote the same at the same moment ({kind}); try again") from None
    except DBAPIError as error:
        why = _why(error)
        if why is None:
            raise
        raise StoreUnavailable(f"the database cannot be used: {why}") from None


_ADDRESS = "check DINGDAN_DATABASE_URL"
_RUNS = f"make sure that it runs, and {_ADDRESS}"
_ROLE = f"let the role own the database, and {_ADDRESS}"
_SETUP = f"run: dingdan setup, and {_ADDRESS}"
_AWAY = {
    "password authentication failed": f"it refuses the user or the password; {_ADDRESS}",
    "no password supplied": f"it wants a password; {_ADDRESS}",
    "permission denied for database": f"the user may not use this database; {_ADDRESS}",
    "does not exist": f"there is no such database or user on the server; {_ADDRESS}",
    "connection refused": f"no server listens at that address; {_RUNS}",
    "no such file or directory": f"no server listens at that address; {_RUNS}",
    "invalid port number": f"the port in the address is not valid; {_ADDRESS}",
    "invalid sslmode value": f"the address has an unknown option; {_ADDRESS}",
    "could not translate host name": f"the server's name is unknown; {_ADDRESS}",
    "failed to resolve host": f"the server's name is unknown; {_ADDRESS}",
    "timeout expired": f"the server does not answer; {_RUNS}",
    "lock timeout": f"another writer kept its lock for too long; {_RUNS}",
    "database is locked": f"another writer kept its lock for too long; {_RUNS}",
    "unable to open database file": f"the file cannot be opened; {_ADDRESS}",
    "attempt to write a readonly database": f"the file may only be read; {_ADDRESS}",
    "disk is full": "the disk is full; make room",
}
"""Words of drivers that cannot go on, and ours for them: theirs hold statement and values, which must not travel."""
_REFUSED = {
    "InsufficientPrivilege": f"the user lacks a permission that is needed there; {_ROLE}",
    "UndefinedTable": f"some of our tables are missing; {_SETUP}",
    "no such table": f"some of our tables are missing; {_SETUP}",
    "DuplicateTable": f"it has tables that were not made by our migrations; {_ADDRESS}",
    "already exists": f"it has tables that were not made by our migrations; {_ADDRESS}",
    "InvalidSchemaName": f"the user has no schema to make tables in; {_ROLE}",
    "invalid connection option": f"the address has an unknown option; {_ADDRESS}",
    "file is not a database": f"the file is not an SQLite database; {_ADDRESS}",
}
"""Refusals for which the installation is to blame, by the error's name or words; any other fault may be ours."""


def _why(error: DBAPIError) -> str | None:
    """Say why the database cannot be used, and what to do; `None` if the fault may be ours."""
    kind, said = type(error.orig).__name__, str(error.orig).lower()
    refused = next((ours for theirs, ours in _REFUSED.items() if theirs == kind or theirs in said), None)
    # SQLite calls a misspelt column operational, like a locked file; only its own error name tells them apart.
    ours = getattr(error.orig, "sqlite_errorname", None) == "SQLITE_ERROR"
    if refused or ours or not isinstance(error, OperationalError):
        return refused
    return next(
        (ours for theirs, ours in _AWAY.items() if theirs in said), f"it does not answer ({kind}); {_RUNS}"
    )


def _postgres_arguments() -> dict[str, Any]:
    """Bound every wait: for the server to answer, and for a row that another transaction holds."""
    return {"connect_timeout": _CONNECT_WAIT_SECONDS, "options": f"-c lock_timeout={_LOCK_WAIT_MS}"}


def _is_sqlite(url: str) -> bool:
    return url.startswith("sqlite")


def _check_open(dbapi_connection: Any, _record: object, _proxy: object) -> None:
    """Take another connection if the server has ended this one; its socket shows that without a query."""
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
    statement = connection.get_execution_options().get(_BEGIN, "BEGIN IMMEDIATE")
    if statement is not None:
        connection.exec_driver_sql(statement)


__all__ = ["Connection", "Engine", "Store", "StoreUnavailable", "WriteConflict"]
