"""what many orders are told, batch by batch, and the outbox in the sequence in which it is sent.

Revision 0017, after 0016.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

_UNSENT = sa.text("done_at IS NULL")


def upgrade() -> None:
    op.create_table(
        'telling',
        sa.Column(
            'id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False
        ),
        sa.Column('action', sa.String(length=64), nullable=False),
        sa.Column('key', sa.String(length=64), nullable=False),
        sa.Column('fields', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
        sa.Column('audience', sa.String(length=64), nullable=False),
        sa.Column('reached', sa.String(length=64), nullable=False),
        sa.Column('told', sa.Integer(), nullable=False),
        sa.Column('ordered_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_telling')),
    )
    op.create_index(
        'ix_outbox_unsent',
        'outbox',
        ['kind', 'next_at', 'id'],
        sqlite_where=_UNSENT,
        postgresql_where=_UNSENT,
    )


def downgrade() -> None:
    op.drop_index('ix_outbox_unsent', table_name='outbox')
    op.drop_table('telling')
