"""duties of a period beside their matters, and the orders that came from a meeting.

Revision 0025, after 0024.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None

_CLIENT = 'courtyard-meetings'
_EVENTS = {
    'OrderHeld': 'MatterHeld',
    'OrderReleased': 'MatterReleased',
    'OrderArchived': 'MatterArchived',
}
"""What every kind of matter has is called so."""
_client = sa.table('client', *(sa.column(name) for name in ('client_id', 'channel', 'active')),
    sa.column('created_at', sa.DateTime(timezone=True)))


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        'duty',
        sa.Column('duty_no', sa.String(64), nullable=False),
        *(sa.Column(name, sa.String(64), nullable=False) for name in ('duty_kind', 'subject', 'period')),
        sa.Column('period_began', instant, nullable=False),
        sa.Column('period_ends', instant, nullable=False),
        sa.Column('policy', sa.String(64), nullable=False),
        *(sa.Column(name, sa.String(64)) for name in ('team', 'leader', 'deputy', 'department', 'ending')),
        sa.Column('announced_at', instant),
        sa.Column('planned_at', instant),
        sa.Column('place_of', sa.String(100)),
        sa.Column('postponed', sa.Integer(), nullable=False),
        sa.Column('started_at', instant),
        sa.Column('ended_at', instant),
        sa.Column('led_by', sa.String(64)),
        sa.Column('from_department', sa.Integer()),
        sa.Column('attendees', sa.Integer()),
        sa.Column('evidence', sa.String(64)),
        sa.Column('report_of', sa.String(100)),
        sa.Column('reported_by', sa.String(100)),
        sa.Column('missed_at', instant),
        sa.Column('closed_at', instant),
        sa.Column('asks_excuse', sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint('duty_no', name='pk_duty'),
        sa.ForeignKeyConstraint(['duty_no'], ['matter.matter_no'], name='fk_duty_duty_no_matter'),
        sa.UniqueConstraint('duty_kind', 'subject', 'period', name='uq_duty_once'),
    )
    op.create_index('ix_duty_period_began_duty_no', 'duty', ['period_began', 'duty_no'])
    op.create_index('ix_duty_leader_planned_at', 'duty', ['leader', 'planned_at'])
    op.create_table(
        'duty_issue',
        sa.Column('order_no', sa.String(64), nullable=False),
        sa.Column('duty_no', sa.String(64), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('on_the_spot', sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint('order_no', name='pk_duty_issue'),
        sa.ForeignKeyConstraint(['order_no'], ['orders.order_no'], name='fk_duty_issue_order_no_orders'),
        sa.ForeignKeyConstraint(['duty_no'], ['duty.duty_no'], name='fk_duty_issue_duty_no_duty'),
        sa.UniqueConstraint('duty_no', 'position', name='uq_duty_issue_once'),
    )
    # The client of the orders that meetings bring; no key stands for it. It stays when the tables go.
    known = op.get_bind().execute(sa.select(_client.c.client_id).where(_client.c.client_id == _CLIENT)).first()
    if known is None:
        values = {'channel': 'courtyard_visit', 'active': True, 'created_at': datetime.now(UTC)}
        op.bulk_insert(_client, [{'client_id': _CLIENT, **values}])


    for was, name in _EVENTS.items():
        op.execute(f"UPDATE event SET type = '{name}' WHERE type = '{was}'")


def downgrade() -> None:
    op.drop_table('duty_issue')
    op.drop_table('duty')
    for table in ('task', 'event', 'record_entry', 'decision', 'message', 'attachment', 'outbox', 'audit'):
        op.execute(f"DELETE FROM {table} WHERE matter_no LIKE 'D%'")
    op.execute("DELETE FROM matter WHERE kind = 'duty'")
    for was, name in _EVENTS.items():
        op.execute(f"UPDATE event SET type = '{was}' WHERE type = '{name}'")
