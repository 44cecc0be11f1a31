"""The staff's pages about orders: found, read, acted on, written down for a caller, dispatched many at once."""

import re
from typing import Any

import pytest
from markupsafe import escape

from api.pages.rendering import texts
from api.sessions import COOKIE
from domain.office.words import Tier
from domain.order.lifecycle import TaskKind
from domain.order.words import Ending, Stage
from domain.signin.accounts import SignInStep
from store import paging
from store.signin.sessions import Method, begin_session
from tests.api.conftest import SECRET, Api
from tests.api.desk.test_desk import at_work
from tests.api.signin.test_sign_in import HOST, Browser
from tests.support.office import now

HEADERS = {"Origin": HOST, "Sec-Fetch-Site": "same-origin"}
PICTURE = b"\x89PNG\r\n\x1a\n" + b"x" * 200_000


def hidden(shown: str) -> dict[str, str]:
    """Take what a page's form carries along."""
    return {
        name: re.search(rf'name="{name}" value="([^"]+)"', shown)[1]  # type: ignore[index]
        for name in ("csrf", "decision_id")
    }


async def send(browser: Browser, path: str, to: str = "", files: Any = None, **fields: Any) -> Any:
    """Send a form of a page."""
    data = hidden((await browser.get(path)).text) | fields
    return await browser.send("POST", to or path, data=data, files=files, headers=HEADERS)


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
        sheet = (await browser.get(f"/desk/orders/{order_no}/sheet")).text
        assert "路灯坏了" in sheet
        assert "00000000001" not in sheet

    async def test_and_its_tasks_page_say_how_often_it_was_urged(self, live: Api) -> None:
        order_no = (await live.placed())["order_no"]
        (task,) = live.office.tasks(order_no)
        browser = await at_work(live, "duty-1")
        pages = (f"/desk/orders/{order_no}", f"/desk/tasks/{task['task_id']}")
        for count in range(3):
            for page in pages:
                shown = re.sub(r"<[^>]+>|\s+", " ", (await browser.get(page)).text)
                assert bool(re.search(rf"催办 +{count} 次，最近 ", shown)) == (count > 0), (page, count)
                assert ("次，最近" in shown) == (count > 0)
            await live.office.settled(await live.office.act(order_no, "urge"))

    async def test_tells_what_happened_in_words_and_by_whose_name(self, live: Api) -> None:
        order_no = (await live.placed(category="noise"))["order_no"]
        await live.office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请街道派单")
        await live.office.decide(order_no, TaskKind.CLASSIFY, "general", unit="street-safety")
        await live.office.task(order_no, TaskKind.ACKNOWLEDGE)
        shown = (await (await at_work(live, "duty-1")).get(f"/desk/orders/{order_no}")).text
        story = re.sub(r"<[^>]+>|\s+", " ", shown[shown.index('<ol class="timeline">') :])
        assert re.search("收到诉求：噪音扰民 +热线", story)
        assert re.search(r"办完一项：首问，提出初步意见并上报 +\S+ · duty-1", story), story
        assert re.search(r"分类：一般件", story)
        assert re.search(r"派单：应急安全办公室", story)

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
        csrf = re.search(r'name="csrf" value="([^"]+)"', (await browser.get("/desk/operations")).text)
        assert csrf
        data = {"csrf": csrf[1], "decision_id": "0" * 32}
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
        assert 'value="supplement"' in shown
        assert 'value="reopen"' not in shown, "nothing is reopened before it is closed"
        assert 'value="supervise"' not in shown, "that is the leaders'"
        assert 'name="outcome"' not in (await auditor.get(path)).text
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
            assert re.search(rf'id="merge-leading_order_no-wrong" role="alert">{words}', wrong.text)
        unknown = await send(browser, path, f"{path}/actions", outcome="no-such")
        assert unknown.status_code == 422
        assert texts()["refusals"]["unknown_action"] in unknown.text
        long = await send(browser, path, f"{path}/actions", outcome="supplement", text="长" * 15_000)
        assert re.search(r'id="supplement-text-wrong" role="alert">太长了', long.text), (
            "and not lost as too large"
        )
        assert api.office.rows("SELECT * FROM decision") == []

    async def test_shows_a_contact_for_a_reason_that_the_audit_keeps(self, api: Api) -> None:
        order_no = (await api.placed(requester={"phone": "00000000001"}))["order_no"]
        browser = await at_work(api, "duty-1")
        path = f"/desk/orders/{order_no}"
        told = await send(browser, path, f"{path}/contact", reason="visit")
        assert "00000000001" in told.text
        assert len(api.office.rows("SELECT 1 FROM audit WHERE act = 'contact_revealed'")) == 1

    async def test_names_orders_that_may_be_about_the_same(self, api: Api) -> None:
        first = (await api.placed(key="key-00000001", subject="小区门口路灯不亮"))["order_no"]
        other = (await api.placed(key="key-00000002", subject="幼儿园门前噪音扰民"))["order_no"]
        same = (await api.placed(key="key-00000003", subject="小区门口的路灯不亮了"))["order_no"]
        shown = (await (await at_work(api, "desk-1")).get(f"/desk/orders/{same}")).text
        hints = shown[shown.index(texts()["similar"]["title"]) :]
        assert f"/desk/orders/{first}" in hints
        assert f"/desk/orders/{same}?leading={first}" in hints, "the desk may join them"
        assert re.search(f"{other}(?:(?!</li>).)*{texts()['similar']['words']}", hints, re.DOTALL) is None
        asked = (await (await at_work(api, "desk-1")).get(f"/desk/orders/{same}?leading={first}")).text
        assert re.search(rf'name="leading_order_no"[^>]*value="{first}"', asked)


