"""The staff's pages about orders: finding, reading, acting, writing down for a caller, dispatching many at once."""

import re
from datetime import UTC, datetime
from typing import Any

from markupsafe import escape

from api.pages.rendering import dated, texts
from api.sessions import COOKIE
from domain.office.words import Tier
from domain.order.lifecycle import TaskKind
from domain.order.words import Ending, Stage
from domain.signin.accounts import SignInStep
from store.signin.sessions import Method, begin_session
from tests.api.conftest import SECRET, Api
from tests.api.desk.forms import HEADERS, hidden, send
from tests.support.browser import Browser, at_work
from tests.support.office import now
from tests.support.page import Page


class TestAnOrdersPage:
    async def test_shows_the_order_with_whom_it_waits_for(self, api: Api) -> None:
        order_no = (await api.placed(subject="路灯坏了", requester={"phone": "00000000001"}))["order_no"]
        browser = await at_work(api, "duty-1")
        shown = (await browser.get(f"/desk/orders/{order_no}")).text
        (task,) = api.office.tasks(order_no)
        assert f"/desk/tasks/{task['task_id']}" in shown
        assert "000****0001" in shown
        assert "00000000001" not in shown
        assert texts()["stages"]["first_contact"] in shown

    async def test_has_a_sheet_for_a_file_with_office_year_code_and_signatures(self, api: Api) -> None:
        order_no = (await api.placed(subject="路灯坏了", requester={"phone": "00000000001"}))["order_no"]
        browser = await at_work(api, "duty-1")
        sheet = Page(await browser.get(f"/desk/orders/{order_no}/sheet"))
        assert "00000000001" not in sheet.text
        received = dated(
            datetime.fromisoformat(api.office.order(order_no)["received_at"]).replace(tzinfo=UTC)
        )
        for words in ("路灯坏了", order_no, "云岭街道办事处", received):
            assert words in sheet.text, words
        for name in ("signed", "dispatched_by", "reviewed_by"):
            assert texts()["sheet"][name] in sheet.text
        assert str(sheet.part("article img").tag["src"]).startswith("data:image/svg+xml")

    async def test_and_its_tasks_page_say_how_often_it_was_urged(self, live: Api) -> None:
        order_no = (await live.placed())["order_no"]
        (task,) = live.office.tasks(order_no)
        browser = await at_work(live, "duty-1")
        pages = (f"/desk/orders/{order_no}", f"/desk/tasks/{task['task_id']}")
        for count in range(3):
            for page in pages:
                shown = Page(await browser.get(page)).text
                assert (f"催办 {count} 次，最近 " in shown) == (count > 0), (page, count)
                assert ("次，最近" in shown) == (count > 0)
            await live.office.settled(await live.office.act(order_no, "urge"))

    async def test_tells_what_happened_in_words_and_by_whose_name(self, live: Api) -> None:
        order_no = (await live.placed(category="noise"))["order_no"]
        await live.office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请街道派单")
        await live.office.decide(order_no, TaskKind.CLASSIFY, "general", unit="street-safety")
        await live.office.task(order_no, TaskKind.ACKNOWLEDGE)
        shown = await (await at_work(live, "duty-1")).get(f"/desk/orders/{order_no}")
        story = Page(shown).section(texts()["task"]["history"]).text
        assert "收到诉求：噪音扰民 热线" in story
        assert re.search(r"办完一项：首问，提出初步意见并上报 \S+ · duty-1", story), story
        assert "分类：一般件" in story
        assert "派单：应急安全办公室" in story

    async def test_is_hidden_from_who_may_not_see_the_order(self, api: Api) -> None:
        order_no = (await api.placed())["order_no"]
        stranger = await at_work(api, "community-04-worker")
        for path in ("", "/sheet"):
            assert (await stranger.get(f"/desk/orders/{order_no}{path}")).status_code == 404
        tried = await send(
            stranger, "/desk/new", f"/desk/orders/{order_no}/actions", outcome="supplement", text="x"
        )
        assert tried.status_code == 404
        assert api.office.rows("SELECT * FROM decision") == []

    async def test_marks_who_asked_to_stay_unknown_for_those_who_may_speak_to_them(self, api: Api) -> None:
        order_no = (await api.placed(confidential=True, requester={"phone": "00000000001"}))["order_no"]
        mark = texts()["task"]["confidential"]
        for username, masked in (("desk-1", True), ("community-03-worker", False)):
            shown = (await (await at_work(api, username)).get(f"/desk/orders/{order_no}")).text
            assert (mark in shown, "000****0001" in shown) == (True, masked), username

    async def test_shows_nothing_to_who_reads_no_orders_whatever_they_send(self, api: Api) -> None:
        """An administrator acts on an order by its number, and reads none (ADR-0020)."""
        order_no = (await api.placed(description="只有经办的人看得到"))["order_no"]
        browser = Browser(api.http)
        with api.office.store.write() as connection:
            browser.cookies[COOKIE] = begin_session(
                connection,
                "administrator-1",
                step=SignInStep.OPEN,
                method=Method.PASSWORD_AND_CODE,
                secret=SECRET,
                now=now(),
            )
        path = f"/desk/orders/{order_no}"
        csrf = Page(await browser.get("/desk/operations")).csrf
        data = {"csrf": csrf, "decision_id": "0" * 32}
        for outcome in ("no-such", "reassign", "supplement"):
            answer = await browser.send(
                "POST", f"{path}/actions", data=data | {"outcome": outcome}, headers=HEADERS
            )
            assert "只有经办的人看得到" not in answer.text
            assert answer.status_code in {403, 422}
        for sub in ("", "/sheet"):
            assert (await browser.get(path + sub)).status_code == 403

    async def test_offers_what_may_be_done_now_and_does_it_once(self, live: Api) -> None:
        order_no = (await live.placed())["order_no"]
        path = f"/desk/orders/{order_no}"
        browser, auditor = await at_work(live, "duty-1"), await at_work(live, "auditor-1")
        shown = (await browser.get(path)).text
        offered = Page(shown).values("outcome")
        assert "supplement" in offered
        assert "reopen" not in offered, "nothing is reopened before it is closed"
        assert "supervise" not in offered, "that is the leaders'"
        assert Page(await auditor.get(path)).values("outcome") == []
        data = hidden(shown) | {"outcome": "supplement", "text": "居民又来电补充"}
        for _ in range(2):
            sent = await browser.send("POST", f"{path}/actions", data=data, headers=HEADERS)
            assert sent.headers.get("location") == f"{path}?done=applied", sent.text
        assert len(live.office.rows("SELECT * FROM decision")) == 1
        assert "居民又来电补充" in (await browser.get(path)).text

    async def test_says_beside_the_field_what_is_wrong(self, api: Api) -> None:
        order_no = (await api.placed())["order_no"]
        browser = await at_work(api, "desk-1")
        path = f"/desk/orders/{order_no}"
        for fields, words in (
            ({"outcome": "merge", "leading_order_no": order_no}, texts()["refusals"]["same_order"]),
            ({"outcome": "merge", "leading_order_no": " "}, texts()["refusals"]["missing_field"]),
        ):
            wrong = await send(browser, path, f"{path}/actions", **fields)
            assert wrong.status_code == 422
            assert Page(wrong).wrong("merge-leading_order_no").startswith(words)
        unknown = await send(browser, path, f"{path}/actions", outcome="no-such")
        assert unknown.status_code == 422
        assert texts()["refusals"]["unknown_action"] in unknown.text
        long = await send(browser, path, f"{path}/actions", outcome="supplement", text="长" * 15_000)
        assert Page(long).wrong("supplement-text").startswith("太长了"), "and not lost as too large"
        assert api.office.rows("SELECT * FROM decision") == []

    async def test_shows_a_contact_for_a_reason_that_the_audit_keeps(self, api: Api) -> None:
        order_no = (await api.placed(requester={"phone": "139 0000 0001"}))["order_no"]
        browser = await at_work(api, "duty-1")
        path = f"/desk/orders/{order_no}"
        told = await send(browser, path, f"{path}/contact", reason="visit")
        assert Page(told).links["tel:+8613900000001"] == ["139 0000 0001"], "one touch calls"
        assert len(api.office.rows("SELECT 1 FROM audit WHERE act = 'contact_revealed'")) == 1

    async def test_names_orders_that_may_be_about_the_same(self, api: Api) -> None:
        first = (await api.placed(key="key-00000001", subject="小区门口路灯不亮"))["order_no"]
        other = (await api.placed(key="key-00000002", subject="幼儿园门前噪音扰民"))["order_no"]
        same = (await api.placed(key="key-00000003", subject="小区门口的路灯不亮了"))["order_no"]
        shown = await (await at_work(api, "desk-1")).get(f"/desk/orders/{same}")
        hints = Page(shown).section(texts()["similar"]["title"])
        assert f"/desk/orders/{first}" in hints.links
        assert f"/desk/orders/{same}?leading={first}" in hints.links, "the desk may join them"
        alike = [each for each in hints.items() if texts()["similar"]["words"] in each.text]
        assert not [each for each in alike if f"/desk/orders/{other}" in each.links]
        asked = Page(await (await at_work(api, "desk-1")).get(f"/desk/orders/{same}?leading={first}"))
        merging = asked.form(f"/desk/orders/{same}/actions", outcome="merge")
        assert merging.field("leading_order_no") == first


