"""Decisions that a reviewer or the order refused come back to the unit with their words and files, to be changed."""

from typing import Any

from api.pages.rendering import texts
from domain.office.words import Role
from domain.order.lifecycle import TaskKind
from store.office.people import StaffRow, add_staff
from tests.api.channels.test_attachments import PNG
from tests.api.conftest import Api
from tests.api.desk.test_desk import send
from tests.support.browser import Browser, at_work
from tests.support.page import Page

PICTURE = ("attachments", ("after.png", PNG, "image/png"))


async def sent_by(
    browser: Browser, api: Api, task_id: str, outcome: str, files: Any = None, **fields: Any
) -> Any:
    """Send a form, after emptying the outbox of earlier decisions."""
    await api.office.drain()
    return await send(browser, task_id, outcome, files, **fields)


async def form(browser: Browser, task_id: str, outcome: str) -> Page:
    """Return the form of an outcome, with the details that fold it, as a task's page shows it."""
    shown = Page(await browser.get(f"/desk/tasks/{task_id}"))
    return shown.part(f'details:has(input[name="outcome"][value="{outcome}"])')


def is_open(form: Page) -> bool:
    return "open" in form.tag.attrs


def files_of(entry: Page) -> list[str]:
    return [each for each in entry.links if each.startswith("/api/v1/attachments/")]


def hired(api: Api, username: str, unit: str) -> None:
    with api.office.store.write() as connection:
        add_staff(connection, StaffRow(username=username, name="同事", unit=unit, roles=(Role.UNIT_HANDLER,)))


async def reported(live: Api) -> tuple[str, str]:
    """Let a unit report with a picture, and return the order's number and the picture's id."""
    order_no = await live.office.dispatched("street-safety", requester={})
    task = await live.office.task(order_no, TaskKind.HANDLE)
    browser = await at_work(live, "street-safety-handler")
    sent = await sent_by(browser, live, task["task_id"], "report_result", [PICTURE], text="路灯修好了")
    assert sent.status_code == 303, sent.text
    (row,) = live.office.rows("SELECT * FROM attachment")
    return order_no, str(row["attachment_id"])


async def revised(live: Api) -> tuple[str, str, dict[str, Any]]:
    """Let a unit report and the reviewer send it back; return number, picture, and the unit's new task."""
    order_no, picture = await reported(live)
    await live.office.decide(order_no, TaskKind.REVIEW, "revise", text="写明哪天修的")
    return order_no, picture, await live.office.task(order_no, TaskKind.HANDLE)


class TestAResultThatAReviewerSendsBack:
    async def test_stands_in_the_form_of_whoever_of_the_unit_is_at_it_now(self, live: Api) -> None:
        live.office.policy = "standard"
        order_no, picture, task = await revised(live)
        hired(live, "street-safety-second", "street-safety")
        colleague = await at_work(live, "street-safety-second")
        shown = (await colleague.get(f"/desk/tasks/{task['task_id']}")).text
        assert texts()["task"]["sent_back"] in shown
        again = await form(colleague, task["task_id"], "report_result")
        assert is_open(again)
        assert again.field("text") == "路灯修好了"
        assert again.kept("attachments") == [picture]
        assert not is_open(await form(colleague, task["task_id"], "cannot_resolve"))
        fields = {"text": "路灯20日修好了", "attachments": picture}
        sent = await send(
            colleague,
            task["task_id"],
            "report_result",
            [("attachments", ("b.png", PNG, "image/png"))],
            **fields,
        )
        assert sent.status_code == 303, sent.text
        assert len(live.office.rows("SELECT 1 FROM attachment")) == 2
        assert live.office.rows("SELECT 1 FROM decision WHERE status = 'rejected'") == []

        # Both answers are shown with the picture, and the second also with the later picture.
        history = await (await at_work(live, "desk-1")).get(f"/desk/orders/{order_no}")
        timeline = Page(history).section(texts()["task"]["history"])
        first, second = (each for each in timeline.items() if files_of(each))
        assert "路灯修好了" in first.text
        assert files_of(first) == [f"/api/v1/attachments/{picture}?size=large"]
        assert "路灯20日修好了" in second.text
        assert len(files_of(second)) == 2

        # Sent back once more, it comes back with both.
        await live.office.decide(order_no, TaskKind.REVIEW, "revise", text="再写清楚")
        task = await live.office.task(order_no, TaskKind.HANDLE)
        assert len((await form(colleague, task["task_id"], "report_result")).kept("attachments")) == 2

    async def test_is_nobody_elses(self, live: Api) -> None:
        live.office.policy = "standard"
        order_no, picture, _ = await revised(live)
        other = await live.office.dispatched("street-safety", requester={})
        elsewhere = await live.office.task(other, TaskKind.HANDLE)
        sender = await at_work(live, "street-safety-handler")
        refused = await sent_by(
            sender, live, elsewhere["task_id"], "report_result", text="借用", attachments=picture
        )
        assert texts()["refusals"]["unusable_attachment"] in refused.text
        await live.office.act(order_no, "reassign", by="desk-1", unit="street-construction", reason="改派")
        await live.office.decide(order_no, TaskKind.ACKNOWLEDGE, "accept")
        task = await live.office.task(order_no, TaskKind.HANDLE)
        assert task["unit"] == "street-construction"
        stranger = await at_work(live, "street-construction-handler")
        again = await form(stranger, task["task_id"], "report_result")
        assert "路灯修好了" not in str(again.tag)
        assert picture not in str(again.tag)
        refused = await sent_by(
            stranger, live, task["task_id"], "report_result", text="借用", attachments=picture
        )
        assert texts()["refusals"]["unusable_attachment"] in refused.text

    async def test_is_told_to_programs_and_taken_from_them(self, live: Api) -> None:
        live.office.policy = "standard"
        _, picture, task = await revised(live)
        me = live.staff("street-safety-handler")
        shown = (await live.http.get(f"/api/v1/tasks/{task['task_id']}", headers=me)).json()
        assert shown["returned"] == {
            "outcome": "report_result",
            "fields": {"text": "路灯修好了", "attachments": [picture]},
            "code": None,
            "why": "写明哪天修的",
        }
        await live.office.drain()
        taken = await live.http.post(
            f"/api/v1/tasks/{task['task_id']}/decision?wait=5",
            json={"outcome": "report_result", "fields": {"text": "改好了", "attachments": [picture]}},
            headers=me,
        )
        assert taken.json()["status"] == "applied", taken.text

    async def test_does_not_come_back_once_one_was_approved(self, live: Api) -> None:
        live.office.policy = "standard"
        order_no, picture, task = await revised(live)
        handler = await at_work(live, "street-safety-handler")
        sent = await sent_by(
            handler, live, task["task_id"], "report_result", text="改好了", attachments=picture
        )
        assert sent.status_code == 303, sent.text
        await live.office.decide(order_no, TaskKind.REVIEW, "approve")
        await live.office.stage(order_no, "closed")
        await live.office.act(order_no, "reopen", text="又坏了")
        task = await live.office.task(order_no, TaskKind.HANDLE)
        again = await form(handler, task["task_id"], "report_result")
        assert "改好了" not in str(again.tag)
        assert again.kept("attachments") == []


