"""Courtyard meetings under test: opened as the schedule does it, and decided as the API does it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from domain.calendar.workdays import Wall
from domain.duty.lifecycle import DutyTask
from domain.duty.periods import Period
from domain.duty.policy import DUTY_BOOKS, SECONDS_DUTIES, Before, DutyBook
from domain.office.teams import Team
from messages.duty.starting import starting_duty
from messages.duty.workflow import DutyEnded, DutyStatus, StartDuty
from messages.names import STATUS
from store.duty.opening import open_duties
from store.office.directory import current_named, load
from tests.support.office import PATIENCE, Office, now
from tests.support.teams import a_team, with_teams

_SECOND = timedelta(seconds=1)
CALM = replace(
    SECONDS_DUTIES,
    version="duties-calm",
    reminder=Before(Wall(2 * _SECOND)),
    shortage=Before(Wall(1 * _SECOND)),
    review=Wall(600 * _SECOND),
    free_entry=Wall(600 * _SECOND),
    last_entry=Wall(1800 * _SECOND),
    supervision_first=Wall(600 * _SECOND),
    supervision_longest=Wall(2400 * _SECOND),
)
"""A book of the tests: the limits for people outlast any test."""
RUSHED = replace(
    CALM,
    version="duties-rushed",
    review=Wall(_SECOND),
    free_entry=Wall(_SECOND),
    last_entry=Wall(6 * _SECOND),
    supervision_first=Wall(_SECOND),
    supervision_longest=Wall(2 * _SECOND),
)
"""A book of the tests: clocks run out while a test waits for them."""
LATE = replace(CALM, version="duties-late", free_entry=Wall(_SECOND))
"""A book of the tests: a late report needs a leader's word almost at once."""
LAST = replace(LATE, version="duties-last", last_entry=Wall(3 * _SECOND))
"""A book of the tests: after three seconds nothing can be entered any more."""
DUTY_BOOKS.update({each.version: each for each in (CALM, RUSHED, LATE, LAST)})

TEAM = a_team(leader="leader-1", deputy="leader-2", communities=("community-03",))
HANDLER = "street-safety-handler"
LEADER = "leader-1"
REPORT: Mapping[str, Any] = {
    "led_by": "leader",
    "from_department": 2,
    "attendees": 17,
    "summary": "居民提出三件事，两件当场解决。",
    "evidence": "companion",
    "no_issue_reason": "居民没有提出事项",
}
"""A report without issues, complete except for its times."""


@dataclass
class Meetings:
    """Drives the meetings of an office."""

    office: Office

    def set_up(self, *teams: Team) -> None:
        """Give the office these teams, without checking that their people exist."""
        with self.office.store.write() as connection:
            directory = with_teams(*teams, directory=current_named(connection))
            load(connection, directory, source="a test", loaded_by="administrator-1", now=now())

    def take(
        self,
        *,
        lasts: timedelta,
        book: DutyBook = CALM,
        community: str = "community-03",
        name: str = "2026-12",
    ) -> StartDuty:
        """Open a meeting whose period ends `lasts` from now, without starting its workflow."""
        period = Period(name=name, began=now() - timedelta(hours=1), ends=now() + lasts)
        with self.office.store.write() as connection:
            opened = open_duties(
                connection, [community], period, book, page="http://localhost/desk/duties", now=now()
            )
        (number,) = opened.duty_nos
        (row,) = self.office.rows(
            "SELECT payload FROM outbox WHERE matter_no = :no AND kind = 'start'", no=number
        )
        return StartDuty.model_validate_json(_input(row["payload"]))

    async def open(
        self,
        *,
        lasts: timedelta = timedelta(minutes=30),
        book: DutyBook = CALM,
        community: str = "community-03",
    ) -> str:
        """Open a meeting and start its workflow."""
        start = self.take(lasts=lasts, book=book, community=community)
        await self.office.orders.start(starting_duty(start), limit=PATIENCE)
        self.office.placed.append(start.duty_no)
        return start.duty_no

    async def decide(self, duty_no: str, kind: DutyTask, outcome: str, **fields: Any) -> str:
        """Decide the open task of this kind, as an entitled member of staff."""
        submitted = self.office.submit(await self.office.task(duty_no, kind), outcome, **fields)
        await self.office.send(submitted)
        return submitted.row.decision_id

    async def announced(self, duty_no: str, *, place: str = "梧桐里小广场") -> None:
        """Plan the meeting for two seconds from now, and announce it to residents."""
        at = (now() + timedelta(seconds=2)).isoformat()
        await self.decide(duty_no, DutyTask.PLAN_MEETING, "announce", at=at, place=place)

    async def held(self, duty_no: str) -> None:
        """Plan the meeting and hold it."""
        await self.announced(duty_no)
        await self.decide(duty_no, DutyTask.HOLD_MEETING, "held")

    def report(self, **changes: Any) -> dict[str, Any]:
        """Write a report; unnamed fields get valid values."""
        times = {"started_at": now().isoformat(), "ended_at": (now() + timedelta(seconds=20)).isoformat()}
        return {**times, **REPORT, **changes}

    async def closed(self, duty_no: str, **changes: Any) -> str:
        """Report a meeting that was held."""
        return await self.decide(duty_no, DutyTask.CLOSE_MEETING, "close", **self.report(**changes))

    async def offers(self, duty_no: str, outcome: str) -> None:
        """Wait until an open task does not withhold an outcome."""
        await self.office.eventually(
            lambda: any(
                outcome not in str(each["withheld"]) and each["state"] == "open"
                for each in self.office.tasks(duty_no)
                if each["kind"] != DutyTask.REVIEW
            ),
            f"the offer of {outcome}",
        )

    def row(self, duty_no: str) -> dict[str, Any]:
        """Return the duty's row and its matter's as one."""
        whole = "SELECT * FROM duty JOIN matter ON matter_no = duty_no WHERE duty_no = :no"
        return self.office.rows(whole, no=duty_no)[0]

    async def status(self, duty_no: str) -> DutyStatus:
        """Query the workflow's status."""
        status: DutyStatus = await self.office.handle(duty_no).query(STATUS, result_type=DutyStatus)
        return status

    async def result(self, duty_no: str) -> DutyEnded:
        """Wait for the duty's end, and return its result."""
        handle = self.office.client.get_workflow_handle(f"duty-{duty_no}", result_type=DutyEnded)
        ended: DutyEnded = await handle.result()
        return ended


def _input(payload: Any) -> str:
    import json

    return json.dumps((json.loads(payload) if isinstance(payload, str) else payload)["input"])


def later(seconds: float) -> datetime:
    """Return the instant so many seconds from now."""
    return now() + timedelta(seconds=seconds)
