"""Instants of a stored story: what a unit and a resident have, and what an office's clock shows."""

from datetime import datetime, timedelta

from tests.support.stories.stored_story import StoredStory


def due(order: StoredStory) -> datetime:
    """When the unit has to be done."""
    found = order.task("handle").due_at
    assert found is not None
    return found


def promised(order: StoredStory) -> datetime:
    """What the resident was promised."""
    found = order.status.promised_at
    assert found is not None
    return found


def office(text: str) -> datetime:
    """Read an office time."""
    return datetime.fromisoformat(f"{text}+08:00")


def about(instant: datetime, expected: datetime, *, within: timedelta = timedelta(minutes=1)) -> bool:
    """Whether two instants are the same but for the moments that a story takes."""
    return abs(instant - expected) < within
