"""A simple browser for tests of forms, and the application that it opens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from api.app import create_app
from api.service import Service
from runtime.passwords import hash_password
from runtime.temporal import Orders
from store.attachment.files import FileStore
from store.signin import accounts
from tests.api.conftest import NO_FOLDER, SECRET, Api
from tests.support.office import Office, now
from tests.support.page import Page

PASSWORD = "Correct-Horse-42"

HASH = hash_password(PASSWORD)

PAGE = {"Accept": "text/html"}

HOST = "http://office.example"


class Browser:
    """A browser that can sign in: it keeps cookies, follows no redirect, and sends forms of our pages."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        """Start without cookies."""
        self.http = http
        self.cookies: dict[str, str] = {}

    async def send(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """Send a request with the cookies, and keep the cookies that the answer sets."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = PAGE | ({"Cookie": cookie} if cookie else {}) | more.pop("headers", {})
        response = await self.http.request(method, path, headers=headers, **more)
        for each in response.headers.get_list("set-cookie"):
            name, _, value = each.partition(";")[0].partition("=")
            if "Max-Age=0" in each or value in {"", '""'}:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return response

    async def get(self, path: str) -> httpx2.Response:
        """Open a page."""
        return await self.send("GET", path)

    async def post(self, path: str, **fields: str) -> httpx2.Response:
        """Send the form of the page at this path, with its hidden fields."""
        page = Page(await self.get(path))
        headers = {"Origin": HOST, "Sec-Fetch-Site": "same-origin"}
        hidden = {"csrf": page.csrf} if any(page.values("csrf")) else {}
        return await self.send("POST", path, data=hidden | fields, headers=headers)

    async def press(self, shown_at: str, to: str, **fields: str) -> httpx2.Response:
        """Send a form that another page shows, or that is only a button."""
        csrf = Page(await self.get(shown_at)).csrf
        return await self.send("POST", to, data={"csrf": csrf, **fields}, headers={"Origin": HOST})

    async def sign_in(self, username: str, password: str = PASSWORD) -> httpx2.Response:
        """Give name and password."""
        return await self.post("/signin", username=username, password=password)


def account(office: Office, username: str, *, must_change: bool = False) -> None:
    with office.store.write() as connection:
        accounts.set_password(
            connection, username, password_hash=HASH, must_change=must_change, by="x", now=now()
        )


@asynccontextmanager
async def running(
    office: Office, *, public_url: str = HOST, **more: Any
) -> AsyncIterator[tuple[Service, httpx2.AsyncClient]]:
    service = Service(
        store=office.store,
        files=FileStore(NO_FOLDER),
        orders=Orders(),
        secret=SECRET,
        policy="standard",
        public_url=public_url,
        threads=4,
        **more,
    )
    transport = httpx2.ASGITransport(app=create_app(service), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=HOST) as http:
        yield service, http
    await service.close()


async def at_work(api: Api, username: str) -> Browser:
    """Sign in a person who needs no second factor."""
    account(api.office, username)
    browser = Browser(api.http)
    assert (await browser.sign_in(username)).headers["location"] == "/desk"
    return browser
