"""Alembic's entry: runs migrations on the engine that `store.migrating` hands over."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON

from store import auditing
from store.attachment import tables as _attachment
from store.calendar import tables as _calendar
from store.duty import tables as _duty
from store.figures import tables as _figures
from store.instants import Instant
from store.matter import tables as _matter
from store.metadata import metadata
from store.office import tables as _office
from store.order import tables as _order
from store.signin import tables as _signin

ALL = (auditing, _attachment, _calendar, _duty, _figures, _matter, _office, _order, _signin)
"""Each brings its tables into the metadata."""


def _render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSON):
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


with context.config.attributes["engine"].connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        render_item=_render,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
