"""The pages of the courtyard meetings: a month by community, what needs a leader's attention, and one full meeting."""

import re
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from markupsafe import escape
from sqlalchemy import text

from api.pages.rendering import moment, texts
from domain.calendar.instants import local
from domain.duty.lifecycle import DutyTask
from tests.api.conftest import SECRET, Api
from tests.support.browser import Browser
from tests.support.office import now
from tests.support.page import Page
from tests.support.pages import cookies_of, statements
from tests.support.stories.meetings import HANDLER, RUSHED, TEAM, Meetings

MOST = 8
"""The most statements of a page, including the look-up of the session."""
THIS_MONTH = f"{local(now()):%Y-%m}"


@pytest.fixture
def meetings(api: Api) -> Meetings:
    """Return the meetings of an office with a team for one community, without a worker."""
    found = Meetings(api.office)
    found.set_up(TEAM)
    return found


def signed_in(api: Api, username: str) -> Browser:
    """Return the browser of a person who has signed in, leaders with their second factor."""
    browser = Browser(api.http)
    browser.cookies = cookies_of(api.office.store, SECRET, username)
    return browser


async def section(browser: Browser, heading: str, query: str = "") -> Page:
    """Return the section of the duties' page under a heading."""
    return Page(await browser.get(f"/desk/duties{query}")).section(heading)


def duties_in(shown: Page) -> set[str]:
    """Return the numbers of the duties that a part of a page leads to."""
    return {each.removeprefix("/desk/duties/") for each in shown.links if each.startswith("/desk/duties/D")}


def put(api: Api, duty_no: str, **values: str | None) -> None:
    """Set values of a duty's row and of its matter's row."""
    with api.office.store.write() as connection:
        for name, value in values.items():
            table, key = ("matter", "matter_no") if name == "stage" else ("duty", "duty_no")
            connection.execute(
                text(f"UPDATE {table} SET {name} = :value WHERE {key} = :no"),  # noqa: S608 - ours
                {"value": value, "no": duty_no},
            )


