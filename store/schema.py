"""Checking that a database has the schema of this version.

Assumes the names of the migrations: each begins with its revision, and the last one is the head. Every command and
process checks the schema when it starts, so that this module does without Alembic, whose import takes as long as a
command (`store/migrating.py` has it).
"""

from pathlib import Path
from typing import Final

from sqlalchemy import Engine, inspect, text

from store.database import available

_LOCALE = text(
    "SELECT pg_encoding_to_char(encoding), datctype FROM pg_database WHERE datname = current_database()"
)
_CURRENT = text("SELECT version_num FROM alembic_version")
MIGRATIONS: Final = Path(__file__).parent / "migrations"


class WrongLocale(Exception):
    """The database was created with an encoding or locale in which Chinese text cannot be searched."""


class SchemaMismatch(Exception):
    """The database's schema is not this version's."""


def check(engine: Engine) -> None:
    """Check that the schema is this version's.

    Raises:
        SchemaMismatch: older or newer; the text says what to do.
        StoreUnavailable: the database does not answer.
        WrongLocale: it cannot hold or search Chinese text.
    """
    check_locale(engine)
    with available(), engine.connect() as connection:
        is_there = inspect(connection).has_table("alembic_version")
        current = connection.execute(_CURRENT).scalar_one_or_none() if is_there else None
    if current == head():
        return
    if current is None:
        raise SchemaMismatch(
            "the database has no tables yet; run: dingdan setup (or, for the store alone: dingdan migrate)"
        )
    raise SchemaMismatch(
        f"the database is at schema {current}, this program needs {head()}; "
        "run: dingdan migrate (or install the program's newer version, if the schema is newer)"
    )


def head() -> str:
    """Return the revision of the last migration."""
    return max(each.name.partition("_")[0] for each in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def check_locale(engine: Engine) -> None:
    """Refuse a PostgreSQL database that is not UTF-8, or whose ASCII-only locale cannot fold or split Chinese text.

    Raises:
        StoreUnavailable: the database does not answer.
        WrongLocale: it is such a database.
    """
    if engine.dialect.name != "postgresql":
        return
    with available(), engine.connect() as connection:
        encoding, locale = connection.execute(_LOCALE).one()
    if encoding != "UTF8" or locale in {"C", "POSIX"}:
        raise WrongLocale(
            f"the database has encoding {encoding} and locale {locale}; create it with "
            "ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0 (see deploy/postgres/databases.sh)"
        )
