"""Forms of the desk, as a browser sends them."""

from typing import Any

from tests.support.browser import HOST, Browser
from tests.support.page import Page

HEADERS = {"Origin": HOST, "Sec-Fetch-Site": "same-origin"}

PICTURE = b"\x89PNG\r\n\x1a\n" + b"x" * 200_000


def hidden(shown: str) -> dict[str, str]:
    """Return the hidden fields of a page's form."""
    page = Page(shown)
    found = {name: page.field(name) for name in ("csrf", "decision_id")}
    assert all(found.values()), found
    return found


async def send(browser: Browser, path: str, to: str = "", files: Any = None, **fields: Any) -> Any:
    """Send a form of a page."""
    data = hidden((await browser.get(path)).text) | fields
    return await browser.send("POST", to or path, data=data, files=files, headers=HEADERS)
