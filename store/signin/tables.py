"""Accounts, sessions, and the credentials of programs; a secret stands here only sealed or hashed."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table

from store.instants import Instant
from store.metadata import code, metadata

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
    # A keyed hash of the name that was typed, whether anybody has it or not.
    Column("name_key", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Instant),
)

session = Table(
    "session",
    metadata,
    Column("session_key", String(64), primary_key=True),
    Column("username", String(64), ForeignKey("staff.username"), nullable=False),
    code("step", nullable=False),
    code("method", nullable=False),
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
    code("client_id", primary_key=True),
    code("channel", nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)

credential = Table(
    "credential",
    metadata,
    Column("keyed_hash", String(64), primary_key=True),
    code("kind", nullable=False),
    code("subject", nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Index(None, "kind", "subject"),
)

secret_mark = Table("secret_mark", metadata, code("id", primary_key=True), code("mark", nullable=False))