class TestWhatElseIsReviewed:
    async def test_comes_back_to_the_desk_that_did_not_want_to_accept(self, live: Api) -> None:
        live.office.policy = "standard"
        order_no = (await live.placed())["order_no"]
        await live.office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单")
        await live.office.decide(
            order_no, TaskKind.CLASSIFY, "reject", reason="not_ours", goes_to="court", text="请向法院起诉"
        )
        await live.office.decide(order_no, TaskKind.REVIEW, "revise", text="先问清楚")
        task = await live.office.task(order_no, TaskKind.CLASSIFY)
        again = await form(await at_work(live, "desk-2"), task["task_id"], "reject")
        assert again.field("text") == "请向法院起诉"
        assert again.chosen("reason") == "not_ours"
        assert again.chosen("goes_to") == "court"

    async def test_comes_back_to_the_unit_that_saw_no_way(self, live: Api) -> None:
        live.office.policy = "standard"
        order_no = await live.office.dispatched("street-safety", requester={})
        await live.office.decide(
            order_no, TaskKind.HANDLE, "cannot_resolve", reason="no_funding", text="没有经费"
        )
        await live.office.decide(order_no, TaskKind.REVIEW, "revise", text="可以申请")
        task = await live.office.task(order_no, TaskKind.HANDLE)
        handler = await at_work(live, "street-safety-handler")
        again = await form(handler, task["task_id"], "cannot_resolve")
        assert again.field("text") == "没有经费"
        assert again.chosen("reason") == "no_funding"

    async def test_is_no_longer_asked_for_where_a_request_was_denied(self, live: Api) -> None:
        live.office.policy = "standard"
        order_no = await live.office.dispatched("street-safety", requester={})
        task = await live.office.task(order_no, TaskKind.HANDLE)
        await live.office.decide(
            order_no, TaskKind.HANDLE, "transfer", unit="street-construction", reason="not_competent"
        )
        await live.office.settled(
            await live.office.decide(order_no, TaskKind.REVIEW, "revise", text="不同意")
        )
        handler = await at_work(live, "street-safety-handler")
        shown = Page(await handler.get(f"/desk/tasks/{task['task_id']}"))
        assert "transfer" not in shown.values("outcome")
        assert texts()["task"]["sent_back"] not in shown.text


class TestADecisionThatTheOrderRefused:
    async def test_stands_in_its_senders_form_when_they_come_again(self, api: Api) -> None:
        order_no = (await api.placed())["order_no"]
        (task,) = api.office.tasks(order_no)
        submitted = api.office.submit(task, "refer", by="duty-1", text="我的意见", unit="street-safety")
        with api.office.store.write() as connection:
            connection.exec_driver_sql(
                "UPDATE decision SET status = 'rejected', code = 'not_yet', reason = 'x'"
            )
        mine, other = await at_work(api, "duty-1"), await at_work(api, "duty-2")
        again = await form(mine, task["task_id"], "refer")
        assert again.field("text") == "我的意见"
        assert again.chosen("unit") == "street-safety"
        why = texts()["refusals"]["not_yet"]
        assert (
            texts()["task"]["refused_before"].format(why=why)
            in (await mine.get(f"/desk/tasks/{task['task_id']}")).text
        )
        assert "我的意见" not in str((await form(other, task["task_id"], "refer")).tag)
        assert submitted.row.matter_no == order_no
