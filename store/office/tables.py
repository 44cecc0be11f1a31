"""Units, members of staff, the roster, the directory, and the holds of the whole office."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, text

from store.instants import Instant
from store.metadata import BigId, Json, code, metadata

unit = Table(
    "unit",
    metadata,
    code("code", primary_key=True),
    Column("name", String(200), nullable=False),
    code("tier", nullable=False),
    code("parent"),
)

staff = Table(
    "staff",
    metadata,
    code("username", primary_key=True),
    Column("name", String(200), nullable=False),
    Column("unit", String(64), ForeignKey("unit.code"), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("away_until", Instant),
    code("deputy"),
    Index(None, "deputy"),
)

staff_role = Table(
    "staff_role",
    metadata,
    Column("username", String(64), ForeignKey("staff.username"), primary_key=True),
    code("role", primary_key=True),
)

roster = Table(
    "roster",
    metadata,
    code("channel", primary_key=True),
    Column("weekday", Integer, primary_key=True),
    Column("username", String(64), ForeignKey("staff.username"), nullable=False),
)

directory = Table(
    "directory",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("source", String(200), nullable=False),
    code("loaded_by", nullable=False),
    Column("loaded_at", Instant, nullable=False),
    Column("units", Json, nullable=False),
    Column("categories", Json, nullable=False),
    Column("routes", Json, nullable=False),
    Column("teams", Json, nullable=False, server_default=text("'[]'")),
)

office_hold = Table(
    "office_hold",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("reason", String(500), nullable=False),
    code("ordered_by", nullable=False),
    Column("lifted_at", Instant),
    code("lifted_by"),
)
