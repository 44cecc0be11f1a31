"""a subject for every order, and orders found by what they say and where they are.

Revision 0020, after 0019.
"""

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

_PLACED = sa.text('latitude IS NOT NULL')


def upgrade() -> None:
    op.execute("UPDATE orders SET subject = substr(description, 1, 40) WHERE subject IS NULL")
    op.drop_index('ix_orders_received_at_order_no', table_name='orders')
    op.create_index('ix_orders_said', 'orders', ['received_at', 'order_no', 'subject', 'address'])
    op.create_index(
        'ix_orders_where',
        'orders',
        ['latitude', 'longitude'],
        sqlite_where=_PLACED,
        postgresql_where=_PLACED,
    )


def downgrade() -> None:
    op.drop_index('ix_orders_where', table_name='orders')
    op.drop_index('ix_orders_said', table_name='orders')
    op.create_index('ix_orders_received_at_order_no', 'orders', ['received_at', 'order_no'])
