"""The years that a new store begins with, from a package of dates.

Assumes that it is called when a store is set up: the API and the worker never load the package.
"""

from datetime import datetime
from importlib.metadata import version

from chinese_calendar.constants import Holiday, holidays, workdays
from sqlalchemy import Connection

from domain.calendar.workdays import DayKind, NamedDay
from store.calendar.years import LoadedYear, find_year, put_year


def seed(connection: Connection, *, now: datetime) -> list[LoadedYear]:
    """Load the years that the package knows, from the present one on, unless they are loaded already.

    Source: the package `chinesecalendar`, made from the State Council's notices.
    """
    loaded = []
    for year in range(now.year, max(holidays).year + 1):
        if find_year(connection, year) is None:
            named = [
                NamedDay(day=day, kind=kind, name=Holiday(name).chinese)
                for kind, days in ((DayKind.OFF, holidays), (DayKind.WORK, workdays))
                for day, name in days.items()
                if day.year == year
            ]
            source = f"国务院办公厅 (chinesecalendar {version('chinesecalendar')})"
            if year_loaded := put_year(connection, year, named, source=source, now=now):
                loaded.append(year_loaded)
    return loaded
