"""The schedule behind the meetings: each period is opened once, late or not, however often a run asks for it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import ScheduleBackfill, ScheduleHandle, ScheduleOverlapPolicy
from temporalio.service import RPCError

from activities.duty import opening
from domain.duty import policy
from domain.duty.periods import Every, Monthly
from messages.names import MEETINGS_SCHEDULE
from runtime.schedules import ensure_meetings, standing_of_meetings
from tests.support.machine import devserver
from tests.support.office import Office

COMMUNITIES = 2
"""Only a few, because each of their duties runs a workflow."""


@pytest.fixture(autouse=True)
def _few_communities(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reduce the office to a few communities."""
    few = [f"community-{number:02}" for number in range(1, COMMUNITIES + 1)]
    monkeypatch.setattr(opening, "communities_of", lambda _connection: few)


@pytest_asyncio.fixture
async def schedule(closed_office: Office) -> AsyncIterator[ScheduleHandle]:
    """Yield the handle of the one schedule, and delete the schedule afterwards."""
    handle = closed_office.client.get_schedule_handle(MEETINGS_SCHEDULE)
    yield handle
    # Otherwise the next schedule could begin in the same second, under the name of a run that nothing ends.
    await asyncio.sleep(1)
    with contextlib.suppress(RPCError):
        await handle.delete()


def periods(office: Office) -> dict[str, int]:
    """Count the duties of each period."""
    rows = office.rows("SELECT period, count(*) AS n FROM duty GROUP BY period ORDER BY period")
    return {each["period"]: each["n"] for each in rows}


async def rests(schedule: ScheduleHandle) -> None:
    """Wait until no run is under way: two that begin in one second share a name, and the later one is dropped."""
    async with asyncio.timeout(60):
        while (await schedule.describe()).info.running_actions:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.1)


def no_gap_and_no_double(office: Office, rhythm: Every) -> None:
    """Check that each period from the first to the last was opened once for each community."""
    found = periods(office)
    assert set(found.values()) == {COMMUNITIES}
    began = [datetime.strptime(each, "%Y%m%dT%H%M%SZ") for each in sorted(found)]  # noqa: DTZ007 - all are UTC
    assert {later - earlier for earlier, later in pairwise(began)} == {rhythm.length}


class TestTheScheduleOfTheMeetings:
    async def test_opens_the_period_of_today_when_it_is_new(
        self, closed_office: Office, schedule: ScheduleHandle
    ) -> None:
        office = closed_office
        async with office.at_work():
            await ensure_meetings(office.client, Monthly(), task_queue=office.queue)
            await office.eventually(lambda: periods(office), "a period")
            await ensure_meetings(office.client, Monthly(), task_queue=office.queue)
            await rests(schedule)
        (period,) = periods(office).items()
        assert period[1] == COMMUNITIES
        standing = await standing_of_meetings(office.client)
        assert standing is not None
        assert (standing.lost, standing.is_paused) == (0, False)
        spec = (await schedule.describe()).schedule
        assert spec.spec.time_zone_name == "Asia/Shanghai"
        assert spec.policy.catchup_window == timedelta(days=62)
        assert spec.policy.overlap == ScheduleOverlapPolicy.BUFFER_ALL

    async def test_opens_twelve_months_by_backfill_each_once(
        self, closed_office: Office, schedule: ScheduleHandle
    ) -> None:
        office = closed_office
        async with office.at_work():
            await ensure_meetings(office.client, Monthly(), task_queue=office.queue)
            await office.eventually(lambda: periods(office), "a period")
            year = ScheduleBackfill(
                start_at=datetime(2025, 12, 31, 12, tzinfo=UTC),
                end_at=datetime(2026, 12, 31, 12, tzinfo=UTC),
                overlap=ScheduleOverlapPolicy.BUFFER_ALL,
            )
            for _ in range(2):
                await schedule.backfill(year)
                await office.eventually(lambda: len(periods(office)) >= 12, "twelve periods")
            await rests(schedule)
        found = periods(office)
        months = [f"2026-{month:02}" for month in range(1, 13)]
        assert {name: found.get(name) for name in months} == dict.fromkeys(months, COMMUNITIES)
        first = office.rows("SELECT DISTINCT period_began, period_ends FROM duty WHERE period = '2026-01'")
        assert [str(each["period_began"])[:19] for each in first] == ["2025-12-31 16:00:00"]
        assert [str(each["period_ends"])[:19] for each in first] == ["2026-01-31 16:00:00"]

    async def test_loses_and_doubles_nothing_while_no_worker_is_there(
        self, closed_office: Office, schedule: ScheduleHandle, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        office, rhythm = closed_office, Every(timedelta(seconds=2))
        office.duties = "seconds"
        monkeypatch.setattr(policy, "SECONDS_DUTIES", replace(policy.SECONDS_DUTIES, rhythm=rhythm))
        await ensure_meetings(office.client, rhythm, task_queue=office.queue)
        # Three periods begin before a worker is there to open them.
        await asyncio.sleep(7)
        assert periods(office) == {}
        async with office.at_work():
            await office.eventually(lambda: len(periods(office)) >= 5, "five periods")
            await schedule.pause()
            await rests(schedule)
        no_gap_and_no_double(office, rhythm)

    async def test_loses_and_doubles_nothing_while_temporal_is_down_too(
        self, closed_office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rhythm = Every(timedelta(seconds=2))
        monkeypatch.setattr(policy, "SECONDS_DUTIES", replace(policy.SECONDS_DUTIES, rhythm=rhythm))
        office = replace(closed_office, duties="seconds")
        async with devserver.running_in(tmp_path) as client:
            await ensure_meetings(client, rhythm, task_queue=office.queue)
            async with office.at_work(client):
                await office.eventually(lambda: len(periods(office)) >= 2, "two periods")
        known = len(periods(office))
        # Three periods begin while neither a server nor a worker runs.
        await asyncio.sleep(7)
        async with devserver.running_in(tmp_path) as client, office.at_work(client):
            await office.eventually(lambda: len(periods(office)) >= known + 4, "four periods more")
            schedule = client.get_schedule_handle(MEETINGS_SCHEDULE)
            await schedule.pause()
            await rests(schedule)
        no_gap_and_no_double(office, rhythm)
