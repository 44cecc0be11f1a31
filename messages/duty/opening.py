"""Opening the duties of a period: the request of the schedule, and its result."""

from datetime import datetime

from messages.wire import Wire


class OpenPeriod(Wire):
    """Ask to open the duties of the period that an instant belongs to."""

    at: datetime


class PeriodOpened(Wire):
    """The duties of a period: the numbers of those opened now, and how many were opened before."""

    period: str
    opened: tuple[str, ...]
    known: int
