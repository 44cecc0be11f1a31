"""The announced calendar and the office's hours: a row for each version, never changed afterwards."""

from sqlalchemy import Column, Integer, String, Table

from store.instants import Instant
from store.metadata import Json, metadata

calendar_year = Table(
    "calendar_year",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("source", String(200), nullable=False),
    Column("days", Json, nullable=False),
    Column("loaded_at", Instant, nullable=False),
)

office_hours = Table(
    "office_hours",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("source", String(200), nullable=False),
    Column("hours", Json, nullable=False),
    Column("loaded_at", Instant, nullable=False),
)
