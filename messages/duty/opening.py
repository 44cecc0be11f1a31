"""Opening the duties of a period: what the schedule asks for, and what came of it."""

from datetime import datetime

from messages.wire import Wire


class OpenPeriod(Wire):
    """Open what is owed in the period that an instant belongs to."""

    at: datetime


class PeriodOpened(Wire):
    """How many duties a period has since: those opened now, and those that were open before."""

    period: str
    opened: int
    known: int
