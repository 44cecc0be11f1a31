"""A resident with a telephone and no account, who fills in the pages' forms as they are and reads the answers."""

import re
from typing import Any

import httpx2

from api.service import Service
from tests.api.conftest import Api
from tests.support.browser import HOST, Browser
from tests.support.page import Page

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


class Form:
    """A page as a resident fills it in: its fields with their values, its pictures, and the faults beside them."""

    def __init__(self, text: str) -> None:
        page = Page(text)
        self.fields = {name: page.values(name)[-1] for name in page.names() if name != "picture"}
        self.pictures = page.values("picture")
        self.wrong = page.faults
        self.ids = {str(each["id"]) for each in page.all("[id]")}


class Resident(Browser):
    """A resident with a telephone, who fills in the page's form and sends it with a button."""

    async def open(self) -> Form:
        return Form((await self.get("/order")).text)

    async def go(
        self, shown: Form, button: str, files: list[Any] | None = None, **changes: Any
    ) -> httpx2.Response:
        """Send the form of a page as browsers do: with CR LF between lines, and a nameless file."""
        data = {**shown.fields, "picture": shown.pictures, "go": button, **changes}
        data = {
            name: value.replace("\n", "\r\n") if isinstance(value, str) else value
            for name, value in data.items()
        }
        sent = [("pictures", each) for each in files or [("", b"", "application/octet-stream")]]
        return await self.send("POST", "/order", data=data, files=sent, headers={"Origin": HOST})

    async def filled(self, **changes: str) -> Form:
        """Fill in all three steps, and return the last page."""
        values: dict[str, Any] = {**FILLED, **changes}
        one = await self.open()
        two = await self.go(
            one, "to-2", **{name: values[name] for name in ("kind", "description", "category")}
        )
        three = await self.go(
            Form(two.text), "to-3", community=values["community"], address=values["address"]
        )
        assert three.status_code == 200, three.text
        shown = Form(three.text)
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
        offered = Page(await self.get(f"/t/{code}")).form(f"/t/{code}/{action}")
        action_id = offered.field("action_id")
        assert re.fullmatch(r"[0-9a-f]{32}", action_id)
        return await self.send(
            "POST",
            f"/t/{code}/{action}",
            data={"action_id": action_id, **fields},
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
