"""The databases of tests: each test gets a copy of one that is migrated and seeded."""

import shutil
import uuid
from pathlib import Path
from typing import Protocol

from sqlalchemy import create_engine, text

from store.database import Store
from store.migrating import migrate
from tests.support.machine.postgres import SUPERUSER, Cluster
from tests.support.office import seed


class Databases(Protocol):
    """Copies of one prepared database."""

    def template(self) -> str:
        """Return the URL of the database to prepare."""

    def copy(self) -> str:
        """Make a copy of it, and return the copy's URL."""

    def empty(self) -> str:
        """Make a database without tables, and return its URL."""

    def remove(self, url: str) -> None:
        """Remove a copy that nobody uses any more."""


def prepared(databases: Databases) -> Databases:
    """Migrate the template and put the fictional office into it."""
    store = Store(databases.template())
    migrate(store.engine)
    seed(store)
    store.close()
    return databases


class SqliteFiles:
    """Databases that are files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def template(self) -> str:
        return f"sqlite:///{self._folder}/template.db"

    def copy(self) -> str:
        path = self._folder / f"{uuid.uuid4().hex}.db"
        shutil.copy(self._folder / "template.db", path)
        return f"sqlite:///{path}"

    def empty(self) -> str:
        return f"sqlite:///{self._folder / uuid.uuid4().hex}.db"

    def remove(self, url: str) -> None:
        path = Path(url.removeprefix("sqlite:///"))
        for each in path.parent.glob(f"{path.name}*"):
            each.unlink()


class PostgresDatabases:
    """Databases on a server, made from a template."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._create("template_dingdan", "template0")

    def template(self) -> str:
        return self._cluster.url("template_dingdan")

    def copy(self) -> str:
        return self._create(f"test_{uuid.uuid4().hex}", "template_dingdan")

    def empty(self) -> str:
        return self._create(f"test_{uuid.uuid4().hex}", "template0")

    def remove(self, url: str) -> None:
        self._run(f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)')

    def with_locale(self, locale: str) -> str:
        """Make a database with another locale, and return its URL."""
        return self._create(f"test_{uuid.uuid4().hex}", "template0", f"ENCODING 'UTF8' LOCALE '{locale}'")

    def asking_for_a_password(self, role: str, password: str, *, of: str = "") -> str:
        """Return a database's URL for a role with a password that owns nothing; the database is empty unless given."""
        self._run(f"DROP ROLE IF EXISTS {role}")
        self._run(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
        self._cluster.ask_for_password(role)
        return (of or self.empty()).replace(f"{SUPERUSER}@", f"{role}:{password}@")

    def end_all_connections(self) -> None:
        """Let the server end all connections to the databases of tests, as a restart does."""
        self._run("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname LIKE 'test_%'")

    def _create(self, name: str, template: str, options: str = "") -> str:
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {options}')
        return self._cluster.url(name)

    def _run(self, statement: str) -> None:
        engine = create_engine(self._cluster.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()
