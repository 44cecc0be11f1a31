"""How many clicks the usual ways take, from the list of tasks to what became of it; a list to unfold counts two."""

import asyncio
from dataclasses import dataclass

import pytest
from playwright.async_api import Locator, ViewportSize
from playwright.async_api import Page as Tab

from demo.teller import Told
from tests.browser.browsing import PHONE, Site
from tests.support.pages import Page, bring, set_anew

WIDE: ViewportSize = {"width": 1440, "height": 900}
MAPPED = {"category": "city_appearance"}
"""With a category for which the directory names a unit."""


@dataclass(kw_only=True)
class Hand:
    """Clicks, and counts."""

    tab: Tab
    clicks: int = 0

    async def click(self, where: Locator) -> None:
        """Click once."""
        self.clicks += 1
        await where.click()

    async def press(self, button: str) -> None:
        """Press a button, and wait until it is said what became of it."""
        await self.click(self.tab.get_by_role("button", name=button, exact=True))
        await self.tab.get_by_role("status").first.wait_for()

    async def open(self, told: Told, kind: str) -> None:
        """Go to the list of this kind of task, which costs nothing, and open the order's."""
        task = await told.task(kind)
        await self.tab.goto(f"/desk?kind={kind}")
        row = self.tab.locator(f"a[href^='/desk/tasks/{task['task_id']}']")
        while not await row.count():
            await self.tab.get_by_role("link", name="下一页").click()
        await self.click(row)


async def test_an_order_is_classed_and_dispatched_by_two(site: Site) -> None:
    told = await bring(site.teller, "classify", **MAPPED)
    async with site.seated("desk-1") as tab:
        hand = Hand(tab=tab)
        await hand.open(told, "classify")
        await hand.press("分类并派单")
    assert (await told.task("acknowledge"))["unit"] == "street-urban-management"
    assert hand.clicks == 2


async def test_a_result_is_reviewed_by_two_with_its_pictures_in_sight(site: Site) -> None:
    told = await bring(site.teller, "review")
    async with site.seated("desk-1") as tab:
        await tab.set_viewport_size(WIDE)
        hand = Hand(tab=tab)
        await hand.open(told, "review")
        for picture in await tab.locator(".beside img").all():
            await picture.evaluate("each => each.decode()")
            assert await picture.evaluate("each => each.getBoundingClientRect().bottom <= innerHeight")
        assert await tab.locator(".beside img").count() == 2
        await hand.press("同意")
    assert await told.task("follow_up")
    assert hand.clicks == 2


async def test_a_resident_is_called_back_by_five(site: Site) -> None:
    told = await bring(site.teller, "follow_up")
    async with site.seated("call-back-1", size="phone") as tab:
        hand = Hand(tab=tab)
        await hand.open(told, "follow_up")
        await hand.click(tab.get_by_role("button", name="显示联系方式"))
        assert await tab.locator(".foot a[href^='tel:']").is_visible()
        for question, answer in (("是否解决", "是"), ("是否满意", "是")):
            await hand.click(tab.get_by_role("radiogroup", name=question).get_by_label(answer, exact=True))
        await hand.press("已联系上")
    assert hand.clicks == 5


async def test_five_orders_are_dispatched_by_three(site: Site) -> None:
    told = await asyncio.gather(*(bring(site.teller, "dispatch") for _ in range(5)))
    async with site.seated("desk-1") as tab:
        hand = Hand(tab=tab)
        await tab.goto("/desk")
        await hand.click(tab.get_by_role("link", name="批量派单"))
        await hand.click(tab.get_by_role("button", name="全部按派单目录派单"))
        await tab.get_by_role("status").wait_for()
    # The order of the scene went with them; other tests look for one that waits.
    site.scene.update(await set_anew(site.teller, Page(name="", route="", at="dispatch"), site.scene))
    assert [(await each.task("acknowledge"))["unit"] for each in told] == ["street-urban-management"] * 5
    assert hand.clicks <= 3


async def test_a_unit_signs_for_an_order_by_two(site: Site) -> None:
    told = await bring(site.teller, "acknowledge")
    async with site.seated("street-urban-management-handler", size="phone") as tab:
        hand = Hand(tab=tab)
        await hand.open(told, "acknowledge")
        await hand.click(tab.locator(".foot").get_by_role("button", name="签收"))
        await tab.get_by_role("status").first.wait_for()
    assert await told.task("handle")
    assert hand.clicks == 2


@pytest.mark.parametrize("kind", ["first_contact", "classify", "dispatch", "handle", "review", "follow_up"])
async def test_what_to_do_is_on_the_first_screen(site: Site, kind: str) -> None:
    who = {
        "first_contact": "duty-1",
        "handle": "street-urban-management-handler",
        "follow_up": "call-back-1",
    }.get(kind, "desk-1")
    async with site.seated(who) as tab:
        await tab.set_viewport_size(WIDE)
        await tab.goto(f"/desk/tasks/{site.scene[kind]}")
        facts, decide = tab.locator("section.card").first, tab.locator(".decide")
        left, right = await facts.bounding_box(), await decide.bounding_box()
        assert left is not None
        assert right is not None
        assert left["x"] + left["width"] <= right["x"], "beside the facts"
        first = decide.locator("form button").last if kind == "review" else decide.locator("form").nth(1)
        assert await first.evaluate("each => each.getBoundingClientRect().top < innerHeight")
        await tab.set_viewport_size(PHONE["viewport"])
        foot = await tab.locator(".foot").bounding_box()
        assert foot is not None
        assert foot["y"] + foot["height"] <= PHONE["viewport"]["height"]


async def test_the_keyboard_comes_to_the_decision_within_eight_tabs(site: Site) -> None:
    async with site.seated("desk-1") as tab:
        await tab.goto(f"/desk/tasks/{site.scene['classify']}")
        for _ in range(2):
            await tab.keyboard.press("Tab")
        assert await tab.evaluate("document.activeElement.getAttribute('href')") == "#decide"
        await tab.keyboard.press("Enter")
        pressed = 2
        while not await tab.evaluate("document.activeElement.matches('.decide [name=outcome]')"):
            await tab.keyboard.press("Tab")
            pressed += 1
            assert pressed <= 8
