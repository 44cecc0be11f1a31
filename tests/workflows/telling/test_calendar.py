"""An order whose dates rest on an unannounced year: flagged, and moved once when the year is announced."""

from datetime import date, datetime

import pytest

import worker
from activities.figures import UNCOUNTED
from activities.matter.reconcile import OutboxDrain
from domain.calendar.instants import local
from domain.calendar.workdays import DayKind, NamedDay
from domain.order.lifecycle import TaskKind
from store.calendar.years import put_year
from store.telling.recalculation import load_year
from tests.support.office import Office, now

DECEMBER = 12
pytestmark = pytest.mark.asyncio(loop_scope="session")


def holidays(*days: date) -> list[NamedDay]:
    return [NamedDay(day=each, kind=DayKind.OFF, name="假日") for each in days]


class TestAnOrder:
    async def test_is_moved_once_when_the_year_is_announced(self, office: Office) -> None:
        office.policy = "standard-2"
        with office.store.write() as connection:
            connection.exec_driver_sql("DELETE FROM calendar_year")
        order_no = await office.place()
        await office.assigned(order_no, "community-03")
        work = await office.task(order_no, TaskKind.HANDLE)
        guessed = office.order(order_no)
        assert guessed["is_provisional"]
        assert work["due_at"] == guessed["promised_at"]

        # The day on which it would have been due turns out to be a holiday.
        due = local(datetime.fromisoformat(str(guessed["promised_at"]))).date()
        with office.store.write() as connection:
            for year in sorted({now().year, due.year + (due.month == DECEMBER)}, reverse=True):
                put_year(connection, year, holidays(date(year, 1, 1)), source="a notice", now=now())
            loaded = load_year(connection, due.year, holidays(due), source="a notice", now=now())
            connection.exec_driver_sql("UPDATE outbox SET next_at = created_at WHERE done_at IS NULL")
        assert loaded.orders == 1
        await OutboxDrain(office.store, office.orders, now, UNCOUNTED, inputs=worker.INPUTS).drain()
        await office.eventually(lambda: not office.order(order_no)["is_provisional"], "firm dates")
        moved = office.order(order_no)
        assert moved["promised_at"] > guessed["promised_at"]
        assert (await office.task(order_no, TaskKind.HANDLE))["due_at"] == moved["promised_at"]
        assert "DueTimesRecalculated" in office.types(order_no)

        # Another version of the year reaches the order too, and takes back nothing firm.
        with office.store.write() as connection:
            again = load_year(connection, due.year, holidays(), source="another", now=now())
        assert again.orders == 1
        await office.drain()
        await office.eventually(
            lambda: office.types(order_no).count("DueTimesRecalculated") == 2, "reckoned again"
        )
        assert office.order(order_no)["promised_at"] == moved["promised_at"]
