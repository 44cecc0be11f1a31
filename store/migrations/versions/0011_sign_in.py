"""accounts and sessions."""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def _instant(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table('account',
        sa.Column('username', sa.String(length=64), nullable=False),
        sa.Column('password_hash', sa.String(length=200), nullable=False),
        _instant('password_set_at'),
        sa.Column('must_change', sa.Boolean(), nullable=False),
        sa.Column('totp_sealed', sa.String(length=300), nullable=True),
        sa.Column('totp_step', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['username'], ['staff.username'], name=op.f('fk_account_username_staff')),
        sa.PrimaryKeyConstraint('username', name=op.f('pk_account')),
    )
    op.create_table('sign_in_failure',
        sa.Column('name_key', sa.String(length=64), nullable=False),
        sa.Column('failures', sa.Integer(), nullable=False),
        _instant('locked_until', nullable=True),
        sa.PrimaryKeyConstraint('name_key', name=op.f('pk_sign_in_failure')),
    )
    op.create_table('session',
        sa.Column('session_key', sa.String(length=64), nullable=False),
        sa.Column('username', sa.String(length=64), nullable=False),
        sa.Column('step', sa.String(length=64), nullable=False),
        sa.Column('method', sa.String(length=64), nullable=False),
        sa.Column('csrf', sa.String(length=64), nullable=False),
        _instant('begun_at'),
        _instant('seen_at'),
        _instant('ended_at', nullable=True),
        sa.ForeignKeyConstraint(['username'], ['staff.username'], name=op.f('fk_session_username_staff')),
        sa.PrimaryKeyConstraint('session_key', name=op.f('pk_session')),
    )
    op.create_index(op.f('ix_session_username_ended_at'), 'session', ['username', 'ended_at'])
    op.create_table('sign_in_attempt',
        sa.Column('state_key', sa.String(length=64), nullable=False),
        sa.Column('browser_key', sa.String(length=64), nullable=False),
        sa.Column('nonce', sa.String(length=64), nullable=False),
        sa.Column('verifier', sa.String(length=128), nullable=False),
        sa.Column('goes_to', sa.String(length=200), nullable=False),
        _instant('begun_at'),
        sa.PrimaryKeyConstraint('state_key', name=op.f('pk_sign_in_attempt')),
    )


def downgrade() -> None:
    op.drop_table('sign_in_attempt')
    op.drop_index(op.f('ix_session_username_ended_at'), table_name='session')
    op.drop_table('session')
    op.drop_table('sign_in_failure')
    op.drop_table('account')
