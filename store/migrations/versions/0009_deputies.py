"""deputies and the officer on duty."""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

_COLUMNS = (('away_until', sa.DateTime(timezone=True)), ('deputy', sa.String(length=64)))


def upgrade() -> None:
    for name, kind in _COLUMNS:
        op.add_column('staff', sa.Column(name, kind, nullable=True))
    op.create_index(op.f('ix_staff_deputy'), 'staff', ['deputy'])
    op.add_column('task', sa.Column('on_duty', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column('task', 'on_duty')
    op.drop_index(op.f('ix_staff_deputy'), table_name='staff')
    for name, _ in reversed(_COLUMNS):
        op.drop_column('staff', name)
