"""The facts of duties, and which orders came from a meeting.

What people wrote, such as a meeting's place and summary, stands with their decisions.
"""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint, false

from store.instants import Instant
from store.metadata import code, metadata

duty = Table(
    "duty",
    metadata,
    Column("duty_no", String(64), ForeignKey("matter.matter_no"), primary_key=True),
    code("duty_kind", nullable=False),
    # What the duty is about: the community of a meeting.
    code("subject", nullable=False),
    code("period", nullable=False),
    Column("period_began", Instant, nullable=False),
    Column("period_ends", Instant, nullable=False),
    code("policy", nullable=False),
    code("team"),
    code("leader"),
    code("deputy"),
    code("department"),
    code("ending"),
    Column("announced_at", Instant),
    Column("planned_at", Instant),
    Column("place_of", String(100)),
    Column("postponed", Integer, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    code("led_by"),
    Column("from_department", Integer),
    Column("attendees", Integer),
    code("evidence"),
    Column("report_of", String(100)),
    Column("reported_by", String(100)),
    Column("missed_at", Instant),
    Column("closed_at", Instant),
    Column("asks_excuse", Boolean, nullable=False, server_default=false()),
    # A kind of duty is owed once for a subject and a period, however often it is opened.
    UniqueConstraint("duty_kind", "subject", "period", name="uq_duty_once"),
    Index(None, "period_began", "duty_no"),
    Index(None, "leader", "planned_at"),
)

duty_issue = Table(
    "duty_issue",
    metadata,
    Column("order_no", String(64), ForeignKey("orders.order_no"), primary_key=True),
    Column("duty_no", String(64), ForeignKey("duty.duty_no"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("on_the_spot", Boolean, nullable=False),
    UniqueConstraint("duty_no", "position", name="uq_duty_issue_once"),
)