class TestTheMonth:
    @pytest.mark.parametrize(
        ("values", "words", "mark"),
        [
            ({}, "待计划", ""),
            ({"stage": "planned"}, "已计划", "on_track"),
            ({"stage": "held"}, "待填报", "warning"),
            ({"stage": "missed"}, "未完成", "overdue"),
            ({"stage": "archived", "ending": "kept"}, "已办结", "on_track"),
            ({"stage": "archived", "ending": "entered_late"}, "补录", "warning"),
            ({"stage": "archived", "ending": "missed"}, "未完成", "overdue"),
            ({"stage": "archived", "ending": "excused"}, "免开", ""),
        ],
    )
    async def test_says_how_each_meeting_stands_by_colour_and_in_words(
        self, api: Api, meetings: Meetings, values: Mapping[str, str], words: str, mark: str
    ) -> None:
        duty_no = meetings.take(lasts=timedelta(hours=1), name=THIS_MONTH).duty_no
        put(api, duty_no, **values)
        shown = await section(signed_in(api, "auditor-1"), "listed")
        assert shown.marks == [(mark, words)]
        assert shown.links[f"/desk/duties/{duty_no}"] == ["银杏坡社区"]
        assert "严正（虚构）、应急安全办公室" in shown.text
        assert "代行：顾远（虚构）" in shown.text

    async def test_keeps_what_was_chosen_and_finds_by_it(self, api: Api, meetings: Meetings) -> None:
        ours = meetings.take(lasts=timedelta(hours=1), name=THIS_MONTH).duty_no
        other = meetings.take(lasts=timedelta(hours=1), community="community-05", name=THIS_MONTH).duty_no
        earlier = meetings.take(lasts=timedelta(minutes=5), name="2025-01").duty_no
        browser = signed_in(api, "desk-1")
        for query, found in (
            ("", {ours, other}),
            (f"?period={THIS_MONTH}&community=community-05", {other}),
            ("?period=2025-01", {earlier}),
            ("?period=all", {ours, other, earlier}),
            ("?period=all&stage=held", set()),
            ("?period=&community=&stage=", {ours, other}),
        ):
            assert duties_in(await section(browser, "listed", query)) == found, query
        wanted = {"period": "2025-01", "community": "community-03", "stage": "planning"}
        page = Page(await browser.get(f"/desk/duties?{urlencode(wanted)}"))
        assert {name: page.chosen(name) for name in wanted} == wanted
        refused = await browser.get("/desk/duties?cursor=made-up")
        assert refused.status_code == 422

    async def test_shows_leaders_what_wants_them_and_nobody_else(self, api: Api, meetings: Meetings) -> None:
        ours = meetings.take(lasts=timedelta(hours=1), name=THIS_MONTH).duty_no
        missed = meetings.take(lasts=timedelta(hours=1), community="community-05", name="2025-01").duty_no
        calm = meetings.take(lasts=timedelta(hours=1), community="community-06", name=THIS_MONTH).duty_no
        put(api, missed, stage="missed")
        leader = signed_in(api, "leader-1")
        assert duties_in(await section(leader, "shortages")) == {missed}, "the other's has not come"
        with api.office.store.write() as connection:
            for number, abandoned in ((ours, False), (calm, True)):
                connection.execute(
                    text(
                        "INSERT INTO event (matter_no, run_id, seq, at, type, actor, via, data, abandoned)"
                        " VALUES (:no, 'run', 9, '2026-12-25 00:00:00', 'ShortageReported', 'system', 'system',"
                        " '{}', :abandoned)"
                    ),
                    {"no": number, "abandoned": abandoned},
                )
        shortages = await section(leader, "shortages")
        assert duties_in(shortages) == {missed, ours}, "a branch that was left says nothing"
        put(api, ours, stage="archived", ending="kept")
        assert duties_in(await section(leader, "shortages")) == {missed}, "it is done"
        shown = shortages.text
        assert f"本期（{THIS_MONTH}）还没有开出任务的社区：" in shown
        lacking = re.search("没有开出任务的社区：(.*?)。", shown)
        assert lacking
        assert "石桥铺社区" in lacking[1]
        assert not {"银杏坡社区", "柳荫巷社区"} & set(lacking[1].split("、"))
        without_team = re.search("没有工作组的社区：(.*?)。", shown)
        assert without_team
        assert "望江台社区" in without_team[1]
        assert "银杏坡社区" not in without_team[1]
        for who in (HANDLER, "community-05-worker"):
            sections = Page(await signed_in(api, who).get("/desk/duties")).sections
            assert "listed" in sections
            assert "shortages" not in sections, who

    async def test_is_for_those_who_read_duties(self, api: Api) -> None:
        for who, status in (("duty-1", 403), ("call-back-1", 403), ("administrator-1", 403), (HANDLER, 200)):
            browser = signed_in(api, who)
            answer = await browser.get("/desk/duties")
            assert answer.status_code == status, who
            assert ("/desk/duties" in Page(answer).links) is (status == 200)

    async def test_takes_few_statements_as_one_meeting_does(self, api: Api, meetings: Meetings) -> None:
        for community in ("community-03", "community-05", "community-06"):
            duty_no = meetings.take(lasts=timedelta(hours=1), community=community, name=THIS_MONTH).duty_no
        with api.office.store.write() as connection:
            connection.execute(text("UPDATE duty SET planned_at = period_began"))
        browser = signed_in(api, "leader-1")
        for path in ("/desk/duties", f"/desk/duties/{duty_no}"):
            with statements(api.office.store) as seen:
                assert (await browser.get(path)).status_code == 200
            assert len(seen) <= MOST, (path, len(seen), seen)


