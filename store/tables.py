"""The tables. Imported inside `store` only: everybody else asks its functions.

Personal data stands in `orders` (place, texts), `requester`, `decision` and `message` alone; the other tables hold
ids, codes and instants.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from domain.matter.stages import OVER
from domain.order.events import EventName
from store.instants import Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

LOST = "lost"
"""The fingerprint of a decision whose request nothing can tell any more: no repeated one passes for it."""
_ONCE_KEPT = text(f"fingerprint IS NOT NULL AND fingerprint <> '{LOST}'")


def _listed(codes: Iterable[str]) -> str:
    """Write codes into the text of an index: both databases compare that word for word."""
    return ", ".join(f"'{each}'" for each in codes)


_TOLD = (
    EventName.FOLLOW_UP_ENDED,
    EventName.MESSAGES_UNDELIVERED,
    EventName.ORDER_CLOSED,
    EventName.ORDER_RATED,
    EventName.ORDER_REPLIED,
)
TOLD = text(f"type IN ({_listed(_TOLD)})")
"""The events that are looked for among all orders: an index holds them alone, a few of each order's."""

STILL_OPEN = text(f"stage NOT IN ({_listed(OVER)})")
"""What an open matter is, as in the index that holds them alone: written so, both databases see that it serves."""

PLACED = text("latitude IS NOT NULL")

UNRECORDED = text("run_id IS NULL")
"""Matters whose workflow has recorded nothing yet, as in the index of those alone."""

UNSENT = text("done_at IS NULL")
"""What the outbox still holds back, as in the index of that alone."""

_NOTHING = text("'[]'")
_Json = JSON().with_variant(JSONB(), "postgresql")
_BigId = BigInteger().with_variant(Integer(), "sqlite")


def _code(name: str, **options: Any) -> Column[str]:
    return Column(name, String(64), **options)


unit = Table(
    "unit",
    metadata,
    _code("code", primary_key=True),
    Column("name", String(200), nullable=False),
    _code("tier", nullable=False),
    _code("parent"),
)

staff = Table(
    "staff",
    metadata,
    _code("username", primary_key=True),
    Column("name", String(200), nullable=False),
    Column("unit", String(64), ForeignKey("unit.code"), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("away_until", Instant),
    _code("deputy"),
    Index(None, "deputy"),
)

staff_role = Table(
    "staff_role",
    metadata,
    Column("username", String(64), ForeignKey("staff.username"), primary_key=True),
    _code("role", primary_key=True),
)

duty = Table(
    "duty",
    metadata,
    _code("channel", primary_key=True),
    Column("weekday", Integer, primary_key=True),
    Column("username", String(64), ForeignKey("staff.username"), nullable=False),
)

calendar_year = Table(
    "calendar_year",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("source", String(200), nullable=False),
    Column("days", _Json, nullable=False),
    Column("loaded_at", Instant, nullable=False),
)

office_hours = Table(
    "office_hours",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("source", String(200), nullable=False),
    Column("hours", _Json, nullable=False),
    Column("loaded_at", Instant, nullable=False),
)

directory = Table(
    "directory",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("source", String(200), nullable=False),
    _code("loaded_by", nullable=False),
    Column("loaded_at", Instant, nullable=False),
    Column("units", _Json, nullable=False),
    Column("categories", _Json, nullable=False),
    Column("routes", _Json, nullable=False),
)

office_hold = Table(
    "office_hold",
    metadata,
    Column("id", _BigId, primary_key=True, autoincrement=True),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("reason", String(500), nullable=False),
    _code("ordered_by", nullable=False),
    Column("lifted_at", Instant),
    _code("lifted_by"),
)

telling = Table(
    "telling",
    metadata,
    Column("id", _BigId, primary_key=True, autoincrement=True),
    _code("action", nullable=False),
    _code("key", nullable=False),
    Column("fields", _Json, nullable=False),
    _code("audience", nullable=False),
    # The last order that was told; they are told in the sequence of their numbers.
    _code("reached", nullable=False),
    Column("told", Integer, nullable=False),
    Column("ordered_at", Instant, nullable=False),
    Column("done_at", Instant),
)

account = Table(
    "account",
    metadata,
    Column("username", String(64), ForeignKey("staff.username"), primary_key=True),
    Column("password_hash", String(200), nullable=False),
    Column("password_set_at", Instant, nullable=False),
    Column("must_change", Boolean, nullable=False),
    # Sealed; `totp_step` is the last step of thirty seconds whose code was used.
    Column("totp_sealed", String(300)),
    Column("totp_step", Integer),
)

sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    # A keyed hash of the name that was typed, whether it is anybody's or not.
    Column("name_key", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Instant),
)

