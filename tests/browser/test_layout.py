"""The layout holds whatever people write: rows keep their height, nothing lies over anything, paper shows no forms."""

import asyncio
from typing import Any, Final

import pytest
from playwright.async_api import Locator
from playwright.async_api import Page as Tab

from tests.browser.browsing import PHONE, Site
from tests.support.pages import bring

LONG: Final = "长" * 5_000
WIDE: Final = {"width": 1440, "height": 900}
LOWEST: Final = 48
"""A row of one line is not higher than this, in pixels."""


async def box(found: Locator) -> dict[str, float]:
    shown: Any = await found.bounding_box()
    assert shown is not None, "it is not to be seen"
    return dict(shown)


async def heights(tab: Tab) -> list[float]:
    """Measure the rows of the page's table."""
    found: list[float] = await tab.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => row.getBoundingClientRect().height)"
    )
    return found


class TestATable:
    @pytest.mark.parametrize(
        ("kind", "address"),
        [("classify", "/desk"), ("dispatch", "/desk/dispatch"), ("classify", "/desk/orders")],
        ids=["inbox", "dispatch", "orders"],
    )
    async def test_keeps_each_row_on_one_line_whatever_somebody_wrote(
        self, site: Site, kind: str, address: str
    ) -> None:
        await bring(site.teller, kind, subject=None, description=LONG)
        async with site.seated("desk-1") as tab:
            await tab.set_viewport_size({"width": WIDE["width"], "height": WIDE["height"]})
            await tab.goto(address)
            found = await heights(tab)
            assert len(found) > 1
            assert max(found) <= LOWEST
            assert max(found) - min(found) < 2

    async def test_is_a_pile_of_cards_on_a_telephone_with_nothing_between_and_nothing_lying_over(
        self, site: Site
    ) -> None:
        await bring(site.teller, "classify", subject=None, description=LONG[:200])
        async with site.seated("desk-1", size="phone") as tab:
            await tab.goto("/desk")
            ground = await tab.locator("table").evaluate("table => getComputedStyle(table).backgroundColor")
            assert ground == "rgba(0, 0, 0, 0)", "no white corners behind the cards"
            outside = await tab.locator("tbody td > *").evaluate_all(
                """all => all.filter(each => {
                  const inner = each.getBoundingClientRect(), cell = each.parentElement.getBoundingClientRect();
                  return inner.top < cell.top - 1 || inner.bottom > cell.bottom + 1;
                }).map(each => each.outerHTML.slice(0, 80))"""
            )
            assert outside == []
            right = await tab.locator("tbody tr").evaluate_all(
                "rows => Math.max(...rows.map(row => row.getBoundingClientRect().right))"
            )
            assert right <= PHONE["viewport"]["width"], "no card is wider than the screen"


class TestTheInbox:
    @pytest.mark.parametrize(("size", "most"), [("desktop", 18), ("phone", 5)])
    async def test_shows_many_whole_rows_at_once(self, site: Site, size: str, most: int) -> None:
        await asyncio.gather(*(bring(site.teller, "classify") for _ in range(18)))
        async with site.seated("desk-1", size=size) as tab:
            if size == "desktop":
                await tab.set_viewport_size({"width": WIDE["width"], "height": WIDE["height"]})
            await tab.goto("/desk")
            whole: int = await tab.locator("tbody tr").evaluate_all(
                "rows => rows.filter(row => row.getBoundingClientRect().bottom <= innerHeight).length"
            )
            assert whole >= most


class TestAFormInALine:
    @pytest.mark.parametrize(
        ("who", "address", "field"),
        [("call-back-1", "/desk/orders", "#phone"), ("administrator-1", "/desk/operations", "#order_no")],
    )
    async def test_stands_in_one_line(self, site: Site, who: str, address: str, field: str) -> None:
        async with site.seated(who) as tab:
            await tab.goto(address)
            form = tab.locator("form.inline", has=tab.locator(field))
            parts = [await box(form.locator(each)) for each in ("label", field, "button")]
            middles = [each["y"] + each["height"] / 2 for each in parts]
            assert max(middles) - min(middles) < 4


class TestATimeline:
    async def test_keeps_its_numbers_inside_the_page(self, site: Site) -> None:
        async with site.seated("auditor-1") as tab:
            await tab.goto(f"/desk/orders/{site.scene['order_of_done']}")
            room, needed = await tab.locator(".timeline").evaluate(
                """list => {
                  const style = getComputedStyle(list), pen = document.createElement("canvas").getContext("2d");
                  pen.font = style.font;
                  return [parseFloat(style.paddingLeft), pen.measureText("400. ").width];
                }"""
            )
            assert room >= needed


class TestTheSheet:
    async def test_can_be_read_on_a_telephone(self, site: Site) -> None:
        order_no = site.scene["order_of_handle"]
        async with site.seated("street-urban-management-handler", size="phone") as tab:
            await tab.goto(f"/desk/orders/{order_no}/sheet")
            cell = tab.get_by_role("cell", name=order_no, exact=True)
            assert (await box(cell))["height"] < 60, "the number stands on one line"
            assert (await box(cell))["width"] > PHONE["viewport"]["width"] / 2


class TestAPrintedPage:
    @pytest.mark.parametrize(
        ("address", "at"), [("/desk/orders/", "order_of_handle"), ("/desk/tasks/", "classify")]
    )
    async def test_shows_nothing_to_press_or_to_fill_in(self, site: Site, address: str, at: str) -> None:
        async with site.seated("desk-1") as tab:
            await tab.goto(f"{address}{site.scene[at]}")
            await tab.emulate_media(media="print")
            shown: list[str] = await tab.locator(
                "select, textarea, input:not([type=hidden]), button, summary, .back, .skip, nav"
            ).evaluate_all(
                "all => all.filter(each => each.checkVisibility()).map(each => each.outerHTML.slice(0, 80))"
            )
            assert shown == []
            assert await tab.locator(".timeline").is_visible()
