"""The tasks and events of a matter, as the store hands them out.

Assumes instants in UTC, and codes as they were written: an old row may hold a code that no table has any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskRow:
    """A human task; `has_returns`, which only `find_task` reads, tells whether a decision may have come back to it."""

    task_id: str
    matter_no: str
    kind: str
    state: str
    unit: str
    tier: str
    role: str
    opened_at: datetime
    due_at: datetime | None
    remind_at: datetime | None
    withheld: Sequence[str]
    not_by: Sequence[str]
    on_duty: bool
    holder: str | None
    outcome: str | None
    closed_by: str | None
    closed_at: datetime | None
    has_returns: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class EventRow:
    """An event; `list_events` adds the texts, fields and comment of the decision behind it, and the actor's name."""

    seq: int
    at: datetime
    type: str
    actor: str
    via: str
    task_id: str | None
    data: dict[str, Any]
    texts: dict[str, Any] | None = None
    fields: dict[str, Any] | None = None
    comment: str | None = None
    called: str | None = None
