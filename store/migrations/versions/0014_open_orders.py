"""what is open, and what is told, with all that is counted of them.

Revision 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

_STILL_OPEN = sa.text("stage NOT IN ('closed', 'archived')")
_TOLD = sa.text("type IN ('FollowUpEnded', 'MessagesUndelivered', 'OrderClosed', 'OrderRated', 'OrderReplied')")


def upgrade() -> None:
    op.create_index(
        'ix_orders_open',
        'orders',
        ['unit', 'tier', 'stage', 'due_at', 'promised_at', 'overdue', 'held', 'community', 'order_no'],
        sqlite_where=_STILL_OPEN,
        postgresql_where=_STILL_OPEN,
    )
    _tell_by('type', 'at', 'order_no', 'seq', 'abandoned')


def downgrade() -> None:
    op.drop_index('ix_orders_open', table_name='orders')
    _tell_by('type', 'at', 'order_no')


def _tell_by(*columns: str) -> None:
    op.drop_index('ix_event_told', table_name='event')
    op.create_index('ix_event_told', 'event', [*columns], sqlite_where=_TOLD, postgresql_where=_TOLD)
