"""A duty's tasks decided with nothing but their forms."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from api.pages.rendering import texts
from domain.calendar.instants import local
from domain.duty.lifecycle import DutyTask
from tests.api.conftest import SECRET, Api
from tests.api.desk.forms import HEADERS, hidden
from tests.support.browser import Browser
from tests.support.office import now
from tests.support.page import Page
from tests.support.pages import cookies_of
from tests.support.stories.meetings import HANDLER, TEAM, Meetings

BAR = "\N{FULLWIDTH VERTICAL LINE}"
NO_FILE = [("attachments", ("", b"", "application/octet-stream"))]
PICTURE = [("attachments", ("place.png", b"\x89PNG\r\n\x1a\n" + b"x" * 40, "image/png"))]


@pytest.fixture
def meetings(live: Api) -> Meetings:
    """Return the meetings of an office with a team for one community, and a worker."""
    found = Meetings(live.office)
    found.set_up(TEAM)
    return found


def signed_in(api: Api, username: str) -> Browser:
    """Return the browser of a person who has signed in, leaders with their second factor."""
    browser = Browser(api.http)
    browser.cookies = cookies_of(api.office.store, SECRET, username)
    return browser


async def opened(meetings: Meetings, **how: Any) -> str:
    """Open a meeting, and mark its start in the outbox as done, so that signals wait for nothing."""
    duty_no = await meetings.open(**how)
    await meetings.office.drain()
    return duty_no


def minute(**later: float) -> str:
    """Write a time as a browser's field does: to the minute, in the office's zone."""
    return f"{local(now() + timedelta(**later)):%Y-%m-%dT%H:%M}"


def report(**changes: str) -> dict[str, str]:
    """Fill in a report of a meeting at this minute; unnamed fields get valid values."""
    times = {"started_at": minute(), "ended_at": minute(minutes=1)}
    said = {"led_by": "leader", "from_department": "2", "attendees": "17", "summary": "居民提出两件事。"}
    return {**times, **said, "evidence": "companion", "no_issue_reason": "没有提出事项", **changes}


async def send(browser: Browser, task_id: str, outcome: str, files: Any = None, **fields: str) -> Any:
    """Fill in the form of an outcome and send it."""
    path = f"/desk/tasks/{task_id}"
    form = Page(await browser.get(path)).form(f"{path}/decision", outcome=outcome)
    data = {**form.sends(), **fields}
    return await browser.send("POST", f"{path}/decision", data=data, files=files or NO_FILE, headers=HEADERS)


class TestAMeeting:
    async def test_is_planned_held_and_reported_by_pages_alone(self, live: Api, meetings: Meetings) -> None:
        browser = signed_in(live, HANDLER)
        duty_no = await opened(meetings, lasts=timedelta(hours=2))
        issues = (
            BAR.join(("路灯不亮", "当场联系电工，已修好", "王先生", "000-0000-0001")) + "\n\n 井盖松动 ||"
        )
        steps: list[tuple[DutyTask, str, Any, dict[str, str]]] = [
            (DutyTask.PLAN_MEETING, "announce", None, {"at": minute(minutes=1), "place": "小广场"}),
            (DutyTask.HOLD_MEETING, "postpone", None, {"at": minute(minutes=1), "reason": "weather"}),
            (DutyTask.HOLD_MEETING, "held", None, {}),
            (DutyTask.CLOSE_MEETING, "close", PICTURE, report(issues=issues, no_issue_reason="")),
        ]
        for kind, outcome, files, fields in steps:
            task = await live.office.task(duty_no, kind)
            inbox = Page(await browser.get("/desk")).links
            assert inbox[f"/desk/tasks/{task['task_id']}?scope=post"] == ["院坝寻单 2026-12 · 银杏坡社区"], (
                kind
            )
            sent = await send(browser, task["task_id"], outcome, files, **fields)
            assert sent.headers.get("location") == f"/desk?done=applied&matter={duty_no}", (kind, sent.text)
        assert f"已办理，院坝寻单 {duty_no}。" in (await browser.get(sent.headers["location"])).text
        assert (await meetings.result(duty_no)).ending == "kept"
        row = meetings.row(duty_no)
        assert (row["attendees"], row["from_department"], row["postponed"]) == (17, 2, 1)
        orders = live.office.rows(
            "SELECT order_no, description, on_the_spot, name, phone FROM duty_issue JOIN orders USING (order_no)"
            " LEFT JOIN requester USING (order_no) WHERE duty_no = :no ORDER BY position",
            no=duty_no,
        )
        assert [(each["description"], bool(each["on_the_spot"])) for each in orders] == [
            ("路灯不亮", True),
            ("井盖松动", False),
        ]
        assert (orders[0]["name"], orders[0]["phone"]) == ("王先生", "000-0000-0001")
        for order in orders:
            live.office.placed.append(order["order_no"])

    async def test_cannot_be_held_is_excused_by_a_leader_who_sees_why(
        self, live: Api, meetings: Meetings
    ) -> None:
        handler, leader = signed_in(live, HANDLER), signed_in(live, "leader-2")
        duty_no = await opened(meetings)
        task = await live.office.task(duty_no, DutyTask.PLAN_MEETING)
        asked = await send(handler, task["task_id"], "request_excuse", reason="disaster", text="连日暴雨")
        assert asked.status_code == 303, asked.text
        again = Page(await handler.get(f"/desk/tasks/{task['task_id']}"))
        assert "request_excuse" not in again.values("outcome"), "one is enough"
        assert texts()["duties"]["asks_excuse"] in again.text
        review = await live.office.task(duty_no, DutyTask.REVIEW)
        shown = await leader.get(f"/desk/tasks/{review['task_id']}")
        section = Page(shown).section("proposal").text
        for words in ("申请免开", texts()["codes"]["disaster"], "连日暴雨", HANDLER):
            assert words in section, words
        assert (await send(leader, review["task_id"], "approve")).status_code == 303
        assert (await meetings.result(duty_no)).ending == "excused"
        page = (await leader.get(f"/desk/duties/{duty_no}")).text
        assert texts()["duties"]["excused"].format(reason=texts()["codes"]["disaster"]) in page
        done = Page(await handler.get(f"/desk/tasks/{review['task_id']}")).text
        assert re.search("已由 leader-2 于 .* 办完", done)


class TestAForm:
    @pytest.mark.parametrize(
        ("changes", "field", "said"),
        [
            ({"attendees": "许多"}, "attendees", "请填1至10000的整数。"),
            ({"attendees": "0"}, "attendees", "请填1至10000的整数。"),
            ({"attendees": "9" * 40}, "attendees", "请填1至10000的整数。"),
            ({"ended_at": "earlier"}, "ended_at", "结束要晚于开始，最长12小时。"),
            ({"started_at": "earlier"}, "started_at", "不能早于向居民公布的时间"),
            ({"no_issue_reason": ""}, "no_issue_reason", "没有收集到事项的，请写明原因。"),
            ({"issues": "路灯不亮"}, "no_issue_reason", "收集到事项的，不写没有事项的原因。"),
            ({"issues": "路灯|修好|王先生|000|又一段", "no_issue_reason": ""}, "issues", "一行写一件"),
            ({"issues": f"{BAR}修好了", "no_issue_reason": ""}, "issues", "请写几个字"),
            (
                {"issues": f"路灯{BAR * 3}{'0' * 41}", "no_issue_reason": ""},
                "issues",
                "太长了，最多40个字。",
            ),
            ({"issues": "路灯\n" * 21, "no_issue_reason": ""}, "issues", "一行写一件"),
            ({"evidence": "place_photo"}, "attachments", "至少1张现场照片"),
            ({"evidence": "orders"}, "evidence", "请从列出的里面选。"),
            ({"led_by": ""}, "led_by", "请填写这一项。"),
        ],
    )
    async def test_says_beside_the_field_what_is_wrong_and_keeps_what_was_typed(
        self, live: Api, meetings: Meetings, changes: dict[str, str], field: str, said: str
    ) -> None:
        duty_no = await opened(meetings, lasts=timedelta(hours=2))
        await meetings.held(duty_no)
        task = await live.office.task(duty_no, DutyTask.CLOSE_MEETING)
        browser = signed_in(live, HANDLER)
        before = len(live.office.rows("SELECT 1 FROM decision"))
        filled = report(
            **{name: minute(minutes=-5) if value == "earlier" else value for name, value in changes.items()}
        )
        wrong = await send(browser, task["task_id"], "close", **filled)
        assert wrong.status_code == 422
        assert said in Page(wrong).wrong(f"close-{field}")
        assert "居民提出两件事。" in wrong.text
        for name, value in filled.items():
            assert value in wrong.text, name
        assert len(live.office.rows("SELECT 1 FROM decision")) == before
        assert live.office.rows("SELECT 1 FROM duty_issue") == []
        assert meetings.row(duty_no)["stage"] == "held"

    async def test_that_comes_twice_says_it_once(self, live: Api, meetings: Meetings) -> None:
        browser = signed_in(live, HANDLER)
        duty_no = await opened(meetings, lasts=timedelta(hours=2))
        task = await live.office.task(duty_no, DutyTask.PLAN_MEETING)
        path = f"/desk/tasks/{task['task_id']}"
        data = {
            **hidden((await browser.get(path)).text),
            "outcome": "announce",
            "at": minute(minutes=5),
            "place": "小广场",
        }
        answers = [
            await browser.send("POST", f"{path}/decision", data=data, headers=HEADERS) for _ in range(2)
        ]
        assert [each.headers.get("location") for each in answers] == [
            f"/desk?done=applied&matter={duty_no}"
        ] * 2
        assert len(live.office.rows("SELECT 1 FROM decision")) == 1
        assert live.office.types(duty_no).count("MeetingAnnounced") == 1

    async def test_that_comes_too_late_shows_who_was_there_first_and_what_was_typed(
        self, live: Api, meetings: Meetings
    ) -> None:
        browser = signed_in(live, HANDLER)
        duty_no = await opened(meetings, lasts=timedelta(hours=2))
        task = await live.office.task(duty_no, DutyTask.PLAN_MEETING)
        path = f"/desk/tasks/{task['task_id']}"
        data = hidden((await browser.get(path)).text)
        await meetings.announced(duty_no)
        await live.office.task(duty_no, DutyTask.HOLD_MEETING)
        late = await browser.send(
            "POST",
            f"{path}/decision",
            data={**data, "outcome": "announce", "at": minute(minutes=5), "place": "另一个广场"},
            headers=HEADERS,
        )
        assert late.status_code == 409
        assert "另一个广场" in late.text
        assert f"已由 {HANDLER} 于" in late.text

    async def test_offers_a_line_for_each_issue_a_number_of_people_and_says_how(
        self, live: Api, meetings: Meetings
    ) -> None:
        duty_no = await opened(meetings, lasts=timedelta(hours=2))
        await meetings.held(duty_no)
        task = await live.office.task(duty_no, DutyTask.CLOSE_MEETING)
        page = Page(await signed_in(live, HANDLER).get(f"/desk/tasks/{task['task_id']}"))
        (people,) = page.all('input[type="number"][name="attendees"]')
        assert people["max"] == "10000"
        assert "required" in people.attrs
        issues = page.element("close-issues")
        assert (issues.name, issues["aria-describedby"]) == ("textarea", "close-issues-hint")
        assert Page(page.element("close-issues-hint")).text.startswith("一行写一件")


class TestATaskOfAnotherUnit:
    async def test_is_not_there_for_those_who_do_not_see_the_duty(
        self, live: Api, meetings: Meetings
    ) -> None:
        duty_no = await opened(meetings)
        task = await live.office.task(duty_no, DutyTask.PLAN_MEETING)
        path = f"/desk/tasks/{task['task_id']}"
        for who in ("street-livelihood-handler", "community-04-worker", "duty-1", "call-back-1"):
            browser = signed_in(live, who)
            assert (await browser.get(path)).status_code == 404, who
            claimed = await browser.press("/desk", f"{path}/claim")
            assert claimed.status_code == 404, who

    async def test_is_shown_without_a_form_and_refused_to_those_who_see_it(
        self, live: Api, meetings: Meetings
    ) -> None:
        duty_no = await opened(meetings, lasts=timedelta(hours=2))
        task = await live.office.task(duty_no, DutyTask.PLAN_MEETING)
        path = f"/desk/tasks/{task['task_id']}"
        for who in ("community-03-worker", "leader-1"):
            browser = signed_in(live, who)
            shown = Page(await browser.get(path))
            assert texts()["task"]["not_yours"] in shown.text
            assert "announce" not in shown.values("outcome")
            forged = await browser.press(
                "/desk",
                f"{path}/decision",
                decision_id="0" * 32,
                outcome="announce",
                at=minute(minutes=5),
                place="小广场",
            )
            assert forged.status_code == 403, who
        assert live.office.rows("SELECT 1 FROM decision") == []

    async def test_is_claimed_and_released_by_its_own(self, live: Api, meetings: Meetings) -> None:
        browser = signed_in(live, HANDLER)
        duty_no = await opened(meetings)
        task = await live.office.task(duty_no, DutyTask.PLAN_MEETING)
        path = f"/desk/tasks/{task['task_id']}"
        await browser.press(path, f"{path}/claim")
        assert f"{HANDLER} 正在办" in (await browser.get(path)).text
        await browser.press(path, f"{path}/release")
        assert live.office.tasks(duty_no)[0]["holder"] is None

    async def test_has_no_subject_and_no_contact(self, live: Api, meetings: Meetings) -> None:
        browser = signed_in(live, HANDLER)
        duty_no = await opened(meetings)
        path = f"/desk/tasks/{(await live.office.task(duty_no, DutyTask.PLAN_MEETING))['task_id']}"
        assert (await browser.press(path, f"{path}/subject", subject="别的")).status_code == 404
        assert (await browser.press(path, f"{path}/contact", reason="visit")).status_code == 404


class TestTheInbox:
    async def test_offers_each_kind_of_task_once_and_finds_those_of_both_kinds_of_matter(
        self, live: Api, meetings: Meetings
    ) -> None:
        browser = signed_in(live, "leader-1")
        duty_no = await opened(meetings, community="community-05")
        shown = (await browser.get("/desk?kind=plan_meeting")).text
        tabs = Page(shown).all(f'nav[aria-label="{texts()["desk"]["kinds"]}"] a')
        codes = [
            parse_qs(urlsplit(str(each["href"])).query, keep_blank_values=True)["kind"][0] for each in tabs
        ]
        assert len(codes) == len(set(codes))
        assert set(codes) == {"", "plan_meeting"}, "those that wait, and all"
        assert f"{duty_no}-1-" in shown
        assert f"{duty_no}-1-" not in (await browser.get("/desk?kind=review")).text

    async def test_leaves_out_duties_for_those_who_see_none(self, live: Api, meetings: Meetings) -> None:
        duty_no = await opened(meetings, community="community-05")
        assert duty_no in (await signed_in(live, "leader-1").get("/desk?scope=unit")).text
        for scope in ("unit", "tier", "post"):
            shown = (await signed_in(live, "duty-1").get(f"/desk?scope={scope}")).text
            assert duty_no not in shown, scope
            assert "院坝寻单" not in str(Page(shown).part("main").tag), scope
