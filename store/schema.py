"""Bringing a database to the schema of this version, and checking that it has it.

Assumes that migrations are additive from one release to the next: old code may still run beside them.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Engine, text

from store.database import available

_LOCALE = text(
    "SELECT pg_encoding_to_char(encoding), datctype FROM pg_database WHERE datname = current_database()"
)
_SCRIPTS = Path(__file__).parent / "migrations"


class WrongLocale(Exception):
    """The database was created with an encoding or locale in which Chinese text cannot be searched."""


class SchemaMismatch(Exception):
    """The database's schema is not this version's."""


def alembic_config(engine: Engine) -> Config:
    """Configure Alembic for an engine."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["engine"] = engine
    return config


def migrate(engine: Engine, revision: str = "head") -> None:
    """Upgrade the schema; nothing happens if it is this version's already.

    Raises:
        SchemaMismatch: it was made by a newer version.
        StoreUnavailable: the database does not answer.
        WrongLocale: it cannot hold or search Chinese text.
    """
    _check_locale(engine)
    with available():
        try:
            command.upgrade(alembic_config(engine), revision)
        except CommandError as error:
            raise SchemaMismatch(
                f"this program does not know the database's schema ({error}); "
                "install the version of the program that made it, or a newer one"
            ) from error


def check(engine: Engine) -> None:
    """Check that the schema is this version's.

    Raises:
        SchemaMismatch: older or newer; the text says what to do.
        StoreUnavailable: the database does not answer.
        WrongLocale: it cannot hold or search Chinese text.
    """
    _check_locale(engine)
    head = ScriptDirectory(str(_SCRIPTS)).get_current_head()
    with available(), engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == head:
        return
    if current is None:
        raise SchemaMismatch(
            "the database has no tables yet; run: dingdan setup (or, for the store alone: dingdan migrate)"
        )
    raise SchemaMismatch(
        f"the database is at schema {current}, this program needs {head}; "
        "run: dingdan migrate (or install the program's newer version, if the schema is newer)"
    )


def _check_locale(engine: Engine) -> None:
    """Refuse a PostgreSQL database that is not UTF-8, or whose ASCII-only locale cannot fold or split Chinese text."""
    if engine.dialect.name != "postgresql":
        return
    with available(), engine.connect() as connection:
        encoding, locale = connection.execute(_LOCALE).one()
    if encoding != "UTF8" or locale in {"C", "POSIX"}:
        raise WrongLocale(
            f"the database has encoding {encoding} and locale {locale}; create it with "
            "ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0 (see deploy/postgres/databases.sh)"
        )