class TestAMeeting:
    async def test_shows_what_came_of_it_and_its_orders_lead_back(self, live: Api) -> None:
        meetings = Meetings(live.office)
        meetings.set_up(TEAM)
        duty_no = await meetings.open()
        await meetings.held(duty_no)
        task = await live.office.task(duty_no, DutyTask.CLOSE_MEETING)
        browser = signed_in(live, "leader-2")
        page = Page(await browser.get(f"/desk/duties/{duty_no}"))
        assert page.links[f"/desk/tasks/{task['task_id']}"] == ["填报院坝会"]
        assert "梧桐里小广场" in page.text
        issues = [{"text": "路灯不亮", "answer": "当场修好", "name": "王先生"}, {"text": "井盖松动"}]
        await meetings.closed(duty_no, issues=issues, no_issue_reason=None)
        await meetings.result(duty_no)
        page = Page(await browser.get(f"/desk/duties/{duty_no}"))
        shown = page.text
        for words in (
            "已办结",
            "组长到场，责任科室2人，居民17人",
            "居民提出三件事，两件当场解决。",
            "路灯不亮",
            "井盖松动",
            texts()["duties"]["called_back_no"],
            *(
                texts()["events"][each]
                for each in ("DutyOpened", "MeetingAnnounced", "MeetingHeld", "DutyClosed")
            ),
            "召开院坝会，已召开",
            HANDLER,
        ):
            assert words in shown, words
        assert not re.findall(r"\b[A-Z][a-z]+[A-Z]\w+", shown), "no code of an event stands for words"
        assert "王先生" not in shown
        numbers = [
            row["order_no"] for row in live.office.rows("SELECT order_no FROM duty_issue ORDER BY position")
        ]
        live.office.placed += numbers
        for number in numbers:
            assert page.links[f"/desk/orders/{number}"] == [number]
            order = Page(await browser.get(f"/desk/orders/{number}"))
            assert order.links[f"/desk/duties/{duty_no}"] == ["院坝寻单 2026-12 · 银杏坡社区"]
            # A reader who may not read duties gets no link to one.
            assert duty_no not in (await signed_in(live, "duty-1").get(f"/desk/orders/{number}")).text
        await live.office.drain()
        for number in numbers:
            await live.office.quiet(number)

    async def test_that_was_missed_says_since_when_and_what_was_refused(self, live: Api) -> None:
        meetings = Meetings(live.office)
        meetings.set_up(TEAM)
        duty_no = await meetings.open(lasts=timedelta(seconds=1), book=RUSHED)
        await live.office.signal(
            duty_no, {"task_id": "nobody's", "decision_id": "typed-1", "actor": "x", "outcome": "held"}
        )
        await live.office.eventually(
            lambda: (
                meetings.row(duty_no)["stage"] == "missed" and "SignalRefused" in live.office.types(duty_no)
            ),
            "missed, and a signal refused",
        )
        shown = (await signed_in(live, "leader-1").get(f"/desk/duties/{duty_no}")).text
        missed_at = live.office.at_event(duty_no, "DutyMissed")
        assert texts()["duties"]["missed_at"].format(at=moment(missed_at)) in shown
        assert texts()["events"]["DutyMissed"] in shown
        assert Page(shown).section(texts()["duties"]["faults"]).items()

    @pytest.mark.parametrize("number", ["D20261201-ABCDEF", "20261201-ABCDEF", "nothing"])
    async def test_that_nobody_has_is_not_found(self, api: Api, number: str) -> None:
        answer = await signed_in(api, "leader-1").get(f"/desk/duties/{number}")
        assert answer.status_code == 404
        assert texts()["problem"]["title_404"] in answer.text

    async def test_of_others_is_not_found(self, api: Api, meetings: Meetings) -> None:
        duty_no = meetings.take(lasts=timedelta(hours=1)).duty_no
        for who, status in (
            ("community-03-worker", 200),
            ("community-04-worker", 404),
            ("street-livelihood-head", 404),
            ("district-desk-1", 404),
        ):
            answer = await signed_in(api, who).get(f"/desk/duties/{duty_no}")
            assert answer.status_code == status, who
        assert (await signed_in(api, "desk-1").get(f"/desk/orders/{duty_no}")).status_code == 404

    @pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
    async def test_shows_whatever_was_written_as_text(self, live: Api, hostile: str) -> None:
        meetings = Meetings(live.office)
        meetings.set_up(TEAM)
        duty_no = await meetings.open()
        await meetings.announced(duty_no, place=hostile)
        await live.office.task(duty_no, DutyTask.HOLD_MEETING)
        browser = signed_in(live, "leader-1")
        for path in (f"/desk/duties/{duty_no}", "/desk/duties?period=all", "/"):
            shown = (await browser.get(path)).text
            assert "<script>alert" not in shown
            assert "<img src=x" not in shown
            if path != "/":
                assert str(escape(hostile)) in shown, path
