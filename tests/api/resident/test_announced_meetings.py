"""The meetings that the residents' home page announces."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from markupsafe import escape
from sqlalchemy import text

from api.pages.rendering import moment, texts
from store.database import StoreUnavailable
from tests.api.conftest import Api
from tests.support.office import now
from tests.support.page import Page
from tests.support.stories.meetings import TEAM, Meetings


@pytest.fixture
def meetings(api: Api) -> Meetings:
    """Return the meetings of an office with a team for one community, without a worker."""
    found = Meetings(api.office)
    found.set_up(TEAM)
    return found


class TestTheHomePage:
    async def announced(self, api: Api, meetings: Meetings, **values: Any) -> str:
        """Open a meeting, and bring it to the stage in which residents are told of it."""
        duty_no = meetings.take(lasts=timedelta(hours=1), **values).duty_no
        with api.office.store.write() as connection:
            connection.execute(
                text("UPDATE matter SET stage = 'planned' WHERE matter_no = :no"), {"no": duty_no}
            )
        return duty_no

    def plan(self, api: Api, duty_no: str, at: datetime, place: str) -> None:
        """Plan a meeting: write its row, and the decision that names the place."""
        naive = api.office.store.engine.dialect.name == "sqlite"
        instant = at.replace(tzinfo=None) if naive else at
        with api.office.store.write() as connection:
            connection.execute(
                text("UPDATE duty SET planned_at = :at, place_of = :id WHERE duty_no = :no"),
                {"at": instant, "id": f"plan-{duty_no}", "no": duty_no},
            )
            connection.execute(
                text(
                    "INSERT INTO decision (decision_id, matter_no, subject, name, actor, via, fields, texts,"
                    " decided_at, status) VALUES (:id, :no, 'task', 'announce', 'x', 'staff', '{}', :texts,"
                    " :at, 'applied')"
                ),
                {"id": f"plan-{duty_no}", "no": duty_no, "at": instant, "texts": f'{{"place": "{place}"}}'},
            )

    async def test_names_the_meetings_of_the_next_month_and_no_others(
        self, api: Api, meetings: Meetings
    ) -> None:
        assert texts()["resident"]["home"]["meetings"] not in (await api.http.get("/")).text
        at = now().replace(second=0, microsecond=0)
        soon = await self.announced(api, meetings)
        self.plan(api, soon, at + timedelta(days=2), "小广场" * 30)
        later = await self.announced(api, meetings, community="community-04")
        self.plan(api, later, at + timedelta(days=31), "太远的地方")
        over = await self.announced(api, meetings, community="community-05")
        self.plan(api, over, at - timedelta(minutes=1), "过去的地方")
        planning = meetings.take(lasts=timedelta(hours=1), community="community-06").duty_no
        self.plan(api, planning, at + timedelta(days=2), "取消的地方")
        told = [each.text for each in Page(await api.http.get("/")).items()]
        assert told == [f"{moment(at + timedelta(days=2))}，银杏坡社区，{('小广场' * 30)[:40]}…"]

    async def test_names_a_dozen_at_most_the_first_first(self, api: Api, meetings: Meetings) -> None:
        at = now().replace(second=0, microsecond=0)
        for number in range(14):
            duty_no = await self.announced(api, meetings, name=f"period-{number:02}")
            self.plan(api, duty_no, at + timedelta(days=20 - number), f"第{number}处")
        told = [each.text for each in Page(await api.http.get("/")).section("meetings").items()]
        assert [each.rpartition("，")[2] for each in told] == [f"第{number}处" for number in range(13, 1, -1)]

    async def test_shows_whatever_was_written_as_text(self, api: Api, meetings: Meetings) -> None:
        duty_no, hostile = await self.announced(api, meetings), "<script>alert(1)</script>"
        self.plan(api, duty_no, now() + timedelta(days=1), hostile)
        shown = (await api.http.get("/")).text
        assert hostile not in shown
        assert str(escape(hostile)) in shown

    async def test_shows_the_two_ways_while_the_store_is_away(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(*_: object, **__: object) -> None:
            raise StoreUnavailable

        monkeypatch.setattr("api.resident.home.announced_meetings", away)
        answer = await api.http.get("/")
        assert answer.status_code == 200
        assert "/track" in Page(answer).links
