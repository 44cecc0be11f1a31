"""The databases of tests: each test gets a copy of one that is migrated and seeded."""

import shutil
import uuid
from pathlib import Path
from typing import Final, Protocol

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
        """Remove a copy that nobody uses any more, or keep it as it was made for the next test."""


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


_KEEP: Final = """
DO $$
DECLARE each record;
BEGIN
  CREATE SCHEMA kept;
  CREATE TABLE kept.sequences (name text, value bigint, is_called boolean);
  FOR each IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%1$I', each.name);
  END LOOP;
  FOR each IN SELECT sequencename AS name FROM pg_sequences WHERE schemaname = 'public' LOOP
    EXECUTE format('INSERT INTO kept.sequences SELECT %L, last_value, is_called FROM public.%1$I', each.name);
  END LOOP;
END $$
"""
"""Keep all rows of a database beside them."""
_BRING_BACK: Final = """
DO $$
DECLARE each record;
BEGIN
  -- No foreign key is checked meanwhile, and nobody waits for a transaction that a test has left open.
  SET LOCAL session_replication_role = replica;
  SET LOCAL lock_timeout = '10s';
  FOR each IN SELECT tablename AS name, to_regclass(format('kept.%I', tablename)) IS NULL AS is_new
      FROM pg_tables WHERE schemaname = 'public' LOOP
    IF each.is_new THEN
      EXECUTE format('DROP TABLE public.%I', each.name);
    ELSE
      EXECUTE format('DELETE FROM public.%I', each.name);
      EXECUTE format('INSERT INTO public.%I SELECT * FROM kept.%1$I', each.name);
    END IF;
  END LOOP;
  PERFORM setval(format('public.%I', name)::regclass, value, is_called) FROM kept.sequences;
END $$
"""
"""Bring back the rows that were kept, and no others."""


class PostgresDatabases:
    """Databases on a server, made from a template; one that was used is brought back, which is faster than a new one.

    Assumes that a test changes rows and adds tables, but changes no table.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._free: list[str] = []
        self._has_kept = False
        self._create("template_dingdan", "template0")

    def template(self) -> str:
        return self._cluster.url("template_dingdan")

    def copy(self) -> str:
        if not self._has_kept:
            self._run(_KEEP, self.template())
            self._has_kept = True
        return (
            self._free.pop() if self._free else self._create(f"test_{uuid.uuid4().hex}", "template_dingdan")
        )

    def empty(self) -> str:
        return self._create(f"test_{uuid.uuid4().hex}", "template0")

    def remove(self, url: str) -> None:
        self._run(_BRING_BACK, url)
        self._free.append(url)

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

    def _run(self, statement: str, url: str | None = None) -> None:
        engine = create_engine(url or self._cluster.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()
