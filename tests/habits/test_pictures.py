"""The screenshots match the list of pages: `make screenshots` takes them."""

from pathlib import Path

from tests.support.pages import LOOKS, PAGES, picture

DOCS = Path(__file__).parents[2] / "docs"


def test_every_page_has_its_pictures_and_they_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in (DOCS / "screenshots").iterdir()}
    assert set(sizes) == {picture(page, look) for page in PAGES for look in LOOKS}
    assert {name: size for name, size in sizes.items() if size > 40 * 1024} == {}
    listed = (DOCS / "pages.md").read_text(encoding="utf-8")
    assert [name for name in sizes if f"screenshots/{name}" not in listed] == []
