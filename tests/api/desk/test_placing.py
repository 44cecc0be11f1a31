"""Writing orders down at the desk, and dispatching many at once."""

import re

import pytest

from api.pages.rendering import texts
from domain.order.lifecycle import TaskKind
from store import paging
from tests.api.conftest import Api
from tests.api.desk.forms import HEADERS, PICTURE, hidden, send
from tests.support.browser import at_work
from tests.support.page import Page


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
        page = Page(sent)
        assert page.alerts == [page.wrong(field)]
        assert page.field("name") == "我写的姓名"
        assert f"#{field}" in page.links, "the top of the page leads to what is wrong"
        assert api.office.rows("SELECT * FROM orders") == []

    async def test_says_when_it_was_written_down_before(self, api: Api) -> None:
        """By the superior platform's number, or by the form itself: a clerk who goes back gets the same form."""
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
        assert Page(reused).wrong("source_reference")
        assert len(api.office.rows("SELECT * FROM orders")) == 2

    async def test_refuses_a_file_that_is_no_picture_beside_its_field(self, api: Api) -> None:
        browser = await at_work(api, "duty-1")
        files = [("attachments", ("x.exe", b"MZ" + b"x" * 50, "image/png"))]
        whole = {"channel": "hotline", "kind": "complaint", "description": "我写的内容"}
        sent = await send(browser, "/desk/new", files=files, **whole)
        assert sent.status_code == 422
        assert Page(sent).wrong("attachments")
        assert "我写的内容" in sent.text

    async def test_keeps_the_files_of_a_form_that_is_not_taken(self, api: Api) -> None:
        browser = await at_work(api, "duty-1")
        files = [("attachments", (f"{n}.png", PICTURE + bytes([n]), "image/png")) for n in range(2)]
        whole = {"channel": "hotline", "kind": "complaint"}
        refused = await send(browser, "/desk/new", files=files, **whole)
        kept = Page(refused).kept("attachments")
        assert (refused.status_code, len(kept)) == (422, 2)
        assert all(re.fullmatch(r"[0-9a-f]{32}", each) for each in kept)
        gone = await send(browser, "/desk/new", **whole, description="我写的内容", attachments="0" * 32)
        assert Page(gone).wrong("attachments")
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
        (following,) = (each for each in Page(shown).links if each.startswith("?cursor="))
        assert second in (await browser.get(f"/desk/dispatch{following}")).text
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
        assert Page(nowhere).kept("task_id") == [task["task_id"]]
