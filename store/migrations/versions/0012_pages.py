"""the pages' own clients, and a requester found again by phone."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

_client = sa.table('client', *(sa.column(name) for name in ('client_id', 'channel', 'active')),
    sa.column('created_at', sa.DateTime(timezone=True)))
_OWN = (('resident-pages', 'web'), ('desk-pages', 'counter'))


def upgrade() -> None:
    op.add_column('requester', sa.Column('phone_key', sa.String(length=64), nullable=True))
    op.create_index(op.f('ix_requester_phone_key'), 'requester', ['phone_key'])
    # No key is ever given out for them: an order of theirs was written on a page of ours.
    op.bulk_insert(_client, [
        {'client_id': client_id, 'channel': channel, 'active': True, 'created_at': datetime.now(UTC)}
        for client_id, channel in _OWN
    ])


def downgrade() -> None:
    # An order that was placed by a page keeps its client.
    for client_id, _ in _OWN:
        op.execute(
            sa.text('DELETE FROM client WHERE client_id = :id AND NOT EXISTS'
                ' (SELECT 1 FROM orders WHERE orders.client_id = :id)').bindparams(id=client_id)
        )
    op.drop_index(op.f('ix_requester_phone_key'), table_name='requester')
    op.drop_column('requester', 'phone_key')
