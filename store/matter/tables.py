"""The tables of every kind of matter; a kind keeps its own facts beside them, under the same number.

Personal data stands in `decision` and `message` alone; the other tables hold ids, codes and instants.
"""

from sqlalchemy import (
    Boolean,
    Column,
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

from domain.matter.stages import OVER
from store.instants import Instant
from store.metadata import BigId, Json, code, listed, metadata

_NOTHING = text("'[]'")
LOST = "lost"
"""The fingerprint of a decision whose request is lost: no repeated request may pass for it."""

_ONCE_KEPT = text(f"fingerprint IS NOT NULL AND fingerprint <> '{LOST}'")

STILL_OPEN = text(f"stage NOT IN ({listed(OVER)})")
"""The condition of an open matter, worded as in its index, so that both databases see that the index serves."""

UNRECORDED = text("run_id IS NULL")
"""The condition of a matter whose workflow has recorded nothing yet, worded as in its index."""

UNSENT = text("done_at IS NULL")
"""The condition of a row that the outbox still has to send, worded as in its index."""

matter = Table(
    "matter",
    metadata,
    code("matter_no", primary_key=True),
    code("kind", nullable=False),
    code("stage", nullable=False),
    code("tier", nullable=False),
    code("unit", nullable=False),
    code("community"),
    Column("begun_at", Instant, nullable=False),
    # The promise to the person who waits for the matter, if there is one.
    Column("promised_at", Instant),
    Column("due_at", Instant),
    Column("escalations", Integer, nullable=False),
    Column("overdue", Boolean, nullable=False),
    Column("held", Boolean, nullable=False),
    code("run_id"),
    Column("recorded_seq", Integer, nullable=False),
    Column("recorded_at", Instant),
    Index(None, "kind", "begun_at", "matter_no"),
    Index(None, "stage", "begun_at", "matter_no"),
    Index(None, "unit", "begun_at", "matter_no"),
    Index("ix_matter_unrecorded", "matter_no", sqlite_where=UNRECORDED, postgresql_where=UNRECORDED),
    # All columns that the figures of open matters need, so that no row of a matter is read for them.
    Index(
        "ix_matter_open",
        *(
            "kind",
            "unit",
            "tier",
            "stage",
            "due_at",
            "promised_at",
            "overdue",
            "held",
            "community",
            "matter_no",
        ),
        sqlite_where=STILL_OPEN,
        postgresql_where=STILL_OPEN,
    ),
)

task = Table(
    "task",
    metadata,
    code("task_id", primary_key=True),
    Column("matter_no", String(64), ForeignKey("matter.matter_no"), nullable=False),
    code("kind", nullable=False),
    code("state", nullable=False),
    code("unit", nullable=False),
    code("tier", nullable=False),
    code("role", nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("remind_at", Instant),
    Column("is_provisional", Boolean, nullable=False, server_default=false()),
    Column("withheld", Json, nullable=False, server_default=_NOTHING),
    Column("not_by", Json, nullable=False, server_default=_NOTHING),
    Column("on_duty", Boolean, nullable=False, server_default=false()),
    code("holder"),
    code("outcome"),
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
    code("run_id", primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    code("type", nullable=False),
    Column("actor", String(100), nullable=False),
    code("via", nullable=False),
    code("task_id"),
    Column("data", Json, nullable=False),
    Column("abandoned", Boolean, nullable=False),
)

record_entry = Table(
    "record_entry",
    metadata,
    Column("matter_no", String(64), ForeignKey("matter.matter_no"), primary_key=True),
    code("run_id", primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64)),
    Column("answer", Json, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    # With the matter's number: an operator may type the same id on two matters.
    Column("decision_id", String(100), primary_key=True),
    Column("matter_no", String(64), ForeignKey("matter.matter_no"), primary_key=True),
    code("task_id"),
    code("subject", nullable=False),
    Column("name", String(100), nullable=False),
    Column("actor", String(100), nullable=False),
    code("via", nullable=False),
    Column("fields", Json, nullable=False),
    Column("texts", Json, nullable=False),
    Column("comment", Text),
    Column("fingerprint", String(64)),
    Column("decided_at", Instant, nullable=False),
    code("status", nullable=False),
    code("code"),
    Column("reason", Text),
    Column("settled_at", Instant),
    Index(None, "matter_no", "status"),
    # What the API keeps, under an Idempotency-Key, is unique among all matters.
    Index(
        "uq_decision_kept", "decision_id", unique=True, sqlite_where=_ONCE_KEPT, postgresql_where=_ONCE_KEPT
    ),
)

message = Table(
    "message",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("matter_no", String(64), ForeignKey("matter.matter_no"), nullable=False),
    code("run_id", nullable=False),
    Column("event_seq", Integer, nullable=False),
    # The matter whose resident gets it, or about which a unit is told: the writer, or one that is joined to it.
    Column("for_matter", String(64), ForeignKey("matter.matter_no"), nullable=False),
    Column("recipient", String(64), nullable=False),
    code("template", nullable=False),
    Column("data", Json, nullable=False),
    Column("text_of", String(100)),
    code("state", nullable=False),
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
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("matter_no", String(64), ForeignKey("matter.matter_no"), nullable=False),
    code("kind", nullable=False),
    Column("payload", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_epoch", Integer, nullable=False),
    Column("done_at", Instant),
    code("result"),
    Column("set_aside_at", Instant),
    Column("reason", String(300)),
    Index(None, "done_at", "next_at", "id"),
    Index(None, "matter_no", "done_at", "id"),
    # Ready rows are read in this sequence, however many wait: nothing is sorted.
    Index("ix_outbox_unsent", *("kind", "next_at", "id"), sqlite_where=UNSENT, postgresql_where=UNSENT),
)
