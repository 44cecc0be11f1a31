"""a directory has teams, and the table of who is on duty is called roster.

Revision 0024, after 0023.

The roster is written anew under its name, so that its constraints are called after it in both databases.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')


def upgrade() -> None:
    op.add_column('directory', sa.Column('teams', _JSON, server_default='[]', nullable=False))
    _call_anew('duty', 'roster')


def downgrade() -> None:
    _call_anew('roster', 'duty')
    with op.batch_alter_table('directory') as batch:
        batch.drop_column('teams')


def _call_anew(was: str, name: str) -> None:
    op.create_table(
        name,
        sa.Column('channel', sa.String(length=64), nullable=False),
        sa.Column('weekday', sa.Integer(), nullable=False),
        sa.Column('username', sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(['username'], ['staff.username'], name=f'fk_{name}_username_staff'),
        sa.PrimaryKeyConstraint('channel', 'weekday', name=f'pk_{name}'),
    )
    op.execute(
        f'INSERT INTO {name} (channel, weekday, username) '  # noqa: S608 - names of tables, as they stand above
        f'SELECT channel, weekday, username FROM {was}'
    )
    op.drop_table(was)
