"""A person at a browser: contexts of two sizes, and the complaints of pages."""

import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Response,
    async_playwright,
)

from api.pages.rendering import ELDER_COOKIE
from demo.embedded import prepare
from demo.teller import Teller
from runtime.machine.supervisor import Supervisor
from store.database import Store
from tests.support import pages

PHONE: Final[dict[str, Any]] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
}
DESKTOP: Final[dict[str, Any]] = {"viewport": {"width": 1280, "height": 800}}
SIZES: Final = {"phone": PHONE, "desktop": DESKTOP}
PLAIN: Final[dict[str, Any]] = {
    **PHONE,
    "java_script_enabled": False,
    "user_agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0"
    " Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160117 MMWEBSDK/20240404 MicroMessenger/8.0.49",
}
"""A telephone's web view inside an app like WeChat, without scripts."""
_HOLDS: Final = {**SIZES, "plain": PLAIN}
_WATCH: Final = """
addEventListener('securitypolicyviolation', event =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


class NoChromium(Exception):
    """There is no browser to test with."""


def find_chromium() -> str:
    """Find Debian's browser, never one that a package downloads.

    Raises:
        NoChromium: the browser is not installed.
    """
    if found := shutil.which("chromium"):
        return found
    raise NoChromium("Chromium is not installed; on Debian: apt-get install chromium fonts-noto-cjk")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start the browser.

    Raises:
        NoChromium: the browser is not installed.
    """
    path = find_chromium()
    # Chromium's sandbox does not work for root, the usual user in containers.
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        await browser.close()


@dataclass(kw_only=True)
class Site:
    """A running installation with a scene in it, and a browser to look at it."""

    url: str
    store: Store
    secret: str
    teller: Teller
    scene: dict[str, str]
    browser: Browser
    complaints: list[str] = field(default_factory=list)
    """Complaints of pages: errors, refused scripts, dialogs. A test that leaves any fails."""

    @asynccontextmanager
    async def seated(
        self, who: str | None = None, *, size: str = "desktop", elder: bool = False
    ) -> AsyncIterator[Page]:
        """Open a tab for a person who is signed in already."""
        somebody = pages.Page(name="", route="", who=who)
        async with self.context(somebody, size=size, elder=elder) as context:
            yield await context.new_page()

    @asynccontextmanager
    async def context(
        self, page: pages.Page, *, size: str = "desktop", elder: bool = False
    ) -> AsyncIterator[BrowserContext]:
        """Open a browser as the person whom a page is for."""
        context = await self.browser.new_context(base_url=self.url, locale="zh-CN", **_HOLDS[size])
        context.set_default_timeout(15_000)
        await self._give(context, pages.cookies_of(self.store, self.secret, page.who, page.step))
        if elder:
            await self.enlarge(context)
        await context.add_init_script(_WATCH)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(f"error: {error.error}"))
        context.on("dialog", self._refuse)
        try:
            yield context
        finally:
            await context.close()

    async def enlarge(self, context: BrowserContext) -> None:
        """Choose the large pages."""
        await self._give(context, {ELDER_COOKIE: "1"})

    async def _give(self, context: BrowserContext, cookies: Mapping[str, str]) -> None:
        await context.add_cookies(
            [
                {
                    "name": name,
                    "value": value,
                    "url": self.url.replace("http:", "https:"),
                    "secure": True,
                    "httpOnly": True,
                    "sameSite": "Lax",
                }
                for name, value in cookies.items()
            ]
        )

    def _hear(self, message: ConsoleMessage) -> None:
        # Browsers log a refusing answer as if the resource were missing.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(f"console: {message.text}")

    async def _refuse(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        await dialog.dismiss()


@asynccontextmanager
async def standing(folder: Path) -> AsyncIterator[Site]:
    """Start server, API, worker and browser as an office does, and bring orders to every kind of task.

    Raises:
        NoChromium: the browser is not installed.
    """
    find_chromium()
    installation = await prepare(folder, policy_version="standard", port=0, report=print)
    store = Store(f"sqlite:///{folder}/dingdan.db")
    async with (
        Supervisor(installation.parts, say=print),
        httpx2.AsyncClient(base_url=installation.api_url, timeout=30, trust_env=False) as http,
        chromium() as browser,
    ):
        teller = Teller(installation=installation, http=http)
        secret = (folder / "secret.key").read_text(encoding="utf-8").strip()
        yield Site(
            url=installation.api_url,
            store=store,
            secret=secret,
            teller=teller,
            scene=await pages.set_scene(teller, pages.cookies_of(store, secret, "duty-1"), store),
            browser=browser,
        )
    store.close()


async def arrive(tab: Page, page: pages.Page, address: str) -> Response:
    """Open a page, through the forms that lead to it, if any."""
    answer = await tab.goto(address)
    for said in page.sends:
        async with tab.expect_navigation() as going:
            await tab.evaluate(_SEND, dict(said))
        answer = await going.value
    assert answer is not None
    return answer


_SEND: Final = """
said => {
  const button = document.querySelector(`button[name=go][value="${said.go}"]`);
  for (const [name, value] of Object.entries(said)) {
    const field = button.form.elements[name];
    if (name !== 'go') field.value = value;
  }
  button.form.requestSubmit(button);
}"""


async def unfold(page: Page) -> None:
    """Open all folded parts of a page."""
    await page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
