"""Mishaps of people and networks: nothing is lost, and nothing is done twice."""

import asyncio
from datetime import UTC, datetime
from http import HTTPStatus

import pytest
from playwright.async_api import Error, Frame, Locator, Route
from playwright.async_api import Page as Tab
from sqlalchemy import text

from demo.teller import Told
from store.signin.sessions import end_sessions_of
from tests.browser.browsing import Site, arrive
from tests.support.pages import PAGES, bring

WROTE = "已电话答复，材料清单一并告知。"


def decisions(site: Site, told: Told) -> int:
    """Count the decisions on an order."""
    statement = text("SELECT count(*) FROM decision WHERE matter_no = :no")
    with site.store.look() as connection:
        return int(connection.scalar(statement, {"no": told.order_no}) or 0)


def is_lost(frame: Frame) -> bool:
    """Tell whether the browser shows that it got no answer."""
    return frame.url.startswith("chrome-error:")


async def load_again(tab: Tab) -> None:
    """Load the lost page again, which sends the form once more."""
    async with asyncio.timeout(15):
        while True:
            try:
                await tab.reload()
            except Error as error:
                # The browser is still showing its own page about the loss.
                if "active page" not in error.message:
                    raise
            else:
                return


async def send_twice(tab: Tab, button: Locator) -> None:
    """Lose the answer to a form that the server took, and load again, so that the browser sends the form once more."""

    lost: list[int] = []

    async def lose(route: Route) -> None:
        if lost or route.request.method != "POST":
            await route.continue_()
            return
        lost.append((await route.fetch(max_redirects=0)).status)
        await route.abort("connectionreset")

    await tab.route("**/*", lose)
    async with tab.expect_event("framenavigated", is_lost):
        await button.click()
    assert lost == [HTTPStatus.SEE_OTHER]
    await load_again(tab)


async def at_first_contact(site: Site, tab: Tab) -> Told:
    """Open a fresh task, and write an answer without sending it."""
    told = await bring(site.teller, "first_contact")
    await tab.goto(f"/desk/tasks/{(await told.task('first_contact'))['task_id']}")
    await tab.get_by_label("答复内容").fill(WROTE)
    return told


class TestADecision:
    @pytest.mark.parametrize("twice", ["clicked", "sent"])
    async def test_is_made_once_by_a_form_that_is_sent_twice(self, site: Site, twice: str) -> None:
        async with site.seated("duty-1") as tab:
            told = await at_first_contact(site, tab)
            button = tab.get_by_role("button", name="当场答复")
            await (button.dblclick() if twice == "clicked" else send_twice(tab, button))
            # Do not wait for the address: the second click interrupts the first navigation.
            await tab.get_by_role("status").wait_for()
            assert told.order_no in await tab.get_by_role("status").inner_text()
            assert decisions(site, told) == 1

    async def test_is_not_offered_again_to_who_goes_back(self, site: Site) -> None:
        async with site.seated("duty-1") as tab:
            told = await at_first_contact(site, tab)
            await tab.get_by_role("button", name="当场答复").click()
            await tab.wait_for_url("**/desk?done=*")
            await tab.go_back()
            assert await tab.get_by_text("办完").count() > 0
            assert await tab.locator("input[name=outcome]").count() == 0
            assert decisions(site, told) == 1

    @pytest.mark.parametrize("size", ["phone", "desktop"])
    async def test_is_made_with_the_keyboard_alone(self, site: Site, size: str) -> None:
        told = await bring(site.teller, "first_contact")
        async with site.seated("duty-1", size=size) as tab:
            await tab.goto(f"/desk/tasks/{(await told.task('first_contact'))['task_id']}")
            await tab_to(tab, "textarea", "")
            await tab.keyboard.type(WROTE)
            await tab_to(tab, "button", "当场答复")
            await tab.keyboard.press("Enter")
            await tab.wait_for_url("**/desk?done=applied*")
            assert decisions(site, told) == 1


async def tab_to(tab: Tab, element: str, words: str) -> None:
    """Press Tab until an element has the focus, and check that the focus is visible."""
    for _ in range(40):
        await tab.keyboard.press("Tab")
        focus = tab.locator(f"{element}:focus")
        if await focus.count() and words in await focus.inner_text():
            assert await focus.evaluate("each => getComputedStyle(each).outlineStyle") == "solid"
            return
    pytest.fail(f"the Tab key never came to {element} {words}")