class TestSimilarOrders:
    """They stand where they are decided, whatever is known of an order (issue 15, row 9)."""

    async def test_are_found_by_words_without_community_or_category(self, api: Api) -> None:
        bare: dict[str, Any] = {"place": {}, "category": None, "requester": {}}
        first = (await api.placed(key="key-00000001", description="望江台路88号烧烤店半夜还在吵", **bare))[
            "order_no"
        ]
        second = (await api.placed(key="key-00000002", description="望江台路88号烧烤店又营业到三点", **bare))[
            "order_no"
        ]
        (task,) = api.office.tasks(second)
        path = f"/desk/tasks/{task['task_id']}"
        shown = (await (await at_work(api, "duty-1")).get(path)).text
        assert f"/desk/orders/{first}" in shown
        assert texts()["similar"]["words"] in shown
        joins = f"{path}?leading={first}"
        assert joins in shown
        asked = (await (await at_work(api, "duty-1")).get(joins)).text
        assert re.search(rf'id="mark_duplicate-leading_order_no"[^>]*value="{first}"', asked)

    async def test_are_found_by_who_called_and_by_where(self, api: Api) -> None:
        here = {"longitude": 106.5, "latitude": 29.5}
        called = await api.placed(
            key="key-00000001", description="问社保", requester={"phone": "139 0000-0001"}, place={}
        )
        near = await api.placed(key="key-00000002", description="井盖没了", requester={}, place=here)
        far = await api.placed(
            key="key-00000003", description="狗叫", requester={}, place=here | {"latitude": 29.51}
        )
        own = await api.placed(
            key="key-00000004",
            description="路面塌陷",
            requester={"phone": "13900000001"},
            place=here | {"latitude": 29.501},
        )
        shown = (await (await at_work(api, "desk-1")).get(f"/desk/orders/{own['order_no']}")).text
        hints = shown[shown.index(texts()["similar"]["title"]) :]
        assert called["order_no"] in hints
        assert texts()["similar"]["caller"] in hints
        assert near["order_no"] in hints
        assert texts()["similar"]["near"].format(metres=111) in hints
        assert far["order_no"] not in hints

    async def test_tell_nobody_who_asked_that_wants_to_stay_unknown(self, api: Api) -> None:
        who = {"requester": {"phone": "13900000001"}}
        secret = await api.placed(key="key-00000001", description="举报加工点", confidential=True, **who)
        plain = await api.placed(key="key-00000002", description="路灯不亮", **who)
        mark = texts()["similar"]["caller"]
        for username, told in (("desk-1", True), ("community-03-worker", False), ("auditor-1", False)):
            staff = await at_work(api, username)
            for one, other in ((secret, plain), (plain, secret)):
                shown = (await staff.get(f"/desk/orders/{one['order_no']}")).text
                assert (other["order_no"] in shown, mark in shown) == (told, told), username

    async def test_are_shown_beside_what_somebody_writes_down(self, api: Api) -> None:
        first = await api.placed(
            description="清波苑3栋电梯又坏了", requester={"phone": "13900000001"}, place={}
        )
        browser = await at_work(api, "duty-1")
        typed = {
            "channel": "hotline",
            "kind": "complaint",
            "description": "您好！清波苑3栋电梯坏了两天。快修",
        }
        looked = await send(browser, "/desk/new", "/desk/new/similar", **typed, phone="139-0000-0001")
        assert looked.status_code == 200
        assert first["order_no"] in looked.text
        assert texts()["similar"]["caller"] in looked.text
        assert texts()["new"]["will_be"].format(subject="清波苑3栋电梯坏了两天") in looked.text
        assert typed["description"] in looked.text, "what was typed stays"
        (row,) = api.office.rows("SELECT * FROM audit WHERE act = 'caller_looked_up'")
        assert row["actor"] == "duty-1"
        assert "1390" not in str(row)
        assert len(api.office.rows("SELECT 1 FROM orders")) == 1, "nothing is placed"
        nothing = await send(browser, "/desk/new", "/desk/new/similar", **typed | {"description": "问社保"})
        assert texts()["similar"]["nothing"] in nothing.text


