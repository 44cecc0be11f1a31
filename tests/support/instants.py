"""Instants of a stored story: the unit's due time, the resident's promise, and times of the office."""

from datetime import datetime, timedelta

from tests.support.stories.stored_story import StoredStory


def due(order: StoredStory) -> datetime:
    """Return when the unit has to be done."""
    found = order.task("handle").due_at
    assert found is not None
    return found


def promised(order: StoredStory) -> datetime:
    """Return the instant that was promised to the resident."""
    found: datetime | None = order.status.promised_at
    assert found is not None
    return found


def office(text: str) -> datetime:
    """Read a time in the office's zone."""
    return datetime.fromisoformat(f"{text}+08:00")


def about(instant: datetime, expected: datetime, *, within: timedelta = timedelta(minutes=1)) -> bool:
    """Tell whether two instants are equal, apart from the moments that a story takes."""
    return abs(instant - expected) < within
