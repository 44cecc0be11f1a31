"""what cannot be sent is set aside, with its reason.

Revision 0015, after 0014.
"""

import sqlalchemy as sa
from alembic import op
import store.instants

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('outbox') as batch_op:
        batch_op.add_column(sa.Column('set_aside_at', store.instants.Instant(), nullable=True))
        batch_op.add_column(sa.Column('reason', sa.String(length=300), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('outbox') as batch_op:
        batch_op.drop_column('reason')
        batch_op.drop_column('set_aside_at')
