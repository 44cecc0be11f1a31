"""Every page in a real browser: nothing shuts a reader out, and everything is large enough for the elderly."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page as Tab

from tests.browser.browsing import DESKTOP, PHONE, Site, arrive, unfold
from tests.support.pages import PAGES, Page

HERE = Path(__file__).parent
AXE = (HERE / "vendor" / "axe.min.js").read_text(encoding="utf-8")
MEASURE = (HERE / "measure.js").read_text(encoding="utf-8")
EACH = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


async def opened(site: Site, tab: Tab, page: Page) -> None:
    answer = await arrive(tab, page, page.address(site.scene))
    assert answer.status == page.status
    assert await tab.locator("main h1").count() == 1
    await unfold(tab)


async def serious(tab: Tab) -> list[str]:
    """Run axe, and return the findings that are serious or worse, with their places."""
    if not await tab.evaluate("'axe' in window"):
        await tab.evaluate(AXE)
    found: dict[str, Any] = await tab.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {node['html'][:120]}"
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]


@EACH
async def test_a_page_keeps_nobody_out(site: Site, page: Page) -> None:
    """Axe finds nothing serious, in light and in dark; nothing is too small or too wide, on a phone and at a desk.

    In elder mode text has 18 px and more, and targets 60 px (MIIT 2021-04).
    """
    async with site.context(page, size="phone") as context:
        tab = await context.new_page()
        await opened(site, tab, page)
        assert await serious(tab) == []
        assert await tab.evaluate(MEASURE, {"target": 44, "text": 12}) == []
        await tab.set_viewport_size(DESKTOP["viewport"])
        assert await tab.evaluate(MEASURE, {"target": 44, "text": 12}) == []
        await tab.emulate_media(color_scheme="dark")
        assert await serious(tab) == []
        await tab.emulate_media(color_scheme="light")
        await tab.set_viewport_size(PHONE["viewport"])
        await site.enlarge(context)
        await opened(site, tab, page)
        assert await tab.locator("html.elder").count() == 1
        assert await tab.evaluate(MEASURE, {"target": 60, "text": 18}) == []
        assert await serious(tab) == []