session = Table(
    "session",
    metadata,
    Column("session_key", String(64), primary_key=True),
    Column("username", String(64), ForeignKey("staff.username"), nullable=False),
    _code("step", nullable=False),
    _code("method", nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Index(None, "username", "ended_at"),
)

sign_in_attempt = Table(
    "sign_in_attempt",
    metadata,
    Column("state_key", String(64), primary_key=True),
    Column("browser_key", String(64), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(128), nullable=False),
    Column("goes_to", String(200), nullable=False),
    Column("begun_at", Instant, nullable=False),
)

client = Table(
    "client",
    metadata,
    _code("client_id", primary_key=True),
    _code("channel", nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)

credential = Table(
    "credential",
    metadata,
    Column("keyed_hash", String(64), primary_key=True),
    _code("kind", nullable=False),
    _code("subject", nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Index(None, "kind", "subject"),
)

secret_mark = Table("secret_mark", metadata, _code("id", primary_key=True), _code("mark", nullable=False))

# What every kind of matter has; a kind keeps its own facts beside it, under the same number.
matter = Table(
    "matter",
    metadata,
    _code("matter_no", primary_key=True),
    _code("kind", nullable=False),
    _code("stage", nullable=False),
    _code("tier", nullable=False),
    _code("unit", nullable=False),
    _code("community"),
    Column("begun_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("escalations", Integer, nullable=False),
    Column("overdue", Boolean, nullable=False),
    Column("held", Boolean, nullable=False),
    _code("run_id"),
    Column("recorded_seq", Integer, nullable=False),
    Column("recorded_at", Instant),
    Index(None, "begun_at", "matter_no"),
    Index(None, "stage", "begun_at", "matter_no"),
    Index(None, "unit", "begun_at", "matter_no"),
    Index("ix_matter_unrecorded", "matter_no", sqlite_where=UNRECORDED, postgresql_where=UNRECORDED),
    # All that the figures of what is open are made of, so that no matter itself is read for them.
    Index(
        "ix_matter_open",
        *("kind", "unit", "tier", "stage", "due_at", "overdue", "held", "community", "matter_no"),
        sqlite_where=STILL_OPEN,
        postgresql_where=STILL_OPEN,
    ),
)

orders = Table(
    "orders",
    metadata,
    Column("order_no", String(64), ForeignKey("matter.matter_no"), primary_key=True),
    Column("tracking_code", String(40), nullable=False, unique=True),
    Column("client_id", String(64), ForeignKey("client.client_id"), nullable=False),
    Column("source_reference", String(100)),
    Column("fingerprint", String(64), nullable=False),
    _code("channel", nullable=False),
    _code("request_kind", nullable=False),
    Column("subject", String(200)),
    Column("description", Text, nullable=False),
    Column("confidential", Boolean, nullable=False),
    _code("received_by"),
    Column("address", String(300)),
    Column("longitude", Float),
    Column("latitude", Float),
    _code("policy", nullable=False),
    # When its matter began, a second time: similar orders are found by an index that holds it.
    Column("received_at", Instant, nullable=False),
    Column("source_due_at", Instant),
    _code("category"),
    _code("ending"),
    Column("round", Integer, nullable=False),
    _code("class"),
    Column("promised_at", Instant),
    Column("promise_is_provisional", Boolean, nullable=False, server_default=false()),
    Column("is_provisional", Boolean, nullable=False, server_default=false()),
    Column("reclassified", Boolean, nullable=False),
    Column("reopened", Boolean, nullable=False),
    _code("handled_by"),
    _code("merged_into"),
    Column("requester_left", Boolean, nullable=False, server_default=false()),
    _code("split_from"),
    Column("split_by", String(100)),
    UniqueConstraint("client_id", "source_reference"),
    # With what similar orders are found by, so that no order itself is read for it.
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

# Keyed hashes of a requester's numbers: found by whoever knows one, read by nobody.
requester_phone = Table(
    "requester_phone",
    metadata,
    Column("phone_key", String(64), primary_key=True),
    Column("order_no", String(64), ForeignKey("requester.order_no"), primary_key=True),
    Index(None, "order_no"),
)

task = Table(
    "task",
    metadata,
    _code("task_id", primary_key=True),
    Column("matter_no", String(64), ForeignKey("matter.matter_no"), nullable=False),
    _code("kind", nullable=False),
    _code("state", nullable=False),
    _code("unit", nullable=False),
    _code("tier", nullable=False),
    _code("role", nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("remind_at", Instant),
    Column("is_provisional", Boolean, nullable=False, server_default=false()),
    Column("withheld", _Json, nullable=False, server_default=_NOTHING),
    Column("not_by", _Json, nullable=False, server_default=_NOTHING),
    Column("on_duty", Boolean, nullable=False, server_default=false()),
    _code("holder"),
    _code("outcome"),
    Column("closed_by", String(100)),
    Column("closed_at", Instant),
    Index(None, "matter_no", "opened_at"),
    Index(None, "state", "unit", "due_at", "task_id"),
    Index(None, "state", "tier", "due_at", "task_id"),
    Index(None, "state", "holder", "due_at", "task_id"),
)

event = Table(
    "event",
    metadata,
    Column("matter_no", String(64), ForeignKey("matter.matter_no"), primary_key=True),
    _code("run_id", primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    _code("type", nullable=False),
    Column("actor", String(100), nullable=False),
    _code("via", nullable=False),
    _code("task_id"),
    Column("data", _Json, nullable=False),
    Column("abandoned", Boolean, nullable=False),
    Index(
        "ix_event_told",
        *("type", "at", "matter_no", "seq", "abandoned"),
        sqlite_where=TOLD,
        postgresql_where=TOLD,
    ),
)

record_entry = Table(
    "record_entry",
    metadata,
    Column("matter_no", String(64), ForeignKey("matter.matter_no"), primary_key=True),
    _code("run_id", primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64)),
    Column("answer", _Json, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    # With the order's number: an operator may type the same id on two orders.
    Column("decision_id", String(100), primary_key=True),
    Column("matter_no", String(64), ForeignKey("matter.matter_no"), primary_key=True),
    _code("task_id"),
    _code("subject", nullable=False),
    Column("name", String(100), nullable=False),
    Column("actor", String(100), nullable=False),
    _code("via", nullable=False),
    Column("fields", _Json, nullable=False),
    Column("texts", _Json, nullable=False),
    Column("comment", Text),
    Column("fingerprint", String(64)),
    Column("decided_at", Instant, nullable=False),
    _code("status", nullable=False),
    _code("code"),
    Column("reason", Text),
    Column("settled_at", Instant),
    Index(None, "matter_no", "status"),
    # What the API keeps, under an Idempotency-Key, stands once among all orders.
    Index(
        "uq_decision_kept", "decision_id", unique=True, sqlite_where=_ONCE_KEPT, postgresql_where=_ONCE_KEPT
    ),
)

attachment = Table(
    "attachment",
    metadata,
    _code("attachment_id", primary_key=True),
    _code("sha256", nullable=False),
    _code("media_type", nullable=False),
    Column("size", Integer, nullable=False),
    _code("uploaded_by", nullable=False),
    _code("uploaded_via", nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("matter_no", String(64), ForeignKey("matter.matter_no")),
    Column("decision_id", String(100)),
    Index(None, "matter_no", "created_at"),
    Index(None, "sha256"),
)

message = Table(
    "message",
    metadata,
    Column("id", _BigId, primary_key=True, autoincrement=True),
    Column("matter_no", String(64), ForeignKey("matter.matter_no"), nullable=False),
    _code("run_id", nullable=False),
    Column("event_seq", Integer, nullable=False),
    # Whose resident it is for, or what a unit is told about: an order, or one that is joined to it.
    Column("for_matter", String(64), ForeignKey("matter.matter_no"), nullable=False),
    Column("recipient", String(64), nullable=False),
    _code("template", nullable=False),
    Column("data", _Json, nullable=False),
    Column("text_of", String(100)),
    _code("state", nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    UniqueConstraint(
        *("matter_no", "run_id", "event_seq", "recipient", "template", "for_matter"), name="uq_message_once"
    ),
    Index(None, "for_matter"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _BigId, primary_key=True, autoincrement=True),
    Column("matter_no", String(64), ForeignKey("matter.matter_no"), nullable=False),
    _code("kind", nullable=False),
    Column("payload", _Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_epoch", Integer, nullable=False),
    Column("done_at", Instant),
    _code("result"),
    Column("set_aside_at", Instant),
    Column("reason", String(300)),
    Index(None, "done_at", "next_at", "id"),
    Index(None, "matter_no", "done_at", "id"),
    # What is ready is found in its sequence, however much waits: nothing is sorted.
    Index("ix_outbox_unsent", *("kind", "next_at", "id"), sqlite_where=UNSENT, postgresql_where=UNSENT),
)

idempotency = Table(
    "idempotency",
    metadata,
    _code("client_id", primary_key=True),
    _code("route", primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("is_new", Boolean, nullable=False),
    Column("receipt", _Json, nullable=False),
    Column("created_at", Instant, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", _BigId, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("actor", String(100), nullable=False),
    _code("via", nullable=False),
    _code("act", nullable=False),
    _code("matter_no"),
    Column("data", _Json, nullable=False),
    Index(None, "matter_no", "id"),
)
