"""whom a message is for, and whose requester has left.

Revision 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

_KEY = ['order_no', 'run_id', 'event_seq', 'recipient', 'template']
_BEFORE = 'uq_message_order_no_run_id_event_seq_recipient_template'
_instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column('orders', sa.Column('requester_left', sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute(
        'UPDATE orders SET requester_left = true WHERE EXISTS (SELECT 1 FROM requester'
        ' WHERE requester.order_no = orders.order_no AND requester.withdrawn_at IS NOT NULL)'
    )
    op.drop_column('requester', 'withdrawn_at')
    op.drop_column('orders', 'merged_at')
    op.add_column('message', sa.Column('for_order', sa.String(length=64), nullable=True))
    op.execute('UPDATE message SET for_order = order_no')
    with op.batch_alter_table('message') as table:
        table.alter_column('for_order', existing_type=sa.String(length=64), nullable=False)
        table.drop_constraint(_BEFORE, type_='unique')
        table.create_unique_constraint('uq_message_once', [*_KEY, 'for_order'])
        table.create_foreign_key('fk_message_for_order_orders', 'orders', ['for_order'], ['order_no'])
        table.create_index('ix_message_for_order', ['for_order'])


def downgrade() -> None:
    op.execute('DELETE FROM message WHERE for_order <> order_no')
    with op.batch_alter_table('message') as table:
        table.drop_index('ix_message_for_order')
        table.drop_constraint('fk_message_for_order_orders', type_='foreignkey')
        table.drop_constraint('uq_message_once', type_='unique')
        table.create_unique_constraint(_BEFORE, _KEY)
        table.drop_column('for_order')
    op.add_column('orders', sa.Column('merged_at', _instant, nullable=True))
    op.add_column('requester', sa.Column('withdrawn_at', _instant, nullable=True))
    op.drop_column('orders', 'requester_left')
