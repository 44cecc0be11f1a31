"""a matter is the parent of tasks, events, decisions, messages, files, outbox and audit; an order stands beside its own.

Revision 0023, after 0022.

What points to a table that is written anew has to let go of it first: SQLite makes a new one and drops the old.
"""


from collections.abc import Callable

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')
_OPEN = sa.text("stage NOT IN ('closed', 'archived')")
_UNRECORDED = sa.text('run_id IS NULL')
_TOLD = sa.text("type IN ('FollowUpEnded', 'MessagesUndelivered', 'OrderClosed', 'OrderRated', 'OrderReplied')")

_CHILDREN = {
    'task': [('ix_task_{}_opened_at', ['{}', 'opened_at'], None)],
    'event': [('ix_event_told', ['type', 'at', '{}', 'seq', 'abandoned'], _TOLD)],
    'record_entry': [],
    'decision': [('ix_decision_{}_status', ['{}', 'status'], None)],
    'attachment': [('ix_attachment_{}_created_at', ['{}', 'created_at'], None)],
    'outbox': [('ix_outbox_{}_done_at_id', ['{}', 'done_at', 'id'], None)],
}
"""What belongs to a matter, with the indexes that hold its number."""

def _shared() -> list[sa.Column]:
    """Make the columns that move from orders to matters."""
    instant = sa.DateTime(timezone=True)
    return [
        *(sa.Column(name, sa.String(64), nullable=False) for name in ('stage', 'tier', 'unit')),
        sa.Column('community', sa.String(64)),
        *(sa.Column(name, instant) for name in ('due_at', 'promised_at')),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ('escalations', 'recorded_seq')),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ('overdue', 'held')),
        sa.Column('run_id', sa.String(64)),
        sa.Column('recorded_at', instant),
    ]


_MOVED = ', '.join(each.name for each in _shared())


