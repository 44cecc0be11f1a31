"""by what a start tells whether the secret key is the one that hashes and seals were made with.

Revision 0021, after 0020.
"""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'secret_mark',
        sa.Column('id', sa.String(length=64), nullable=False),
        sa.Column('mark', sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_secret_mark')),
    )


def downgrade() -> None:
    op.drop_table('secret_mark')