class TestASubject:
    """Every door makes one, and the clerk who decides what an order is about may write another (issue 15, row 8)."""

    async def test_is_made_at_every_door_and_changed_at_the_first_contact(self, api: Api) -> None:
        order_no = (await api.placed(description="您好，\n楼下烧烤店太吵。谢谢"))["order_no"]
        assert api.office.order(order_no)["subject"] == "楼下烧烤店太吵"
        browser = await at_work(api, "duty-1")
        (task,) = api.office.tasks(order_no)
        path = f"/desk/tasks/{task['task_id']}"
        csrf = hidden((await browser.get(path)).text)["csrf"]

        async def name(subject: str, who: Browser = browser, csrf: str = csrf) -> Any:
            data = {"csrf": csrf, "subject": subject}
            return await who.send("POST", f"{path}/subject", data=data, headers=HEADERS)

        for wrong in ("", " ", "长" * 201):
            refused = await name(wrong)
            assert refused.status_code == 422
            assert Page(refused).wrong("subject")
        assert (await name(" 88号烧烤店\n夜里太吵 ")).headers["location"] == path
        assert api.office.order(order_no)["subject"] == "88号烧烤店 夜里太吵"
        assert "88号烧烤店 夜里太吵" in (await browser.get(path)).text
        (row,) = api.office.rows("SELECT * FROM audit WHERE act = 'order_named'")
        assert (row["actor"], row["matter_no"]) == ("duty-1", order_no)
        assert "烧烤" not in str(row)
        other = await at_work(api, "call-back-1")
        theirs = hidden((await other.get(f"/desk/orders/{order_no}")).text)["csrf"]
        assert (await name("改不了", other, theirs)).status_code == 403
        assert api.office.order(order_no)["subject"] == "88号烧烤店 夜里太吵"

    async def test_is_made_for_whoever_writes_an_order_down(self, api: Api) -> None:
        browser = await at_work(api, "duty-1")
        said = {"channel": "counter", "kind": "inquiry", "description": "请问一下，社区食堂周末开门吗？"}
        placed = await send(browser, "/desk/new", **said)
        shown = (await browser.get(placed.headers["location"])).text
        assert "社区食堂周末开门吗" in shown


