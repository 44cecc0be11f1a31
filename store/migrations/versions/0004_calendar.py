"""calendar."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

_FLAGS = (('orders', 'promise_is_provisional'), ('orders', 'is_provisional'), ('task', 'is_provisional'))


def upgrade() -> None:
    op.create_table('calendar_year',
    sa.Column('year', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('source', sa.String(length=200), nullable=False),
    sa.Column('days', sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('loaded_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('year', 'version', name=op.f('pk_calendar_year'))
    )
    # Each by itself: a table that is referred to cannot be made anew on SQLite once it holds rows.
    for table, name in _FLAGS:
        op.add_column(table, sa.Column(name, sa.Boolean(), server_default=sa.text('false'), nullable=False))


def downgrade() -> None:
    for table, name in reversed(_FLAGS):
        op.drop_column(table, name)
    op.drop_table('calendar_year')
