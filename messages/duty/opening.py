"""Opening the duties of a period: what the schedule asks for, and what came of it."""

from datetime import datetime

from messages.wire import Wire


class OpenPeriod(Wire):
    """Open what is owed in the period that an instant belongs to."""

    at: datetime


class PeriodOpened(Wire):
    """The duties that a period has since: the numbers of those opened now, and how many were open before."""

    period: str
    opened: tuple[str, ...]
    known: int
