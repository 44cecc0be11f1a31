"""the numbers by which a requester is found again: one row a number, since people have several.

Revision 0019, after 0018.
"""

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('requester_phone',
    sa.Column('phone_key', sa.String(length=64), nullable=False),
    sa.Column('order_no', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['order_no'], ['requester.order_no'], name=op.f('fk_requester_phone_order_no_requester')),
    sa.PrimaryKeyConstraint('phone_key', 'order_no', name=op.f('pk_requester_phone'))
    )
    op.create_index(op.f('ix_requester_phone_order_no'), 'requester_phone', ['order_no'])
    # Hashes of numbers in another form: nothing would be found by them.
    with op.batch_alter_table('requester') as batch_op:
        batch_op.drop_index(op.f('ix_requester_phone_key'))
        batch_op.drop_column('phone_key')


def downgrade() -> None:
    with op.batch_alter_table('requester') as batch_op:
        batch_op.add_column(sa.Column('phone_key', sa.String(length=64), nullable=True))
        batch_op.create_index(op.f('ix_requester_phone_key'), ['phone_key'])
    op.drop_table('requester_phone')
