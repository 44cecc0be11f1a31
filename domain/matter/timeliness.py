"""How a clock stands at the moment of a look: computed, never stored."""

from datetime import datetime, timedelta
from enum import StrEnum

CLOCK_SKEW = timedelta(minutes=1)
"""How far the clocks of machines and people may differ before one instant counts as later than another.

Source: our decision, ADR-0027: machines on NTP agree within a second; a clock set by hand is often half a
minute off.
"""


class Timeliness(StrEnum):
    """The state of a clock (预警、超期)."""

    ON_TRACK = "on_track"
    WARNING = "warning"
    OVERDUE = "overdue"


def timeliness(due_at: datetime | None, remind_at: datetime | None, *, now: datetime) -> Timeliness:
    """Say how a clock stands at `now`; half-open, so the due instant itself is overdue."""
    if due_at is not None and now >= due_at:
        return Timeliness.OVERDUE
    if remind_at is not None and now >= remind_at:
        return Timeliness.WARNING
    return Timeliness.ON_TRACK
