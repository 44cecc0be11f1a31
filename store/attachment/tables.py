"""Files: who uploaded which content, and what refers to it."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from store.instants import Instant
from store.metadata import code, metadata

attachment = Table(
    "attachment",
    metadata,
    code("attachment_id", primary_key=True),
    code("sha256", nullable=False),
    code("media_type", nullable=False),
    Column("size", Integer, nullable=False),
    code("uploaded_by", nullable=False),
    code("uploaded_via", nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("matter_no", String(64), ForeignKey("matter.matter_no")),
    Column("decision_id", String(100)),
    Index(None, "matter_no", "created_at"),
    Index(None, "sha256"),
)
