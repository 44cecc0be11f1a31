"""The staff's pages: the inbox, and tasks decided with nothing but their forms."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from markupsafe import escape

from api.pages.rendering import moment, texts
from domain.office.words import Role
from domain.order.lifecycle import TASKS, TaskKind
from tests.api.conftest import Api
from tests.api.desk.forms import hidden
from tests.support.browser import HOST, Browser, at_work
from tests.support.page import Page


async def send(browser: Browser, task_id: str, outcome: str, files: Any = None, **fields: Any) -> Any:
    """Fill in the form of an outcome and send it, as a browser without scripts does."""
    path = f"/desk/tasks/{task_id}"
    form = Page(await browser.get(path)).form(f"{path}/decision", outcome=outcome)
    data = form.sends() | fields
    # Browsers also send a file field that was left empty.
    files = files or [("attachments", ("", b"", "application/octet-stream"))]
    headers = {"Origin": HOST, "Sec-Fetch-Site": "same-origin"}
    return await browser.send("POST", f"{path}/decision", data=data, files=files, headers=headers)


async def to_dispatch(live: Api, *, category: str) -> tuple[str, dict[str, Any]]:
    """Place an order under the real policy and bring it to its dispatch; return its number and the open task."""
    live.office.policy = "standard"
    order_no = str((await live.placed(category=category))["order_no"])
    await live.office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单")
    await live.office.decide(order_no, TaskKind.CLASSIFY, "general")
    return order_no, await live.office.task(order_no, TaskKind.DISPATCH)


class TestATask:
    async def test_after_the_other_brings_an_order_to_its_end_by_pages_alone(self, live: Api) -> None:
        # Signing in takes longer than some limits of the tests' policy.
        browsers = {
            role: await at_work(live, username)
            for role, username in (
                ("duty_officer", "duty-1"),
                ("street_desk", "desk-1"),
                ("unit_handler", "street-safety-handler"),
                ("call_back_officer", "call-back-1"),
            )
        }
        order_no = (await live.placed(category="noise"))["order_no"]
        picture = ("attachments", ("after.png", b"\x89PNG\r\n\x1a\n" + b"x" * 40, "image/png"))
        steps: list[tuple[str, str, Any, dict[str, Any]]] = [
            ("first_contact", "refer", None, {"text": "请街道派单", "class": "general"}),
            ("classify", "general", None, {"category": "noise"}),
            ("dispatch", "assign", None, {"lead_unit": "street-safety"}),
            ("acknowledge", "accept", None, {}),
            ("handle", "report_result", [picture], {"text": "已经办好"}),
            ("review", "approve", None, {}),
            ("follow_up", "reached", None, {"solved": "yes", "satisfied": "yes"}),
        ]
        for kind, outcome, files, fields in steps:
            task = await live.office.task(order_no, TaskKind(kind))
            browser = browsers[task["role"]]
            inbox = (await browser.get("/desk")).text
            assert f"/desk/tasks/{task['task_id']}" in inbox, kind
            sent = await send(browser, task["task_id"], outcome, files, **fields)
            assert (sent.status_code, sent.headers.get("location")) == (
                303,
                f"/desk?done=applied&matter={order_no}",
            ), (kind, sent.text)
            assert order_no in (await browser.get(sent.headers["location"])).text
        assert live.office.order(order_no)["ending"] == "resolved"
        assert len(live.office.rows("SELECT 1 FROM attachment")) == 1

    async def test_keeps_what_was_typed_and_says_beside_the_field_what_is_wrong(self, live: Api) -> None:
        browser = await at_work(live, "duty-1")
        order_no = (await live.placed())["order_no"]
        task = await live.office.task(order_no, TaskKind.FIRST_CONTACT)
        wrong = await send(
            browser,
            task["task_id"],
            "refer",
            text="我写的意见",
            reject_reason="no_facts",
            unit="street-safety",
        )
        assert wrong.status_code == 422
        assert "我写的意见" in wrong.text
        page = Page(wrong)
        assert page.wrong("refer-reject_reason")
        assert "#refer-reject_reason" in page.links, "the top of the page leads to what is wrong"
        assert "autofocus" in page.element("refer-reject_reason").attrs
        empty = await send(browser, task["task_id"], "resolve", text="  ")
        assert Page(empty).wrong("resolve-text").startswith("请填写这一项。")
        assert live.office.rows("SELECT * FROM decision") == []

    async def test_of_review_shows_what_is_reviewed_with_all_that_was_chosen(self, live: Api) -> None:
        live.office.policy = "standard"
        order_no = await live.office.dispatched("street-safety")
        task = await live.office.task(order_no, TaskKind.HANDLE)
        wanted = datetime.fromisoformat(task["due_at"]).replace(tzinfo=UTC) + timedelta(days=1)
        await live.office.decide(
            order_no, TaskKind.HANDLE, "request_extension", due_at=wanted.isoformat(), reason="weather"
        )
        review = await live.office.task(order_no, TaskKind.REVIEW)
        shown = await (await at_work(live, "desk-1")).get(f"/desk/tasks/{review['task_id']}")
        section = Page(shown).section("proposal").text
        for words in ("申请延期", moment(wanted), texts()["codes"]["weather"], "street-safety-handler"):
            assert words in section, (words, section)
        # The proposer may not review a proposal, and the page says why.
        with live.office.store.write() as connection:
            connection.exec_driver_sql(
                f"UPDATE task SET not_by = '[\"desk-2\"]' WHERE task_id = '{review['task_id']}'"  # noqa: S608 - ours
            )
        own = (await (await at_work(live, "desk-2")).get(f"/desk/tasks/{review['task_id']}")).text
        assert texts()["task"]["own_work"] in own

    async def test_says_that_pictures_are_needed_and_names_the_unit_of_the_directory(self, live: Api) -> None:
        order_no, task = await to_dispatch(live, category="city_appearance")
        path = f"/desk/tasks/{task['task_id']}"
        form = Page(await (await at_work(live, "desk-1")).get(path)).form(
            f"{path}/decision", outcome="assign"
        )
        assert form.element("assign-lead_unit")["name"] == "lead_unit"
        assert form.chosen("lead_unit") == "street-urban-management"
        await live.office.decide(order_no, TaskKind.DISPATCH, "assign", lead_unit="street-urban-management")
        await live.office.decide(order_no, TaskKind.ACKNOWLEDGE, "accept")
        task = await live.office.task(order_no, TaskKind.HANDLE)
        handler = await at_work(live, "street-urban-management-handler")
        shown = await handler.get(f"/desk/tasks/{task['task_id']}")
        asked = texts()["files"]["evidence"].format(count=1)
        for name in ("for_resident", "attachments"):
            hint = str(Page(shown).element(f"report_result-{name}")["aria-describedby"])
            assert asked in Page(shown).element(hint).text

    async def test_says_beside_a_group_of_choices_what_is_wrong_with_it(self, live: Api) -> None:
        _, task = await to_dispatch(live, category="noise")
        desk = await at_work(live, "desk-1")
        nowhere = await send(desk, task["task_id"], "assign", helping_units="nowhere")
        assert Page(nowhere).wrong("assign-helping_units")

    async def test_keeps_the_files_of_a_form_that_is_not_taken(self, live: Api) -> None:
        live.office.policy = "standard"
        order_no = await live.office.dispatched("street-safety")
        browser = await at_work(live, "street-safety-handler")
        task_id = (await live.office.task(order_no, TaskKind.HANDLE))["task_id"]
        picture = ("attachments", ("after.png", b"\x89PNG\r\n\x1a\n" + b"x" * 40, "image/png"))
        broken = ("attachments", ("after.exe", b"MZ" + b"x" * 40, "image/png"))
        refused = await send(browser, task_id, "report_result", [picture, broken], text="办好了")
        assert refused.status_code == 422
        assert refused.headers["cache-control"] == "private, no-cache", (
            "a browser goes back to it, and loses nothing"
        )
        assert Page(refused).wrong("report_result-attachments").startswith("第2个文件没有收")
        (kept,) = Page(refused).kept("attachments")
        assert re.fullmatch(r"[0-9a-f]{32}", kept)
        assert (await browser.get(f"/api/v1/attachments/{kept}")).status_code == 200
        wordless = await send(browser, task_id, "report_result", text=" ", attachments=kept)
        assert Page(wordless).kept("attachments") == [kept]
        gone = await send(browser, task_id, "report_result", text="办好了", attachments="0" * 32)
        assert texts()["refusals"]["unusable_attachment"] in gone.text
        assert "0" * 32 not in gone.text, "what cannot be used is not offered again"
        sent = await send(browser, task_id, "report_result", text="办好了", attachments=kept)
        assert sent.status_code == 303, sent.text
        (row,) = live.office.rows("SELECT attachment_id, matter_no FROM attachment")
        assert (row["attachment_id"], row["matter_no"]) == (kept, order_no)

    async def test_says_beside_a_date_which_dates_are_possible(self, live: Api) -> None:
        live.office.policy = "standard"
        order_no = await live.office.dispatched("street-safety")
        task = await live.office.task(order_no, TaskKind.HANDLE)
        due_at = datetime.fromisoformat(task["due_at"]).replace(tzinfo=UTC)
        browser = await at_work(live, "street-safety-handler")

        async def refused(wanted: datetime) -> str:
            fields = {"due_at": wanted.isoformat(), "reason": "documents_awaited"}
            shown = await send(browser, task["task_id"], "request_extension", **fields)
            return Page(shown).wrong("request_extension-due_at")

        faults = texts()["faults"]
        assert await refused(due_at - timedelta(minutes=1)) == faults["too_early"].format(
            bound=moment(due_at)
        )
        assert await refused(due_at - timedelta(days=60)) == faults["not_ahead"]
        assert (await refused(due_at + timedelta(days=300))).startswith(faults["too_far"].partition("{")[0])
        assert live.office.rows("SELECT 1 FROM decision WHERE name = 'request_extension'") == []

    async def test_takes_a_form_that_is_sent_twice_once(self, live: Api) -> None:
        browser = await at_work(live, "duty-1")
        order_no = (await live.placed())["order_no"]
        task = await live.office.task(order_no, TaskKind.FIRST_CONTACT)
        shown = (await browser.get(f"/desk/tasks/{task['task_id']}")).text
        data = hidden(shown) | {"outcome": "resolve", "text": "答复"}
        path = f"/desk/tasks/{task['task_id']}/decision"
        for _ in range(2):
            sent = await browser.send("POST", path, data=data, headers={"Origin": HOST})
            assert sent.headers.get("location") == f"/desk?done=applied&matter={order_no}", sent.text
        assert len(live.office.rows("SELECT * FROM decision")) == 1

    async def test_says_who_was_there_first_and_keeps_what_was_typed(self, live: Api) -> None:
        order_no = (await live.placed())["order_no"]
        task = await live.office.task(order_no, TaskKind.FIRST_CONTACT)
        first, second = await at_work(live, "duty-1"), await at_work(live, "duty-2")
        path = f"/desk/tasks/{task['task_id']}"
        data = hidden((await second.get(path)).text) | {"outcome": "resolve", "text": "我也写好了答复"}
        assert (await send(first, task["task_id"], "resolve", text="答复")).status_code == 303
        late = await second.send("POST", f"{path}/decision", data=data, headers={"Origin": HOST})
        assert late.status_code == 409
        assert any(re.match(r"已由 duty-1 于 \S+ \S+ 办完", each) for each in Page(late).alerts)
        assert "我也写好了答复" in late.text
        assert len(live.office.rows("SELECT * FROM decision")) == 1

    async def test_is_only_looked_at_by_who_may_not_decide_it(self, api: Api) -> None:
        order_no = (await api.placed())["order_no"]
        (task,) = api.office.tasks(order_no)
        looking = await at_work(api, "auditor-1")
        shown = await looking.get(f"/desk/tasks/{task['task_id']}")
        assert shown.status_code == 200
        assert Page(shown).values("outcome") == []
        stranger = await at_work(api, "community-04-worker")
        assert (await stranger.get(f"/desk/tasks/{task['task_id']}")).status_code == 404

    async def test_is_claimed_and_given_back(self, api: Api) -> None:
        order_no = (await api.placed())["order_no"]
        (task,) = api.office.tasks(order_no)
        path = f"/desk/tasks/{task['task_id']}"
        browser, other = await at_work(api, "duty-1"), await at_work(api, "duty-2")
        data = Page(await browser.get(path)).form(f"{path}/claim").sends()
        held = await browser.send("POST", f"{path}/claim", data=data, headers={"Origin": HOST})
        assert held.headers["location"] == path
        assert "duty-1" in (await other.get(path)).text
        assert Page(await browser.get(path)).form(f"{path}/release")
        assert f"{path}/claim" not in (await other.get(path)).text

    async def test_shows_who_asked_for_a_reason_that_the_audit_keeps(self, api: Api) -> None:
        order_no = (await api.placed(requester={"phone": "00000000001"}))["order_no"]
        (task,) = api.office.tasks(order_no)
        path = f"/desk/tasks/{task['task_id']}"
        browser = await at_work(api, "duty-1")
        shown = (await browser.get(path)).text
        assert "00000000001" not in shown
        assert "000****0001" in shown
        data = Page(shown).form(f"{path}/contact").sends()
        assert data["reason"] == ["clarify"], "who answers first usually asks back"
        told = await browser.send("POST", f"{path}/contact", data=data, headers={"Origin": HOST})
        assert "00000000001" in told.text
        assert len(api.office.rows("SELECT 1 FROM audit WHERE act = 'contact_revealed'")) == 1

    @pytest.mark.parametrize(
        "hostile",
        ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "javascript:alert(1)"],
    )
    async def test_shows_whatever_was_written_as_text(self, api: Api, hostile: str) -> None:
        order_no = (await api.placed(description=hostile, subject=hostile, place={"address": hostile}))[
            "order_no"
        ]
        (task,) = api.office.tasks(order_no)
        shown = (await (await at_work(api, "duty-1")).get(f"/desk/tasks/{task['task_id']}")).text
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown
        assert shown.count(str(escape(hostile))) >= 3, "as it was written, in heading, text and place"

    def test_has_words_for_every_code_that_a_form_offers(self) -> None:
        codes = {
            code
            for task in TASKS.values()
            for outcome in task.outcomes
            for field in outcome.fields
            for code in field.codes
        }
        assert codes <= set(texts()["codes"])
        assert {str(role) for role in Role} <= set(texts()["roles"])
