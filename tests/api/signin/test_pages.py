"""Pages and their forms: who may send what, and from where."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import HOST, PAGE, Browser, account, running
from tests.support.office import Office
from tests.support.page import Page

ROOT = Path(__file__).parents[3]


class TestAForeignPage:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
        ],
    )
    async def test_changes_nothing_whatever_it_knows(
        self, site: Any, closed_office: Office, headers: dict[str, str]
    ) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        await browser.sign_in("desk-1")
        token = Page(await browser.get("/desk")).csrf
        for path in ("/signin/out", "/signin/password", "/elder", "/signin"):
            response = await browser.send("POST", path, data={"csrf": token}, headers=headers)
            assert response.status_code == 403, path
        assert (await browser.get("/desk")).status_code == 200

    @pytest.mark.parametrize("token", ["", "guessed", "of-another-session"])
    async def test_without_the_sessions_token_changes_nothing(
        self, site: Any, closed_office: Office, token: str
    ) -> None:
        _, browser = site
        for name in ("desk-1", "desk-2"):
            account(closed_office, name)
        other = Browser(browser.http)
        await other.sign_in("desk-2")
        if token == "of-another-session":
            token = Page(await other.get("/desk")).csrf
        await browser.sign_in("desk-1")
        response = await browser.send(
            "POST",
            "/signin/out",
            data={"csrf": token},
            headers={"Origin": HOST, "Sec-Fetch-Site": "same-origin"},
        )
        assert response.status_code == 403
        json = await browser.send(
            "POST", "/api/v1/tasks/x/claim", headers={"Origin": HOST, "Accept": "application/json"}
        )
        assert (json.status_code, json.json()["code"]) == (403, "foreign_page")

    async def test_that_comes_too_late_shows_what_was_typed(self, site: Any, closed_office: Office) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        await browser.sign_in("desk-1")
        fields = {"csrf": "old", "text": "写了很久的话", "password": "secret-of-mine"}
        shown = await browser.send("POST", "/signin/out", data=fields, headers={"Origin": HOST})
        assert "写了很久的话" in shown.text
        assert "secret-of-mine" not in shown.text


class TestEveryPage:
    async def test_is_protected_and_loads_nothing_from_elsewhere(
        self, site: Any, closed_office: Office
    ) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        pages = [await browser.get("/signin"), await browser.get("/nothing-here")]
        await browser.sign_in("desk-1")
        pages += [await browser.get(path) for path in ("/desk", "/signin/password")]
        for shown in pages:
            policy = shown.headers["content-security-policy"]
            assert "default-src 'self'" in policy
            assert "unsafe" not in policy
            assert shown.headers["cache-control"] == "no-store"
            page = Page(shown)
            loaded = page.all("[src], [href], [action], [formaction]")
            addresses = [
                str(each[name])
                for each in loaded
                for name in ("src", "href", "action", "formaction")
                if name in each.attrs
            ]
            assert addresses
            for address in addresses:
                assert address.startswith(("/", "?", "#", "data:image/svg+xml")), address
                assert not address.startswith("//"), address
            assert page.all("script:not([src]), style, [style]") == []
            assert page.part("html").tag["lang"] == "zh-CN"

    async def test_has_the_bar_and_a_way_back_for_who_is_signed_in(
        self, site: Any, closed_office: Office
    ) -> None:
        _, browser = site
        account(closed_office, "desk-1")
        await browser.sign_in("desk-1")
        page = Page(await browser.get("/signin/password"))
        assert {"/desk", "/desk/orders"} <= page.links.keys()
        assert "desk-1" in page.part("header").text

    async def test_is_shown_large_to_who_wants_it(self, site: Any) -> None:
        _, browser = site
        assert "class" not in Page(await browser.get("/signin")).part("html").tag.attrs
        chosen = await browser.send(
            "POST", "/elder", data={"on": "1", "back": "/signin"}, headers={"Origin": HOST}
        )
        assert chosen.headers["location"] == "/signin"
        assert Page(await browser.get("/signin")).part("html").tag["class"] == "elder"

    async def test_has_its_style_under_a_name_that_may_be_kept_for_ever(self, site: Any) -> None:
        _, browser = site
        link = Page(await browser.get("/signin")).part('link[rel="stylesheet"]').tag
        assert re.fullmatch(r"/static/style\.[0-9a-f]+\.css", str(link["href"]))
        sheet = await browser.get(str(link["href"]))
        assert "immutable" in sheet.headers["cache-control"]
        assert (await browser.get("/static/..%2f..%2fapp.py")).status_code == 404

    def test_has_no_text_of_its_own(self) -> None:
        """Every text is in `texts.toml`."""
        for template in (ROOT / "api" / "templates").rglob("*.html"):
            assert not re.search(r"[\u3400-\u9fff]", template.read_text(encoding="utf-8")), template

    async def test_is_asked_for_by_tls_alone_where_the_office_serves_it_so(
        self, closed_office: Office
    ) -> None:
        for public_url, expected in (
            ("https://office.example", "max-age=31536000"),
            ("http://office.example", None),
        ):
            async with running(closed_office, public_url=public_url) as (_, http):
                headers = (await http.get("/signin", headers=PAGE)).headers
                assert headers.get("strict-transport-security") == expected
