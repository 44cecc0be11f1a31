"""A key stands for one decision."""

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

KEPT = sa.text("fingerprint IS NOT NULL AND fingerprint <> 'lost'")


def upgrade() -> None:
    # Where one key was taken for two orders at once, the first keeps it; the others stand, and answer no repetition.
    op.execute(
        """
        UPDATE decision SET fingerprint = 'lost'
        WHERE fingerprint IS NOT NULL AND EXISTS (
            SELECT 1 FROM decision AS earlier
            WHERE earlier.decision_id = decision.decision_id
              AND earlier.fingerprint <> 'lost'
              AND (earlier.decided_at, earlier.order_no) < (decision.decided_at, decision.order_no)
        )
        """
    )
    op.create_index(
        'uq_decision_kept', 'decision', ['decision_id'], unique=True, sqlite_where=KEPT, postgresql_where=KEPT
    )


def downgrade() -> None:
    op.drop_index('uq_decision_kept', 'decision')
