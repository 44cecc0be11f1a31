"""Bringing a database to the schema of this version, with Alembic.

Assumes that migrations are additive from one release to the next: old code may still run beside them.
"""

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Engine

from store.database import available
from store.schema import MIGRATIONS, SchemaMismatch, check_locale


def alembic_config(engine: Engine) -> Config:
    """Configure Alembic for an engine."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


def migrate(engine: Engine, revision: str = "head") -> None:
    """Upgrade the schema; nothing happens if it is this version's already.

    Raises:
        SchemaMismatch: it was made by a newer version.
        StoreUnavailable: the database does not answer.
        WrongLocale: it cannot hold or search Chinese text.
    """
    check_locale(engine)
    with available():
        try:
            command.upgrade(alembic_config(engine), revision)
        except CommandError as error:
            raise SchemaMismatch(
                f"this program does not know the database's schema ({error}); "
                "install the version of the program that made it, or a newer one"
            ) from error