class TestASubject:
    """Every door makes one, and whoever decides what an order is about may write another (issue 15, row 8)."""

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
            assert 'id="subject-wrong"' in refused.text
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


class TestFindingOrders:
    async def test_goes_by_number_words_and_filters_within_ones_scope(self, api: Api) -> None:
        numbers = [
            (
                await api.placed(
                    key=f"key-0000000{n}",
                    subject=subject,
                    description=f"说了{n}件" if n != 1 else "二号ktv",
                    place={"community": community},
                )
            )["order_no"]
            for n, (subject, community) in enumerate(
                [("路灯坏了", "community-03"), ("广场舞太吵", "community-04"), ("垃圾没人收", "community-03")]
            )
        ]
        desk = await at_work(api, "desk-1")
        for query, found in (
            ("", {0, 1, 2}),
            (f"q={numbers[1].lower()}", {1}),
            (f"q={numbers[1][-6:].lower()}", {1}),
            ("q=%E5%B9%BF%E5%9C%BA%E8%88%9E", {1}),
            ("community=community-03", {0, 2}),
            ("stage=first_contact&overdue=false", {0, 1, 2}),
            ("stage=closed", set()),
            ("overdue=true", set()),
            ("open=true", {0, 1, 2}),
            ("open=false", set()),
            ("q=%E5%A4%AA%E5%90%B5 %E5%B9%BF%E5%9C%BA%E8%88%9E", {1}),
            ("q=%E5%A4%AA%E5%90%B5%E3%80%80%E8%B7%AF%E7%81%AF", set()),
            (f"q={numbers[1][:8]} {numbers[1][-6:].lower()}", {1}),
            ("q=%E4%BA%8C%E5%8F%B7 KtV", {1}),
            ("q=%25", set()),
            ("q=" + "%E5%A4%AA " * 30, {1}),
        ):
            shown = (await desk.get(f"/desk/orders?{query}")).text
            assert {n for n in range(3) if f"/desk/orders/{numbers[n]}" in shown} == found, query
        worker = (await (await at_work(api, "community-04-worker")).get("/desk/orders")).text
        assert {n for n in range(3) if f"/desk/orders/{numbers[n]}" in worker} == {1}
        assert (await desk.get("/desk/orders?cursor=nonsense")).status_code == 422

    async def test_marks_what_is_overdue_now_whether_or_not_a_step_has_noticed(self, api: Api) -> None:
        order_no = (await api.placed())["order_no"]
        mark, desk = 'class="mark overdue"', await at_work(api, "desk-1")
        assert mark not in (await desk.get("/desk/orders")).text
        with api.office.store.write() as connection:
            connection.exec_driver_sql(
                f"UPDATE matter SET due_at = '2020-01-01 00:00:00' WHERE matter_no = '{order_no}'"  # noqa: S608 - ours
            )
        assert mark in (await desk.get("/desk/orders")).text
        assert mark in (await desk.get("/desk/orders?overdue=true")).text

    async def test_masks_the_numbers_that_people_write_into_what_they_say(self, api: Api) -> None:
        said = "请打 139 0000 0001 找我"
        edge = await api.placed(key="key-00000002", subject=None, description="长" * 33 + "13900000002")
        named = await api.placed(key="key-00000003", subject="回电13900000003")
        listed = (await api.http.get("/api/v1/orders", headers=api.staff("auditor-1"))).json()["items"]
        assert {each["order_no"]: each["subject"] for each in listed}[named["order_no"]] == "回电139****0003"
        order_no = (await api.placed(subject=None, description=said))["order_no"]
        desk = await at_work(api, "duty-1")
        for path in ("/desk", "/desk/orders"):
            shown = (await desk.get(path)).text
            assert "139 0000 0001" not in shown, path
            assert "请打 139****0001 找我" in shown, path
            assert edge["order_no"] in shown
            assert "1390000" not in shown, "a number that the line would cut is masked as well"
        assert said in (await desk.get(f"/desk/orders/{order_no}")).text

    async def test_finds_a_caller_however_the_number_is_written_and_writes_it_down(self, api: Api) -> None:
        mine = await api.placed(key="key-00000001", requester={"phone": "139 0000-0000"})
        secret = await api.placed(
            key="key-00000002", requester={"phone": "+8613900000000"}, confidential=True
        )
        other = await api.placed(key="key-00000003", requester={"phone": "13900000001"})
        desk = await at_work(api, "desk-1")
        shown = await send(desk, "/desk/new", "/desk/callers", phone="0086 139 0000 0000")
        assert [each["order_no"] in shown.text for each in (mine, secret, other)] == [True, True, False]
        (row,) = api.office.rows("SELECT * FROM audit WHERE act = 'caller_looked_up'")
        assert row["actor"] == "desk-1"
        assert "1390" not in str(row), "the audit keeps who looked, not whom for"
        worker = await at_work(api, "community-03-worker")
        theirs = await send(worker, "/desk/new", "/desk/callers", phone="13900000000")
        assert [each["order_no"] in theirs.text for each in (mine, secret)] == [True, False]
        short = await send(desk, "/desk/new", "/desk/callers", phone="139")
        assert short.status_code == 422
        assert 'id="phone-wrong" role="alert"' in short.text
        keys = [each["phone_key"] for each in api.office.rows("SELECT phone_key FROM requester_phone")]
        assert len(set(keys)) == 2
        assert all(key and "139000" not in key for key in keys)

    async def test_finds_a_caller_by_each_of_two_numbers(self, api: Api) -> None:
        written = "１３９００００００００／023-6700 0000 转 8"  # noqa: RUF001
        placed = await api.placed(requester={"phone": written})
        desk = await at_work(api, "desk-1")
        for phone in (
            "\u202d139 0000 0000\u202c",
            "(023)67000000",
            "+86 23 6700-0000",
            "13900000000/13900000009",
        ):
            assert placed["order_no"] in (await send(desk, "/desk/new", "/desk/callers", phone=phone)).text
        others = await send(desk, "/desk/new", "/desk/callers", phone="13900000009")
        assert placed["order_no"] not in others.text
        (who,) = api.office.rows("SELECT phone FROM requester")
        assert who["phone"] == written, "it is kept as it was written"


