"""an idempotency key keeps the receipt of its order, and each door words its own answer from that.

Revision 0022, after 0021.
"""

from datetime import UTC

import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None

_KEYS = ('client_id', 'route', 'key')
_orders = sa.table(
    'orders',
    sa.column('order_no', sa.String),
    sa.column('tracking_code', sa.String),
    sa.column('received_at', sa.DateTime(timezone=True)),
)


def _kept(**columns: sa.types.TypeEngine) -> sa.TableClause:
    return sa.table(
        'idempotency', *(sa.column(key, sa.String) for key in _KEYS), *(sa.column(*each) for each in columns.items())
    )


def _mine(table: sa.TableClause, row: sa.Row) -> sa.ColumnElement[bool]:
    return sa.and_(*(table.c[key] == getattr(row, key) for key in _KEYS))


def upgrade() -> None:
    with op.batch_alter_table('idempotency') as batch:
        batch.add_column(sa.Column('is_new', sa.Boolean(), nullable=False, server_default=sa.true()))
        batch.alter_column('response', new_column_name='receipt', existing_type=sa.JSON(), existing_nullable=False)
    table = _kept(status=sa.Integer(), is_new=sa.Boolean(), receipt=sa.JSON())
    bind = op.get_bind()
    for row in bind.execute(sa.select(table)).all():
        said = row.receipt
        number = said.get('order_no') or said.get('part')
        order = bind.execute(sa.select(_orders).where(_orders.c.order_no == number)).one()
        at = order.received_at if order.received_at.tzinfo else order.received_at.replace(tzinfo=UTC)
        receipt = {
            'order_no': number,
            'tracking_code': order.tracking_code,
            'stage': said.get('stage') or 'first_contact',
            'received_at': at.astimezone(UTC).isoformat(),
            'passed_over': said.get('officer_passed_over'),
        }
        bind.execute(sa.update(table).where(_mine(table, row)).values(is_new=row.status == 201, receipt=receipt))
    with op.batch_alter_table('idempotency') as batch:
        batch.drop_column('status')
        batch.alter_column('is_new', server_default=None, existing_type=sa.Boolean(), existing_nullable=False)


def downgrade() -> None:
    with op.batch_alter_table('idempotency') as batch:
        batch.add_column(sa.Column('status', sa.Integer(), nullable=False, server_default='201'))
        batch.alter_column('receipt', new_column_name='response', existing_type=sa.JSON(), existing_nullable=False)
    table = _kept(status=sa.Integer(), is_new=sa.Boolean(), response=sa.JSON())
    bind = op.get_bind()
    for row in bind.execute(sa.select(table)).all():
        kept = row.response
        base = f"/api/v1/orders/{kept['order_no']}"
        response = {
            'order_no': kept['order_no'],
            'tracking_code': kept['tracking_code'],
            'stage': kept['stage'],
            'received_at': kept['received_at'],
            'officer_passed_over': kept['passed_over'],
            'links': {'order': base, 'events': f'{base}/events', 'track': f"/api/v1/track/{kept['tracking_code']}"},
        }
        if row.key.startswith('split '):
            response = {'part': kept['order_no'], 'code': kept['tracking_code']}
        status = 201 if row.is_new else 200
        bind.execute(sa.update(table).where(_mine(table, row)).values(status=status, response=response))
    with op.batch_alter_table('idempotency') as batch:
        batch.drop_column('is_new')
        batch.alter_column('status', server_default=None, existing_type=sa.Integer(), existing_nullable=False)
