"""Signing in by the office's provider."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from runtime.machine.leash import leash_environment, leashed
from runtime.machine.ports import free_port
from runtime.oidc import Provider
from runtime.settings import Settings
from tests.support.browser import HOST, Browser, account, running
from tests.support.machine.oidc_provider import CLIENT_ID, CLIENT_SECRET
from tests.support.office import Office

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
async def issuer() -> AsyncIterator[str]:
    """Run a small provider as a separate process."""
    port = free_port(0)
    process = await asyncio.create_subprocess_exec(
        *leashed([sys.executable, "-m", "tests.support.machine.oidc_provider", str(port)]),
        cwd=ROOT,
        env={**os.environ, **leash_environment()},
    )
    address = f"http://127.0.0.1:{port}"
    async with asyncio.timeout(20), httpx2.AsyncClient() as http:
        while True:
            try:
                await http.get(f"{address}/keys")
                break
            except httpx2.HTTPError:
                await asyncio.sleep(0.1)
    yield address
    process.terminate()
    await process.wait()


class TestTheProvider:
    @asynccontextmanager
    async def site(self, office: Office, issuer: str) -> AsyncIterator[tuple[Browser, Provider]]:
        provider = Provider(
            issuer=issuer,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            returns_to=f"{HOST}/signin/return",
            username_claim=Settings.model_fields["oidc_username_claim"].default,
        )
        async with running(office, provider=provider) as (_, http):
            yield Browser(http), provider

    async def choose(self, issuer: str, **wanted: str) -> None:
        async with httpx2.AsyncClient() as http:
            await http.get(f"{issuer}/choose", params=wanted)

    async def there_and_back(self, browser: Browser, **changed: str) -> httpx2.Response:
        left = await browser.get("/signin/provider?goes_to=/desk?scope=mine")
        async with httpx2.AsyncClient() as http:
            sent_back = await http.get(left.headers["location"])
        query = {
            name: value[0] for name, value in parse_qs(urlsplit(sent_back.headers["location"]).query).items()
        }
        return await browser.send("GET", "/signin/return", params=query | changed)

    async def test_says_who_somebody_is(self, closed_office: Office, issuer: str) -> None:
        await self.choose(issuer, sub="desk-1")
        async with self.site(closed_office, issuer) as (browser, _):
            back = await self.there_and_back(browser)
            assert (back.status_code, back.headers["location"]) == (303, "/desk?scope=mine")
            assert (await browser.get("/desk")).status_code == 200

    async def test_is_not_asked_what_somebody_chose_to_be_called(
        self, closed_office: Office, issuer: str
    ) -> None:
        await self.choose(issuer, sub="desk-1", called="leader-1")
        async with self.site(closed_office, issuer) as (browser, _):
            assert (await self.there_and_back(browser)).status_code == 303
        begun = closed_office.rows("SELECT username FROM session")
        assert begun == [{"username": "desk-1"}]

    async def test_may_change_its_keys(self, closed_office: Office, issuer: str) -> None:
        await self.choose(issuer, sub="desk-1")
        async with self.site(closed_office, issuer) as (browser, provider):
            assert (await self.there_and_back(browser)).status_code == 303
            await self.choose(issuer, sub="desk-1", rotate="another")
            # The keys were read less than half a minute ago, and are not fetched that often.
            assert (await self.there_and_back(Browser(browser.http))).status_code == 401
            provider._read_at -= 60
            assert (await self.there_and_back(Browser(browser.http))).status_code == 303

    @pytest.mark.parametrize(
        ("chosen", "changed"),
        [
            ({"sub": "nobody"}, {}),
            ({"sub": "desk-1", "nonce": "foreign"}, {}),
            ({"sub": "desk-1", "audience": "another-client"}, {}),
            ({"sub": "desk-1"}, {"state": "foreign"}),
            ({"sub": "desk-1"}, {"code": "foreign"}),
            ({"sub": "desk-1"}, {"code": ""}),
        ],
    )
    async def test_is_not_believed_what_does_not_belong_to_this_sign_in(
        self, closed_office: Office, issuer: str, chosen: dict[str, str], changed: dict[str, str]
    ) -> None:
        await self.choose(issuer, **chosen)
        async with self.site(closed_office, issuer) as (browser, _):
            back = await self.there_and_back(browser, **changed)
            assert back.status_code == 401
            assert "__Host-dingdan" not in browser.cookies
            assert (await browser.get("/desk")).status_code == 303

    async def test_brings_nobody_back_to_another_browser_or_twice(
        self, closed_office: Office, issuer: str
    ) -> None:
        await self.choose(issuer, sub="desk-1")
        async with self.site(closed_office, issuer) as (browser, _):
            left = await browser.get("/signin/provider")
            async with httpx2.AsyncClient() as http:
                address = (await http.get(left.headers["location"])).headers["location"]
            query = urlsplit(address).query
            victim = Browser(browser.http)
            await victim.get(f"/signin/return?{query}")
            assert "__Host-dingdan" not in victim.cookies
            assert (await browser.get(f"/signin/return?{query}")).status_code == 303
            assert (await Browser(browser.http).get(f"/signin/return?{query}")).status_code == 401

    async def test_that_is_away_leaves_the_password(self, closed_office: Office) -> None:
        account(closed_office, "desk-1")
        nowhere = f"http://127.0.0.1:{free_port(0)}"
        async with self.site(closed_office, nowhere) as (browser, _):
            assert (await browser.get("/signin/provider")).status_code == 503
            assert (await browser.sign_in("desk-1")).status_code == 303