def upgrade() -> None:
    op.create_table(
        'matter',
        sa.Column('matter_no', sa.String(64), nullable=False),
        sa.Column('kind', sa.String(64), nullable=False),
        sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
        *_shared(),
        sa.PrimaryKeyConstraint('matter_no', name='pk_matter'),
    )
    op.execute(
        f"INSERT INTO matter (matter_no, kind, begun_at, {_MOVED}) "  # noqa: S608 - names of columns, as they stand above
        f"SELECT order_no, 'order', received_at, {_MOVED} FROM orders"
    )
    _let_children_follow('order', 'orders', 'matter', 'matter')
    op.execute("UPDATE decision SET subject = 'matter' WHERE subject = 'order'")
    op.drop_index('ix_audit_order_no_id', table_name='audit')
    with op.batch_alter_table('audit') as batch:
        batch.alter_column('order_no', new_column_name='matter_no', existing_type=sa.String(64))
    op.create_index('ix_audit_matter_no_id', 'audit', ['matter_no', 'id'])
    _let_requesters_go()
    for index in ('ix_orders_stage_received_at_order_no', 'ix_orders_unit_received_at_order_no', 'ix_orders_open'):
        op.drop_index(index, table_name='orders')
    with op.batch_alter_table('orders') as batch:
        for each in _shared():
            batch.drop_column(each.name)
        batch.alter_column('kind', new_column_name='request_kind', existing_type=sa.String(64), existing_nullable=False)
        batch.create_foreign_key('fk_orders_order_no_matter', 'matter', ['order_no'], ['matter_no'])
    _hold_requesters_again()
    op.create_index('ix_matter_kind_begun_at_matter_no', 'matter', ['kind', 'begun_at', 'matter_no'])
    op.create_index('ix_matter_stage_begun_at_matter_no', 'matter', ['stage', 'begun_at', 'matter_no'])
    op.create_index('ix_matter_unit_begun_at_matter_no', 'matter', ['unit', 'begun_at', 'matter_no'])
    op.create_index(
        'ix_matter_unrecorded', 'matter', ['matter_no'], sqlite_where=_UNRECORDED, postgresql_where=_UNRECORDED
    )
    op.create_index(
        'ix_matter_open',
        'matter',
        ['kind', 'unit', 'tier', 'stage', 'due_at', 'promised_at', 'overdue', 'held', 'community', 'matter_no'],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    _spell_starts(_with_workflow)


def downgrade() -> None:
    # What is no order has no place in the schema of before.
    _forget_what_is_no_order()
    _spell_starts(_without_workflow)
    op.execute("UPDATE decision SET subject = 'order' WHERE subject = 'matter'")
    for index in ('open', 'unrecorded', 'unit_begun_at_matter_no', 'stage_begun_at_matter_no', 'kind_begun_at_matter_no'):
        op.drop_index(f'ix_matter_{index}', table_name='matter')
    _let_requesters_go()
    with op.batch_alter_table('orders') as batch:
        batch.drop_constraint('fk_orders_order_no_matter', type_='foreignkey')
        batch.alter_column('request_kind', new_column_name='kind', existing_type=sa.String(64), existing_nullable=False)
        for each in _shared():
            batch.add_column(sa.Column(each.name, each.type, nullable=True))
    taken = f'SELECT {_MOVED} FROM matter WHERE matter.matter_no = orders.order_no'  # noqa: S608 - as above
    op.execute(f'UPDATE orders SET ({_MOVED}) = ({taken})')  # noqa: S608 - as above
    with op.batch_alter_table('orders') as batch:
        for each in _shared():
            if not each.nullable:
                batch.alter_column(each.name, existing_type=each.type, nullable=False)
    _hold_requesters_again()
    op.create_index('ix_orders_stage_received_at_order_no', 'orders', ['stage', 'received_at', 'order_no'])
    op.create_index('ix_orders_unit_received_at_order_no', 'orders', ['unit', 'received_at', 'order_no'])
    op.create_index(
        'ix_orders_open',
        'orders',
        ['unit', 'tier', 'stage', 'due_at', 'promised_at', 'overdue', 'held', 'community', 'order_no'],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.drop_index('ix_audit_matter_no_id', table_name='audit')
    with op.batch_alter_table('audit') as batch:
        batch.alter_column('matter_no', new_column_name='order_no', existing_type=sa.String(64))
    op.create_index('ix_audit_order_no_id', 'audit', ['order_no', 'id'])
    _let_children_follow('matter', 'matter', 'order', 'orders')
    op.drop_table('matter')


def _let_children_follow(was: str, was_table: str, word: str, table: str) -> None:
    """Rename the number in all that belongs to a matter, and let it refer to the other table."""
    old, new = f'{was}_no', f'{word}_no'
    for name, indexes in _CHILDREN.items():
        for index, _, _ in indexes:
            op.drop_index(index.format(old), table_name=name)
        with op.batch_alter_table(name) as batch:
            batch.drop_constraint(f'fk_{name}_{old}_{was_table}', type_='foreignkey')
            batch.alter_column(old, new_column_name=new, existing_type=sa.String(64), existing_nullable=name == 'attachment')
        # In one go with its renaming SQLite's new table would lose it.
        with op.batch_alter_table(name) as batch:
            batch.create_foreign_key(f'fk_{name}_{new}_{table}', table, [new], [new])
        for index, columns, where in indexes:
            columns = [each.format(new) for each in columns]
            op.create_index(index.format(new), name, columns, sqlite_where=where, postgresql_where=where)
    op.drop_index(f'ix_message_for_{was}', table_name='message')
    with op.batch_alter_table('message') as batch:
        batch.drop_constraint('uq_message_once', type_='unique')
        for column in (old, f'for_{was}'):
            batch.drop_constraint(f'fk_message_{column}_{was_table}', type_='foreignkey')
        batch.alter_column(old, new_column_name=new, existing_type=sa.String(64), existing_nullable=False)
        batch.alter_column(f'for_{was}', new_column_name=f'for_{word}', existing_type=sa.String(64), existing_nullable=False)
    with op.batch_alter_table('message') as batch:
        for column in (new, f'for_{word}'):
            batch.create_foreign_key(f'fk_message_{column}_{table}', table, [column], [new])
        once = [new, 'run_id', 'event_seq', 'recipient', 'template', f'for_{word}']
        batch.create_unique_constraint('uq_message_once', once)
    op.create_index(f'ix_message_for_{word}', 'message', [f'for_{word}'])


def _let_requesters_go() -> None:
    with op.batch_alter_table('requester_phone') as batch:
        batch.drop_constraint('fk_requester_phone_order_no_requester', type_='foreignkey')
    with op.batch_alter_table('requester') as batch:
        batch.drop_constraint('fk_requester_order_no_orders', type_='foreignkey')


def _hold_requesters_again() -> None:
    with op.batch_alter_table('requester') as batch:
        batch.create_foreign_key('fk_requester_order_no_orders', 'orders', ['order_no'], ['order_no'])
    with op.batch_alter_table('requester_phone') as batch:
        batch.create_foreign_key('fk_requester_phone_order_no_requester', 'requester', ['order_no'], ['order_no'])


def _forget_what_is_no_order() -> None:
    others = "SELECT matter_no FROM matter WHERE kind <> 'order'"
    op.execute(f'DELETE FROM message WHERE for_matter IN ({others})')  # noqa: S608 - no value of anybody's
    for name in (*_CHILDREN, 'message', 'matter'):
        op.execute(f'DELETE FROM {name} WHERE matter_no IN ({others})')  # noqa: S608 - as above


def _with_workflow(start: dict) -> dict:
    """Say of an order's start input what it is the input of."""
    first = start['first_task']
    attributes = {
        'Stage': 'first_contact',
        'Tier': 'street',
        'Unit': first['unit'],
        'Community': start.get('community'),
        'Channel': start['channel'],
        'Category': start.get('category'),
        'DueAt': first.get('due_at') or start['received_at'],
        'Escalations': 0,
        'Overdue': False,
    }
    return {
        'workflow_type': 'Order',
        'workflow_id': f"order-{start['order_no']}",
        'input': start,
        'attributes': {name: value for name, value in attributes.items() if value is not None},
        'summary': f"订单 {start['order_no']} · {start['channel']} · {start.get('category') or '未分类'}",
        'details': f"[The order's page]({start.get('page', '')}). What it waits for: Current Details.",
    }


def _without_workflow(payload: dict) -> dict:
    if payload['workflow_type'] != 'Order':
        raise KeyError('it starts no order')
    return payload['input']


def _spell_starts(spelled: Callable[[dict], dict]) -> None:
    """Spell the starts that the outbox holds otherwise, some at a time; one that cannot be read stays as it is."""
    outbox = sa.table('outbox', sa.column('id', sa.BigInteger), sa.column('kind', sa.String), sa.column('payload', _JSON))
    key, new = sa.bindparam('key'), sa.bindparam('new', type_=_JSON)
    update = sa.update(outbox).where(outbox.c.id == key).values(payload=new)
    some = sa.select(outbox.c.id, outbox.c.payload).where(outbox.c.kind == 'start').order_by(outbox.c.id).limit(1_000)
    bind, last = op.get_bind(), 0
    while rows := bind.execute(some.where(outbox.c.id > last)).all():
        last = rows[-1].id
        changed = []
        for row in rows:
            try:
                changed.append({'key': row.id, 'new': spelled(row.payload)})
            except (KeyError, TypeError):
                continue
        if changed:
            bind.execute(update, changed)
