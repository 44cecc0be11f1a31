"""The list of pages is complete: browser tests, figures and screenshots go through every page of the application."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import create_app
from api.security import doors
from api.service import Service
from runtime.temporal import Orders
from store.attachment.files import FileStore
from store.database import Store
from tests.support.pages import NO_PAGES, PAGES


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[set[str]]:
    """Yield every route that a browser can open, without those for programs."""
    store = Store("sqlite:///nowhere.db")
    service = Service(
        store=store,
        files=FileStore(tmp_path),
        orders=Orders(),
        secret="s" * 32,
        policy="standard",
        public_url="http://office.example",
        threads=2,
    )
    app = create_app(service).app
    yield {path for path, method, _ in doors(app.routes) if method == "GET" and not path.startswith("/api/")}
    store.close()


def test_every_page_is_in_the_list(shown: set[str]) -> None:
    """A forgotten page is neither checked, nor measured, nor in the screenshots: add it to `PAGES`."""
    assert shown == {page.route for page in PAGES} | set(NO_PAGES)


def test_pages_have_names_of_their_own() -> None:
    assert len({page.name for page in PAGES}) == len(PAGES)
