"""A person who goes back from a page that shows faults finds the form as they filled it in."""

from pathlib import Path

import pytest
from playwright.async_api import Locator
from playwright.async_api import Page as Tab

from demo.teller import Told
from tests.browser.browsing import Site
from tests.support.pages import bring

WROTE = "又来电话，说晚上更吵，请尽快处理。"
MORE = "再补充一句：周末也吵。"


@pytest.fixture
def no_picture(tmp_path: Path) -> Path:
    path = tmp_path / "录音.mp3"
    path.write_bytes(b"ID3" + b"x" * 40)
    return path


async def opened(tab: Tab, told: Told) -> None:
    """Open the page of an order at the form for additions."""
    await tab.goto(f"/desk/orders/{told.order_no}")
    await tab.locator("summary", has_text="补充信息").click()


async def refused(tab: Tab, button: str) -> None:
    """Send a form that is refused."""
    async with tab.expect_response(lambda answer: answer.request.method == "POST") as sent:
        await tab.get_by_role("button", name=button, exact=True).click()
    assert (await sent.value).status == 422
    await tab.get_by_role("alert").first.wait_for()


async def comes_back(tab: Tab, words: Locator, button: str, files: Locator, chosen: Path) -> None:
    """Send a form that is refused twice, and go back twice."""
    for written in (WROTE, MORE):
        await words.fill(written)
        await files.set_input_files(chosen)
        await refused(tab, button)
        assert await words.input_value() == written
    for written in (MORE, WROTE):
        await tab.go_back()
        assert await words.input_value() == written


class TestTheFormOfAnOrdersPage:
    async def test_is_as_it_was_written(self, site: Site, no_picture: Path) -> None:
        told = await bring(site.teller, "first_contact")
        async with site.seated("duty-1") as tab:
            await opened(tab, told)
            words, files = tab.locator("#supplement-text"), tab.locator("#supplement-attachments")
            await comes_back(tab, words, "补充信息", files, no_picture)


class TestTheFormForANewOrder:
    async def test_is_as_it_was_written(self, site: Site) -> None:
        async with site.seated("duty-1") as tab:
            await tab.goto("/desk/new")
            written = {"description": WROTE, "subject": "夜间噪声", "name": "王女士", "address": "东路3号"}
            for name, value in written.items():
                await tab.locator(f"#{name}").fill(value)
            await tab.locator("#phone").fill("12")
            await refused(tab, "登记")
            await tab.locator("#description").fill(MORE)
            await refused(tab, "登记")
            await tab.go_back()
            assert await tab.locator("#description").input_value() == MORE
            await tab.go_back()
            for name, value in {**written, "phone": "12"}.items():
                assert await tab.locator(f"#{name}").input_value() == value, name


class TestAResidentsForm:
    @pytest.mark.parametrize("size", ["phone", "plain"])
    async def test_of_more_to_say_is_as_it_was_written(self, site: Site, no_picture: Path, size: str) -> None:
        told = await bring(site.teller, "first_contact")
        async with site.seated(size=size) as tab:
            await tab.goto(f"/t/{told.tracking_code}")
            await tab.locator("summary", has_text="补充信息").click()
            words, files = tab.locator("#supplement-text"), tab.locator("#supplement-pictures")
            await comes_back(tab, words, "提交补充", files, no_picture)

    async def test_of_a_new_order_is_as_it_was_written(self, site: Site, no_picture: Path) -> None:
        async with site.seated(size="phone") as tab:
            await tab.goto("/order")
            await tab.locator("#description").fill(WROTE)
            await tab.locator("#pictures").set_input_files(no_picture)
            await refused(tab, "下一步")
            await tab.locator("#description").fill(MORE)
            await refused(tab, "下一步")
            await tab.go_back()
            assert await tab.locator("#description").input_value() == MORE
            await tab.go_back()
            assert await tab.locator("#description").input_value() == WROTE

    async def test_that_asks_for_the_code_is_as_it_was_written(self, site: Site) -> None:
        async with site.seated(size="phone") as tab:
            await tab.goto("/track")
            for typed in ("AAAA-BBBB", "CCCC"):
                await tab.locator("#code").fill(typed)
                await refused(tab, "查一查")
            await tab.go_back()
            assert await tab.locator("#code").input_value() == "AAAA-BBBB"
