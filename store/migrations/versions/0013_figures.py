"""the events that are looked for among all orders, by type and instant."""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

_TOLD = sa.text("type IN ('FollowUpEnded', 'MessagesUndelivered', 'OrderClosed', 'OrderRated', 'OrderReplied')")


def upgrade() -> None:
    op.create_index('ix_event_told', 'event', ['type', 'at', 'order_no'], sqlite_where=_TOLD, postgresql_where=_TOLD)


def downgrade() -> None:
    op.drop_index('ix_event_told', table_name='event')
