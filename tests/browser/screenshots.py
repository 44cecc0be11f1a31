"""Screenshots of every page for `docs/pages.md`: `make screenshots`. All people and things in them are fictional."""

import asyncio
import io
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image

from tests.browser.browsing import Site, arrive, standing, unfold
from tests.support.machine.ending import end_in_order
from tests.support.pages import LOOKS, PAGES, Page, picture

DOCS: Final = Path(__file__).parents[2] / "docs"
MOST_BYTES: Final = 40 * 1024
_WIDTHS: Final = {"phone": 100, "desktop": 240}
_INTRODUCTION: Final = """# Pages

Every page as people see it: on a phone, at a desk, and large on a phone (长辈版, chosen on any page). The office, its
people and their matters are fictional. Written by `make screenshots` from the list in `tests/support/pages.py`.

| Page | Who | Phone | Desk | Large |
|---|---|---|---|---|
"""


async def take(site: Site, page: Page, folder: Path) -> None:
    """Take the screenshots of one page: the part that fits on a screen."""
    for look, (size, elder) in LOOKS.items():
        async with site.context(page, size=size, elder=elder) as context:
            tab = await context.new_page()
            await arrive(tab, page, page.address(site.scene))
            if size == "phone":
                await unfold(tab)
            path = folder / picture(page, look)
            shot = Image.open(io.BytesIO(await tab.screenshot()))
            for quality in (60, 40, 20, 5):
                shot.save(path, "WEBP", quality=quality, method=6)
                if path.stat().st_size <= MOST_BYTES:
                    break


def row(page: Page) -> str:
    """Write a page's row of the table."""
    shots = " | ".join(
        f'<img src="screenshots/{picture(page, look)}" width="{_WIDTHS[size]}" alt="{page.name}, {look}">'
        for look, (size, _) in LOOKS.items()
    )
    return f"| {page.name}<br>`{page.route}{page.query}` | {page.who or 'anybody'} | {shots} |\n"


async def main() -> None:
    """Take all screenshots again."""
    folder = DOCS / "screenshots"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.webp"):
        old.unlink()
    with tempfile.TemporaryDirectory(prefix="dingdan-screenshots-") as data:
        async with standing(Path(data)) as site:
            for page in PAGES:
                await take(site, page, folder)
    (DOCS / "pages.md").write_text(_INTRODUCTION + "".join(map(row, PAGES)), encoding="utf-8")


if __name__ == "__main__":
    end_in_order()
    asyncio.run(main())