class TestWritingAnOrderDown:
    async def test_places_it_once_and_tells_what_to_tell_the_caller(self, live: Api) -> None:
        browser = await at_work(live, "duty-1")
        data = hidden((await browser.get("/desk/new")).text) | {
            "channel": "hotline",
            "kind": "complaint",
            "description": "楼上漏水",
            "community": "community-03",
            "phone": "13900000000",
            "name": "某居民（虚构）",
        }
        places = []
        for _ in range(2):
            files = [("attachments", ("before.png", PICTURE, "image/png"))]
            sent = await browser.send("POST", "/desk/new", data=data, files=files, headers=HEADERS)
            assert sent.status_code == 303, sent.text
            places.append(sent.headers["location"])
        assert places[0] == places[1], "a form that is sent twice places one order"
        (order,) = live.office.rows("SELECT * FROM orders JOIN matter ON matter_no = order_no")
        live.office.placed.append(order["order_no"])
        assert (order["channel"], order["received_by"], order["community"]) == (
            "hotline",
            "duty-1",
            "community-03",
        )
        bound = live.office.rows("SELECT size FROM attachment WHERE matter_no = :no", no=order["order_no"])
        assert [each["size"] for each in bound] == [len(PICTURE)]
        task = await live.office.task(order["order_no"], TaskKind.FIRST_CONTACT)
        receipt = (await browser.get(places[0])).text
        assert order["tracking_code"] in receipt
        assert f"/desk/tasks/{task['task_id']}" in receipt
        other = await at_work(live, "duty-2")
        assert (await other.get(places[0])).status_code == 404, "the code is the caller's alone"
        assert order["tracking_code"] not in (await other.get(f"/desk/orders/{order['order_no']}")).text

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"description": " "}, "description"),
            ({"description": "\u3164\u200b"}, "description"),
            ({"description": "长" * 5_001}, "description"),
            ({"subject": "长" * 201}, "subject"),
            ({"kind": "nonsense"}, "kind"),
            ({"channel": "nonsense"}, "channel"),
            ({"community": "nowhere"}, "community"),
            ({"category": "nothing"}, "category"),
            ({"phone": "1" * 41}, "phone"),
            ({"phone": "12ab"}, "phone"),
            ({"address": "长" * 301}, "address"),
            ({"source_due_at": "yesterday"}, "source_due_at"),
        ],
    )
    async def test_says_beside_the_field_what_is_wrong_and_keeps_the_rest(
        self, api: Api, wrong: dict[str, str], field: str
    ) -> None:
        browser = await at_work(api, "duty-1")
        whole = {"channel": "hotline", "kind": "complaint", "description": "我写的内容", "name": "我写的姓名"}
        sent = await send(browser, "/desk/new", **(whole | wrong))
        assert sent.status_code == 422, sent.text
        assert re.search(rf'id="{field}-wrong" role="alert">\S+', sent.text)
        assert len(re.findall('role="alert"', sent.text)) == 1
        assert "我写的姓名" in sent.text
        assert f'href="#{field}"' in sent.text, "the top of the page leads to what is wrong"
        assert api.office.rows("SELECT * FROM orders") == []

    async def test_says_when_it_was_written_down_before(self, api: Api) -> None:
        """By the number of the platform above, or by the form itself: whoever went back has the same one."""
        browser = await at_work(api, "duty-1")
        blank = await browser.get("/desk/new")
        assert "no-store" not in blank.headers["cache-control"]
        whole = hidden(blank.text) | {"channel": "hotline", "kind": "complaint", "description": "我写的内容"}
        first = await browser.send("POST", "/desk/new", data=whole, headers=HEADERS)
        again = await browser.send("POST", "/desk/new", data=whole, headers=HEADERS)
        assert first.headers["location"] == again.headers["location"]
        changed = await browser.send("POST", "/desk/new", data=whole | {"subject": "改过"}, headers=HEADERS)
        assert (changed.status_code, texts()["new"]["sent_before"] in changed.text) == (422, True)
        assert "改过" in changed.text
        above = {"source_reference": "12345-1"}
        await send(browser, "/desk/new", **whole | hidden((await browser.get("/desk/new")).text) | above)
        other = whole | hidden((await browser.get("/desk/new")).text) | above | {"description": "另一件"}
        reused = await browser.send("POST", "/desk/new", data=other, headers=HEADERS)
        assert re.search(r'id="source_reference-wrong" role="alert">\S+', reused.text)
        assert len(api.office.rows("SELECT * FROM orders")) == 2

    async def test_refuses_a_file_that_is_no_picture_beside_its_field(self, api: Api) -> None:
        browser = await at_work(api, "duty-1")
        files = [("attachments", ("x.exe", b"MZ" + b"x" * 50, "image/png"))]
        whole = {"channel": "hotline", "kind": "complaint", "description": "我写的内容"}
        sent = await send(browser, "/desk/new", files=files, **whole)
        assert sent.status_code == 422
        assert re.search(r'id="attachments-wrong" role="alert">\S+', sent.text)
        assert "我写的内容" in sent.text

    async def test_keeps_the_files_of_a_form_that_is_not_taken(self, api: Api) -> None:
        browser = await at_work(api, "duty-1")
        files = [("attachments", (f"{n}.png", PICTURE + bytes([n]), "image/png")) for n in range(2)]
        whole = {"channel": "hotline", "kind": "complaint"}
        refused = await send(browser, "/desk/new", files=files, **whole)
        kept = re.findall(r'name="attachments" value="([0-9a-f]{32})" checked', refused.text)
        assert (refused.status_code, len(kept)) == (422, 2)
        gone = await send(browser, "/desk/new", **whole, description="我写的内容", attachments="0" * 32)
        assert re.search(r'id="attachments-wrong" role="alert">\S+', gone.text)
        more = [f"{n:032x}" for n in range(10)]
        many = await send(browser, "/desk/new", **whole, description="我写的内容", attachments=more)
        assert texts()["refusals"]["too_many_files"] in many.text
        assert api.office.rows("SELECT * FROM orders") == []
        sent = await send(browser, "/desk/new", **whole, description="我写的内容", attachments=kept[1])
        assert sent.status_code == 303, sent.text
        bound = api.office.rows("SELECT attachment_id FROM attachment WHERE matter_no IS NOT NULL")
        assert [each["attachment_id"] for each in bound] == [kept[1]], "what was struck out is not sent"

    async def test_is_for_those_who_take_calls(self, api: Api) -> None:
        assert (await (await at_work(api, "auditor-1")).get("/desk/new")).status_code == 403


