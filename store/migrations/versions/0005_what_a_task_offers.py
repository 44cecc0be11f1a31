"""what a task offers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

_LISTS = ('withheld', 'not_by')


def upgrade() -> None:
    for name in _LISTS:
        kind = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
        op.add_column('task', sa.Column(name, kind, server_default=sa.text("'[]'"), nullable=False))


def downgrade() -> None:
    for name in reversed(_LISTS):
        op.drop_column('task', name)
