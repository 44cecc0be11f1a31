"""The facts of orders, their requesters, and the keys of requests.

Personal data stands in `orders` (place, texts) and `requester`.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from store.instants import Instant
from store.metadata import BigId, Json, code, metadata

PLACED = text("latitude IS NOT NULL")

telling = Table(
    "telling",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    code("action", nullable=False),
    code("key", nullable=False),
    Column("fields", Json, nullable=False),
    code("audience", nullable=False),
    # The last matter that was told; matters are told in the sequence of their numbers.
    code("reached", nullable=False),
    Column("told", Integer, nullable=False),
    Column("ordered_at", Instant, nullable=False),
    Column("done_at", Instant),
)

orders = Table(
    "orders",
    metadata,
    Column("order_no", String(64), ForeignKey("matter.matter_no"), primary_key=True),
    Column("tracking_code", String(40), nullable=False, unique=True),
    Column("client_id", String(64), ForeignKey("client.client_id"), nullable=False),
    Column("source_reference", String(100)),
    Column("fingerprint", String(64), nullable=False),
    code("channel", nullable=False),
    code("request_kind", nullable=False),
    Column("subject", String(200)),
    Column("description", Text, nullable=False),
    Column("confidential", Boolean, nullable=False),
    code("received_by"),
    Column("address", String(300)),
    Column("longitude", Float),
    Column("latitude", Float),
    code("policy", nullable=False),
    # The beginning of its matter again, for the index by which similar orders are found.
    Column("received_at", Instant, nullable=False),
    Column("source_due_at", Instant),
    code("category"),
    code("ending"),
    Column("round", Integer, nullable=False),
    code("class"),
    Column("promise_is_provisional", Boolean, nullable=False, server_default=false()),
    Column("is_provisional", Boolean, nullable=False, server_default=false()),
    Column("reclassified", Boolean, nullable=False),
    Column("reopened", Boolean, nullable=False),
    code("handled_by"),
    code("merged_into"),
    Column("requester_left", Boolean, nullable=False, server_default=false()),
    code("split_from"),
    Column("split_by", String(100)),
    UniqueConstraint("client_id", "source_reference"),
    # All columns by which similar orders are found, so that no row of an order is read for it.
    Index("ix_orders_said", *("received_at", "order_no", "subject", "address")),
    Index(None, "merged_into"),
    Index(None, "split_from"),
    Index("ix_orders_where", *("latitude", "longitude"), sqlite_where=PLACED, postgresql_where=PLACED),
)

requester = Table(
    "requester",
    metadata,
    Column("order_no", String(64), ForeignKey("orders.order_no"), primary_key=True),
    Column("name", String(100)),
    Column("phone", String(40)),
    Column("email", String(200)),
    Column("wechat_openid", String(100)),
)

# Keyed hashes of a requester's numbers: a caller who knows a number finds them, and nobody can read them.
requester_phone = Table(
    "requester_phone",
    metadata,
    Column("phone_key", String(64), primary_key=True),
    Column("order_no", String(64), ForeignKey("requester.order_no"), primary_key=True),
    Index(None, "order_no"),
)

idempotency = Table(
    "idempotency",
    metadata,
    code("client_id", primary_key=True),
    code("route", primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("is_new", Boolean, nullable=False),
    Column("receipt", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
)