class TestDispatchingManyAtOnce:
    async def test_sends_each_to_the_unit_that_the_directory_names_and_tells_what_became_of_it(
        self, live: Api
    ) -> None:
        live.office.policy = "standard"
        numbers = [await live.office.place(category=category) for category in ("noise", "noise", None)]
        for order_no in numbers:
            await live.office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请街道派单")
            await live.office.decide(order_no, TaskKind.CLASSIFY, "general")
        tasks = [await live.office.task(order_no, TaskKind.DISPATCH) for order_no in numbers]
        await live.office.drain()
        browser = await at_work(live, "desk-1")
        shown = (await browser.get("/desk/dispatch")).text
        assert all(each["task_id"] in shown for each in tasks)
        chosen = [tasks[0]["task_id"], tasks[1]["task_id"], "20261123-ABCDEF-1-ABCD"]
        data = hidden(shown) | {"task_id": chosen, "unit": "street-safety"}
        sent = await browser.send("POST", "/desk/dispatch", data=data, headers=HEADERS)
        assert sent.text.count(texts()["dispatch"]["applied"].format(unit="应急安全办公室")) == 2, sent.text
        assert texts()["dispatch"]["gone"].format(count=1) in sent.text
        assert [live.office.order(each)["unit"] == "street-safety" for each in numbers] == [True, True, False]
        by_directory = await send(browser, "/desk/dispatch", task_id=tasks[2]["task_id"], unit="suggested")
        assert texts()["dispatch"]["rejected"] not in by_directory.text
        assert live.office.order(numbers[2])["stage"] == "handling"

    async def test_turns_pages_and_finds_what_was_chosen_on_whichever_page_it_stands(
        self, live: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        live.office.policy = "standard"
        numbers = [await live.office.place(category="noise") for _ in range(2)]
        for order_no in numbers:
            await live.office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请街道派单")
            await live.office.decide(order_no, TaskKind.CLASSIFY, "general")
        first, second = [(await live.office.task(each, TaskKind.DISPATCH))["task_id"] for each in numbers]
        await live.office.drain()
        monkeypatch.setattr(paging, "PAGE", 1)
        browser = await at_work(live, "desk-1")
        shown = (await browser.get("/desk/dispatch")).text
        assert (first in shown, second in shown) == (True, False)
        following = re.search(r'href="(\?cursor=[^"]+)"', shown)
        assert following
        assert second in (await browser.get(f"/desk/dispatch{following[1]}")).text
        sent = await send(browser, "/desk/dispatch", task_id=second, unit="street-safety")
        assert texts()["dispatch"]["applied"].format(unit="应急安全办公室") in sent.text, sent.text
        assert live.office.order(numbers[1])["unit"] == "street-safety"

    async def test_says_what_is_missing_and_keeps_what_was_chosen(self, live: Api) -> None:
        live.office.policy = "standard"
        order_no = await live.office.place(category="noise")
        await live.office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请街道派单")
        await live.office.decide(order_no, TaskKind.CLASSIFY, "general")
        task = await live.office.task(order_no, TaskKind.DISPATCH)
        browser = await at_work(live, "desk-1")
        nothing = await send(browser, "/desk/dispatch", unit="street-safety")
        assert texts()["dispatch"]["choose_orders"] in nothing.text
        nowhere = await send(browser, "/desk/dispatch", task_id=task["task_id"], unit="nobody")
        assert nowhere.status_code == 422
        assert texts()["dispatch"]["choose_unit"] in nowhere.text
        assert nowhere.headers["cache-control"] == "private, no-cache", (
            "who goes back finds it as it was sent"
        )
        assert re.search(rf'value="{task["task_id"]}" checked', nowhere.text)


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
        assert re.findall(r"<strong>(\d+)</strong>", every)[0::2] == ["2", "1"]
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
