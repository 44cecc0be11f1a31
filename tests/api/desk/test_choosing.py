"""The choice of tasks goes along from the inbox to each task, and after a decision it opens the next one."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from domain.order.lifecycle import TaskKind
from tests.api.conftest import Api
from tests.support.browser import HOST, Browser, at_work
from tests.support.page import Page

CHOSEN = "scope=post&kind=first_contact"


async def in_hand(live: Api, count: int) -> tuple[Browser, list[str]]:
    """Place orders; return a duty officer at work and the addresses of the tasks, as the chosen inbox lists them."""
    for number in range(count):
        await live.office.task(
            (await live.placed(key=f"key-{number:08}"))["order_no"], TaskKind.FIRST_CONTACT
        )
    browser = await at_work(live, "duty-1")
    listed = Page(await browser.get(f"/desk?{CHOSEN}")).links
    return browser, [each for each in listed if each.startswith("/desk/tasks/")]


async def answer(browser: Browser, address: str, **changes: Any) -> Any:
    """Answer on the spot by the form of a task's page, and return what the form is answered with."""
    parts = urlsplit(address)
    where = f"{parts.path}/decision{f'?{parts.query}' if parts.query else ''}"
    form = Page(await browser.get(address)).form(where, outcome="resolve")
    said = form.sends() | {"text": "已答复"} | changes
    headers = {"Origin": HOST, "Sec-Fetch-Site": "same-origin"}
    return await browser.send("POST", where, data=said, headers=headers)


class TestADecision:
    async def test_opens_the_next_chosen_task_and_after_the_last_one_the_first(self, live: Api) -> None:
        browser, (first, second, third) = await in_hand(live, 3)
        for decided, following in ((second, third), (third, first)):
            sent = await answer(browser, decided)
            assert sent.status_code == 303, sent.text
            assert sent.headers["location"].startswith(f"{following}&done=applied&matter="), (
                "with the same choice"
            )
            shown = (await browser.get(sent.headers["location"])).text
            assert "已办理，工单" in shown
            assert "下面是下一件" in shown
        sent = await answer(browser, first)
        back = urlsplit(sent.headers["location"])
        assert back.path == "/desk", "none is left"
        assert parse_qs(back.query) | {"matter": []} == {
            "scope": ["post"],
            "kind": ["first_contact"],
            "done": ["applied"],
            "matter": [],
        }

    async def test_leads_back_to_the_inbox_if_nothing_was_chosen(self, live: Api) -> None:
        browser, (first, _) = await in_hand(live, 2)
        sent = await answer(browser, urlsplit(first).path)
        assert sent.headers["location"].startswith("/desk?done=applied")

    async def test_that_has_a_fault_keeps_the_choice(self, live: Api) -> None:
        browser, (first, *_) = await in_hand(live, 1)
        wrong = await answer(browser, first, text=" ")
        assert wrong.status_code == 422
        page = Page(wrong)
        assert page.form(f"{urlsplit(first).path}/decision?{CHOSEN}", outcome="resolve")
        assert f"/desk?{CHOSEN}" in page.links, "and the way back keeps it"

    async def test_goes_along_when_a_task_is_claimed(self, live: Api) -> None:
        browser, (first, *_) = await in_hand(live, 1)
        parts = urlsplit(first)
        where = f"{parts.path}/claim?{parts.query}"
        form = Page(await browser.get(first)).form(where)
        claimed = await browser.send("POST", where, data=form.sends(), headers={"Origin": HOST})
        assert claimed.headers["location"] == first


class TestAChoice:
    async def test_that_is_none_is_refused(self, live: Api) -> None:
        browser, (first, *_) = await in_hand(live, 1)
        refused = await browser.get(f"{urlsplit(first).path}?kind=nonsense")
        assert refused.status_code == 422