class TestWhatWasTyped:
    async def test_is_shown_to_who_has_to_sign_in_again(self, site: Site) -> None:
        async with site.seated("duty-1") as tab:
            told = await at_first_contact(site, tab)
            with site.store.write() as connection:
                end_sessions_of(connection, "duty-1", now=datetime.now(UTC))
            await tab.get_by_role("button", name="当场答复").click()
            await tab.get_by_role("alert").wait_for()
            assert await tab.get_by_text(WROTE).count() == 1
            assert decisions(site, told) == 0

            # As the page says: sign in beside it, go back, and send it again.
            async with tab.context.expect_page() as beside:
                await tab.get_by_role("link", name="在新窗口登录").click()
            other = await beside.value
            await other.get_by_label("用户名").fill("duty-1")
            await other.get_by_label("密码").fill(site.teller.installation.passwords["duty-1"])
            await other.get_by_role("button", name="登录").click()
            await other.wait_for_url("**/desk")
            await tab.go_back()
            assert await tab.get_by_label("答复内容").input_value() == WROTE
            await tab.get_by_role("button", name="当场答复").click()
            await tab.wait_for_url("**/desk?done=applied*")
            assert decisions(site, told) == 1

    async def test_is_sent_when_the_network_comes_back(self, site: Site) -> None:
        async with site.seated("duty-1", size="phone") as tab:
            told = await at_first_contact(site, tab)
            await tab.context.set_offline(True)
            async with tab.expect_event("framenavigated", is_lost):
                await tab.get_by_role("button", name="当场答复").click()
            assert decisions(site, told) == 0
            await tab.context.set_offline(False)
            # The browser sends the form that it could not send.
            await load_again(tab)
            await tab.wait_for_url("**/desk?done=applied*")
            assert decisions(site, told) == 1


class TestTheInbox:
    async def test_says_when_it_could_not_be_renewed_and_when_it_is_fresh_again(self, site: Site) -> None:
        async with site.seated("desk-1") as tab:
            await tab.clock.install()
            await tab.goto("/desk")
            stale = tab.locator("#tasks-stale")
            assert not await stale.is_visible()

            async def out_of_order(route: Route) -> None:
                await route.fulfill(status=HTTPStatus.SERVICE_UNAVAILABLE, body="")

            await tab.route("**/desk?*", out_of_order)
            await tab.clock.fast_forward("00:31")
            await stale.wait_for(state="visible")
            await tab.unroute("**/desk?*")
            await tab.clock.fast_forward("00:31")
            await stale.wait_for(state="hidden")
            with site.store.write() as connection:
                end_sessions_of(connection, "desk-1", now=datetime.now(UTC))
            await tab.clock.fast_forward("00:31")
            await stale.wait_for(state="visible")
            assert await tab.get_by_role("table").count() == 1, "what stood there stays"


class TestTheDescriptionOfTheApi:
    async def test_is_shown_without_anything_from_elsewhere(self, site: Site) -> None:
        async with site.seated() as tab:
            asked: list[str] = []
            tab.on("request", lambda request: asked.append(request.url))
            await tab.goto("/api/v1/docs")
            await tab.locator(".opblock").first.wait_for()
            assert {url for url in asked if not url.startswith((site.url, "data:"))} == set()


class TestAResident:
    async def test_loses_nothing_of_an_order_when_the_network_goes_and_comes_back(self, site: Site) -> None:
        async with site.seated(size="phone") as tab:
            await tab.goto("/order")
            await tab.get_by_label("投诉").check()
            await tab.get_by_label("什么事").fill(WROTE)
            await tab.context.set_offline(True)
            async with tab.expect_event("framenavigated", is_lost):
                await tab.get_by_role("button", name="下一步").click()
            await tab.context.set_offline(False)
            await load_again(tab)
            await tab.get_by_role("button", name="下一步").click()
            await tab.get_by_label("联系电话").wait_for()
            assert WROTE in await tab.locator("main").inner_text()

    @pytest.mark.parametrize("twice", ["clicked", "sent"])
    async def test_places_one_order_by_a_form_that_is_sent_twice(self, site: Site, twice: str) -> None:
        async with site.seated(size="phone") as tab:
            await arrive(tab, next(page for page in PAGES if page.name == "order-who"), "/order")
            with site.store.look() as connection:
                before = connection.scalar(text("SELECT count(*) FROM orders"))
            button = tab.get_by_role("button", name="提交")
            await (button.dblclick() if twice == "clicked" else send_twice(tab, button))
            await tab.locator(".code").wait_for()
            with site.store.look() as connection:
                assert connection.scalar(text("SELECT count(*) FROM orders")) == before + 1


class TestTheWayIn:
    async def test_jumps_over_the_bar_with_the_first_key(self, site: Site) -> None:
        async with site.seated("desk-1") as tab:
            await tab.goto("/desk")
            await tab.keyboard.press("Tab")
            await tab.keyboard.press("Enter")
            assert tab.url.endswith("#content")

    async def test_becomes_large_with_one_click_and_stays_so(self, site: Site) -> None:
        async with site.seated(size="phone") as tab:
            await tab.goto("/signin")
            await tab.get_by_role("button", name="长辈版").click()
            await tab.locator("html.elder").wait_for()
            assert tab.url.endswith("/signin")
            await tab.goto("/signin?goes_to=/desk")
            assert await tab.locator("html.elder").count() == 1
            await tab.get_by_role("button", name="标准版").click()
            await tab.locator("html:not(.elder)").wait_for()
