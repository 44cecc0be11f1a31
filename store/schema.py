"""Bringing a database to the schema of this version, and saying when it is not there.

Assumes that migrations are additive from one release to the next: old code may still run beside them.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from store.database import available

_SCRIPTS = Path(__file__).parent / "migrations"


class SchemaMismatch(Exception):
    """The database's schema is not this version's."""


def alembic_config(engine: Engine) -> Config:
    """Configure Alembic for an engine."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["engine"] = engine
    return config


def migrate(engine: Engine, revision: str = "head") -> None:
    """Upgrade the schema; nothing happens if it is there already.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with available():
        command.upgrade(alembic_config(engine), revision)


def check(engine: Engine) -> None:
    """Check that the schema is this version's.

    Raises:
        SchemaMismatch: older or newer; the text says what to do.
        StoreUnavailable: the database does not answer.
    """
    head = ScriptDirectory(str(_SCRIPTS)).get_current_head()
    with available(), engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == head:
        return
    if current is None:
        raise SchemaMismatch("the database has no tables yet; run: dingdan migrate")
    raise SchemaMismatch(
        f"the database is at schema {current}, this program needs {head}; "
        "run: dingdan migrate (or install the program's newer version, if the schema is newer)"
    )
