"""joined and split."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

_COLUMNS = (
    ('orders', 'merged_into', sa.String(length=64)),
    ('orders', 'merged_at', sa.DateTime(timezone=True)),
    ('orders', 'split_from', sa.String(length=64)),
    ('orders', 'split_by', sa.String(length=100)),
    ('requester', 'withdrawn_at', sa.DateTime(timezone=True)),
)
_INDEXED = ('merged_into', 'split_from')


def upgrade() -> None:
    for table, name, kind in _COLUMNS:
        op.add_column(table, sa.Column(name, kind, nullable=True))
    for name in _INDEXED:
        op.create_index(op.f(f'ix_orders_{name}'), 'orders', [name])


def downgrade() -> None:
    for name in reversed(_INDEXED):
        op.drop_index(op.f(f'ix_orders_{name}'), table_name='orders')
    for table, name, _ in reversed(_COLUMNS):
        op.drop_column(table, name)