class TestTheInbox:
    async def test_shows_what_one_may_decide_and_all_of_ones_unit_to_who_asks(self, live: Api) -> None:
        live.office.policy = "standard"
        order_no = await live.office.dispatched("street-safety")
        await live.office.decide(order_no, TaskKind.HANDLE, "report_result", text="办好了")
        await live.office.task(order_no, TaskKind.REVIEW)
        for username, scope, listed in (
            ("desk-1", "", True),
            ("duty-1", "", False),
            ("duty-1", "unit", True),
            ("auditor-1", "", True),
        ):
            shown = (await (await at_work(live, username)).get(f"/desk?scope={scope}")).text
            assert (order_no in shown) is listed, (username, scope)

    async def test_shows_a_liaison_the_tasks_of_the_bureaus_they_speak_for(self, live: Api) -> None:
        live.office.policy = "standard"
        order_no = await live.office.dispatched("district-planning")
        liaison = await at_work(live, "liaison-1")
        assert order_no in (await liaison.get("/desk")).text
        listed = (await live.http.get("/api/v1/tasks", headers=live.staff("liaison-1"))).json()["items"]
        assert order_no in {each["order_no"] for each in listed}
        other = await at_work(live, "duty-1")
        assert order_no not in (await other.get("/desk?scope=unit")).text

    async def test_of_what_one_took_shows_nothing_of_a_unit_that_one_has_left(self, live: Api) -> None:
        live.office.policy = "standard"
        order_no = await live.office.dispatched("street-safety")
        task = await live.office.task(order_no, TaskKind.HANDLE)
        browser = await at_work(live, "street-safety-handler")
        path = f"/desk/tasks/{task['task_id']}"
        await browser.press(path, f"{path}/claim")
        assert order_no in (await browser.get("/desk?scope=mine")).text
        with live.office.store.write() as connection:
            connection.exec_driver_sql(
                "UPDATE staff SET unit = 'street-general' WHERE username = 'street-safety-handler'"
            )
        assert order_no not in (await browser.get("/desk?scope=mine")).text

    async def test_counts_what_is_due_and_filters_by_it(self, api: Api) -> None:
        late, fresh = (await api.office.place(), await api.office.place())
        with api.office.store.write() as connection:
            connection.exec_driver_sql(
                f"UPDATE task SET due_at = '2020-01-01 00:00:00' WHERE matter_no = '{late}'"  # noqa: S608 - ours
            )
        browser = await at_work(api, "duty-1")
        every, overdue = (
            (await browser.get("/desk")).text,
            (await browser.get("/desk?due=overdue")).text,
        )
        dues, kinds = texts()["dues"], {"all": "全部", "first_contact": "首问"}
        due, by_kind = (
            [Page(each).text for each in Page(every).all(f'nav[aria-label="{texts()["desk"][name]}"] a')]
            for name in ("due", "kinds")
        )
        assert (due[0], due[2]) == (f"{dues['all']} 2", f"{dues['overdue']} 1")
        assert by_kind == [f"{label} 2" for label in kinds.values()], "each kind that waits, with its count"
        page = Page(await browser.get("/desk?due=overdue"))
        assert "?scope=post&kind=first_contact&due=overdue" in page.links, "a tab keeps what else was chosen"
        assert (late in overdue, fresh in overdue) == (True, False)
        today = (await browser.get("/desk?due=today")).text
        assert late not in today, "what is overdue is not due today as well"
        other = (await browser.get("/desk?kind=review")).text
        assert late not in other


class TestTheWords:
    def test_name_every_stage_ending_and_tier(self) -> None:
        for kind, codes in (("stages", Stage), ("endings", Ending), ("tiers", Tier)):
            assert {str(each) for each in codes} == set(texts()[kind]), kind

    async def test_are_escaped_wherever_orders_are_listed(self, api: Api) -> None:
        hostile = "<script>alert(1)</script>"
        await api.placed(subject=hostile, requester={"phone": "13900000000"})
        browser = await at_work(api, "desk-1")
        listed = (await browser.get(f"/desk/orders?q={escape('script')}")).text
        called = (await send(browser, "/desk/new", "/desk/callers", phone="13900000000")).text
        for shown in (listed, called):
            assert str(escape(hostile)) in shown
            assert hostile not in shown
