"""A resident with a telephone and no account, who fills in the pages' forms as they are and reads the answers."""

import re
from html.parser import HTMLParser
from typing import Any

import httpx2

from api.service import Service
from tests.api.conftest import Api
from tests.support.browser import HOST, Browser

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"x" * 64
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 64
PHONE = "00000000001"
WIDE = {letter: letter + 0xFEE0 for letter in range(ord("!"), ord("~") + 1)}
"""The wide digits, letters and dashes of Chinese keyboards."""
FILLED = {
    "kind": "complaint",
    "description": "路灯坏了\n晚上很黑",
    "category": "public_facilities",
    "community": "community-03",
    "address": "东路3号",
    "name": "王小明",
    "phone": PHONE,
}


class Page(HTMLParser):
    """The content of a page: the fields of its forms with their values, and the faults beside them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.pictures: list[str] = []
        self.wrong: dict[str, str] = {}
        self.ids: set[str] = set()
        self.described: set[str] = set()
        self._in: tuple[str, str] | None = None
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        its = {name: value or "" for name, value in attrs}
        self.ids.add(its.get("id", ""))
        self.described.add(its.get("aria-describedby", ""))
        name, kind = its.get("name", ""), its.get("type")
        if tag == "input" and name == "picture":
            self.pictures.append(its["value"])
        elif tag == "input" and (kind not in {"radio", "checkbox", "file"} or "checked" in its):
            self.fields[name] = its.get("value", "")
        elif tag == "textarea":
            self.fields[name], self._in = "", ("textarea", name)
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in its:
            self.fields[self._select] = its["value"]
        elif tag == "p" and its.get("id", "").endswith("-wrong"):
            self._in = ("wrong", its["id"].removesuffix("-wrong"))
            assert its["role"] == "alert"

    def handle_endtag(self, tag: str) -> None:
        if tag in {"textarea", "p"}:
            self._in = None

    def handle_data(self, data: str) -> None:
        if self._in and self._in[0] == "textarea":
            self.fields[self._in[1]] += data
        elif self._in:
            self.wrong[self._in[1]] = data


class Resident(Browser):
    """A resident with a telephone, who fills in the page's form and sends it with a button."""

    async def open(self) -> Page:
        return Page((await self.get("/order")).text)

    async def go(
        self, shown: Page, button: str, files: list[Any] | None = None, **changes: Any
    ) -> httpx2.Response:
        """Send the form of a page as browsers do: with CR LF between lines, and a nameless file."""
        data = {**shown.fields, "picture": shown.pictures, "go": button, **changes}
        data = {
            name: value.replace("\n", "\r\n") if isinstance(value, str) else value
            for name, value in data.items()
        }
        sent = [("pictures", each) for each in files or [("", b"", "application/octet-stream")]]
        return await self.send("POST", "/order", data=data, files=sent, headers={"Origin": HOST})

    async def filled(self, **changes: str) -> Page:
        """Fill in all three steps, and return the last page."""
        values: dict[str, Any] = {**FILLED, **changes}
        one = await self.open()
        two = await self.go(
            one, "to-2", **{name: values[name] for name in ("kind", "description", "category")}
        )
        three = await self.go(
            Page(two.text), "to-3", community=values["community"], address=values["address"]
        )
        assert three.status_code == 200, three.text
        shown = Page(three.text)
        shown.fields |= {"name": values["name"], "phone": values["phone"]}
        return shown

    async def placed(self, api: Api, **changes: str) -> tuple[str, str]:
        """Place an order, and return its number and its tracking code."""
        sent = await self.go(await self.filled(**changes), "send")
        code = str(sent.headers["location"]).split("/")[2]
        (order_no,) = [
            row["order_no"] for row in api.office.rows("SELECT * FROM orders") if row["tracking_code"] == code
        ]
        api.office.placed.append(order_no)
        return order_no, code

    async def act(
        self, code: str, action: str, files: list[Any] | None = None, **fields: Any
    ) -> httpx2.Response:
        """Send one of the forms of an order's page."""
        shown = (await self.get(f"/t/{code}")).text
        assert f'action="/t/{code}/{action}"' in shown, "the page offers it"
        action_id = re.search(r'name="action_id" value="([0-9a-f]{32})"', shown)
        assert action_id
        return await self.send(
            "POST",
            f"/t/{code}/{action}",
            data={"action_id": action_id[1], **fields},
            files=[("pictures", each) for each in files] if files else None,
            headers={"Origin": HOST},
        )

    async def done(self, code: str, action: str, files: list[Any] | None = None, **fields: Any) -> str:
        """Send such a form successfully, and return the page that follows."""
        sent = await self.act(code, action, files, **fields)
        assert sent.status_code == 303, sent.text
        assert sent.headers["location"] == f"/t/{code}?did={action}&became=applied"
        return (await self.get(sent.headers["location"])).text


def service_of(api: Api) -> Service:
    transport: Any = api.http._transport
    service = transport.app.app.state.service
    assert isinstance(service, Service)
    return service
