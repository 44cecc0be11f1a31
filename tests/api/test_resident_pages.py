"""The residents' pages: an order in three steps, its receipt, and all that may be done with it; without any script."""

import logging
import re
from html.parser import HTMLParser
from typing import Any

import httpx2
import pytest
from limits import parse
from markupsafe import escape

from api.intake.placing import RESIDENT_PAGES, phone_key
from api.limits import RATES, Limits
from api.pages.rendering import texts
from api.resident.tracking import OFFERED
from api.service import Service
from domain.lifecycle import TaskKind
from domain.orders import RequestKind, Satisfied, Solved
from tests.api.conftest import Api
from tests.api.test_sign_in import HOST, Browser

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"x" * 64
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 64
PHONE = "00000000001"
WIDE = {letter: letter + 0xFEE0 for letter in range(ord("!"), ord("~") + 1)}
"""How Chinese keyboards write figures, letters and dashes."""
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
    """What stands on a page: the fields of its forms with their values, and what is said to be wrong beside which."""

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
    """A resident with a telephone: fills in the form that stands there, and sends it with a button."""

    async def open(self) -> Page:
        return Page((await self.get("/order")).text)

    async def go(
        self, shown: Page, button: str, files: list[Any] | None = None, **changes: Any
    ) -> httpx2.Response:
        """Send the form of a page; browsers write lines with two characters, and send a file without a name."""
        data = {**shown.fields, "picture": shown.pictures, "go": button, **changes}
        data = {
            name: value.replace("\n", "\r\n") if isinstance(value, str) else value
            for name, value in data.items()
        }
        sent = [("pictures", each) for each in files or [("", b"", "application/octet-stream")]]
        return await self.send("POST", "/order", data=data, files=sent, headers={"Origin": HOST})

    async def filled(self, **changes: str) -> Page:
        """Fill in all three steps, and look at the last one."""
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
        """Place an order; gives its number and its tracking code."""
        sent = await self.go(await self.filled(**changes), "send")
        code = str(sent.headers["location"]).split("/")[2]
        (order_no,) = [
            row["order_no"] for row in api.office.rows("SELECT * FROM orders") if row["tracking_code"] == code
        ]
        api.office.placed.append(order_no)
        return order_no, code

    async def act(self, code: str, action: str, **fields: str) -> httpx2.Response:
        """Send one of the forms of an order's page."""
        shown = (await self.get(f"/t/{code}")).text
        assert f'action="/t/{code}/{action}"' in shown, "the page offers it"
        action_id = re.search(r'name="action_id" value="([0-9a-f]{32})"', shown)
        assert action_id
        return await self.send(
            "POST",
            f"/t/{code}/{action}",
            data={"action_id": action_id[1], **fields},
            headers={"Origin": HOST},
        )

    async def done(self, code: str, action: str, **fields: str) -> str:
        """Do that, and read the page that comes then."""
        sent = await self.act(code, action, **fields)
        assert sent.status_code == 303, sent.text
        assert sent.headers["location"] == f"/t/{code}?did={action}&became=applied"
        return (await self.get(sent.headers["location"])).text


def service_of(api: Api) -> Service:
    transport: Any = api.http._transport
    service = transport.app.app.state.service
    assert isinstance(service, Service)
    return service


@pytest.fixture
def resident(api: Api) -> Resident:
    return Resident(api.http)


class TestAnOrder:
    async def test_is_placed_in_three_steps_with_pictures(self, api: Api, resident: Resident) -> None:
        one = await resident.open()
        two = Page(
            (
                await resident.go(
                    one,
                    "to-2",
                    [("在家门口.jpg", JPEG, "image/jpeg"), ("b.png", PNG, "text/html")],
                    kind="complaint",
                    description=FILLED["description"],
                    category="public_facilities",
                )
            ).text
        )
        assert len(two.pictures) == 2
        assert api.office.rows("SELECT * FROM orders") == [], "nothing is placed before the last step"
        last = await resident.go(two, "to-3", community="community-03", address="东路3号")
        for shown in ("投诉", "路灯坏了\n晚上很黑", "2张", "公共设施", "银杏坡社区", "东路3号"):
            assert shown in last.text, "it is shown before it is sent"
        sent = await resident.go(
            Page(last.text), "send", name="王小明", phone="000 0000-0001", confidential="1"
        )
        assert sent.status_code == 303, sent.text
        (order,) = api.office.rows("SELECT * FROM orders")
        assert sent.headers["location"] == f"/t/{order['tracking_code']}/receipt"
        wanted = {
            "client_id": RESIDENT_PAGES,
            "channel": "web",
            "kind": "complaint",
            "description": "路灯坏了\n晚上很黑",
            "category": "public_facilities",
            "community": "community-03",
            "address": "东路3号",
            "confidential": 1,
        }
        assert {name: order[name] for name in wanted} == wanted
        (who,) = api.office.rows("SELECT * FROM requester")
        assert (who["order_no"], who["name"], who["phone"]) == (order["order_no"], "王小明", "000 0000-0001")
        assert who["phone_key"] == phone_key(service_of(api), PHONE), "found again, however it was written"
        bound = api.office.rows("SELECT * FROM attachment")
        assert {(row["order_no"], row["uploaded_by"]) for row in bound} == {
            (order["order_no"], RESIDENT_PAGES)
        }
        assert {row["media_type"] for row in bound} == {"image/jpeg", "image/png"}

        receipt = (await resident.get(sent.headers["location"])).text
        for shown in (order["tracking_code"], order["order_no"], f"{HOST}/t/{order['tracking_code']}"):
            assert shown in receipt
        assert 'src="data:image/svg+xml' in receipt

    async def test_is_placed_once_however_often_the_form_is_sent(self, api: Api, resident: Resident) -> None:
        last = await resident.filled()
        sent = [await resident.go(last, "send") for _ in range(3)]
        assert len({each.headers["location"] for each in sent}) == 1
        assert len(api.office.rows("SELECT * FROM orders")) == 1
        changed = await resident.go(last, "send", address="西路4号")
        assert changed.status_code == 409
        assert texts()["resident"]["order"]["sent_before"] in changed.text
        assert len(api.office.rows("SELECT * FROM orders")) == 1
        again = await resident.go(Page(changed.text), "send")
        assert again.status_code == 303, "and once more on purpose it is another order"
        assert len(api.office.rows("SELECT * FROM orders")) == 2

    async def test_needs_no_more_than_a_kind_and_a_few_words(self, api: Api, resident: Resident) -> None:
        await resident.placed(api, category="", community="", address="　", name="", phone=" ")
        (order,) = api.office.rows("SELECT * FROM orders")
        assert {order[name] for name in ("category", "community", "address")} == {None}
        assert api.office.rows("SELECT * FROM requester") == []

    async def test_keeps_what_was_written_on_every_way_back(self, resident: Resident) -> None:
        one = await resident.open()
        two = Page(
            (
                await resident.go(
                    one,
                    "to-2",
                    [("a.jpg", JPEG, "image/jpeg")],
                    kind="report",
                    description=FILLED["description"],
                    category="noise",
                )
            ).text
        )
        three = Page((await resident.go(two, "to-3", community="community-05", address="巷口")).text)
        person: dict[str, Any] = {"name": "李某", "phone": "这不是号码", "confidential": "1"}
        for button in ("to-2", "to-1", "elder-1", "elder-0"):
            back = Page((await resident.go(three, button, **person)).text)
            kept = {
                "key": one.fields["key"],
                "kind": "report",
                "description": FILLED["description"],
                "category": "noise",
                "community": "community-05",
                "address": "巷口",
                **person,
            }
            assert {name: back.fields[name] for name in kept} == kept, button
            assert back.pictures == two.pictures, button
            assert not back.wrong, "whoever goes back is not told off"
        again = Page((await resident.go(two, "to-1", address="写了一半")).text)
        assert again.fields["address"] == "写了一半"

    async def test_is_shown_large_from_any_step_and_stays_so(self, resident: Resident) -> None:
        two = Page((await resident.go(await resident.open(), "to-2", kind="report", description="事")).text)
        assert 'class="elder"' in (await resident.go(two, "elder-1", address="巷口")).text
        assert 'class="elder"' in (await resident.get("/track")).text
        assert 'class="elder"' not in (await resident.go(two, "elder-0")).text
        assert 'class="elder"' not in (await resident.get("/")).text

    @pytest.mark.parametrize(
        ("step", "field", "value", "said"),
        [
            (1, "kind", "", "请选一项"),
            (1, "kind", "robbery", "请选一项"),
            (1, "description", "", "请写几个字"),
            (1, "description", " 　\n", "请写几个字"),
            (1, "description", "好" * 5_001, "最多5000个字，现在有5001个"),
            (1, "description", "坏\x00字", "不能用的字符"),
            (1, "category", "no-such-thing", "请选一项"),
            (1, "category", "x" * 100, "请选一项"),
            (2, "community", "community-99", "请选一项"),
            (2, "address", "好" * 301, "最多300个字，现在有301个"),
            (2, "address", "坏\x00字", "不能用的字符"),
            (3, "name", "好" * 101, "最多100个字"),
            (3, "name", "坏\x00字", "不能用的字符"),
            (3, "phone", "打给我儿子", "7至15位数字"),
            (3, "phone", "123", "7至15位数字"),
            (3, "phone", "1" * 41, "7至15位数字"),
        ],
    )
    async def test_says_beside_the_field_what_is_wrong_and_loses_nothing(
        self, api: Api, resident: Resident, step: int, field: str, value: str, said: str
    ) -> None:
        last = await resident.filled()
        values = {**last.fields, field: value}
        for button in (f"to-{step + 1}", "send"):
            if button == "to-4":
                continue
            last.fields = {**values, "step": str(step)}
            wrong = await resident.go(last, button)
            assert wrong.status_code == 422
            shown = Page(wrong.text)
            assert set(shown.wrong) == {field}, "beside this field and no other"
            assert said in shown.wrong[field]
            assert f"{field}-wrong" in shown.described
            assert field in shown.ids, "the summary's link leads there"
            kept = {
                name: text
                for name, text in values.items()
                if name not in {"step", "kind", "category", "community"}
            }
            assert {name: shown.fields[name] for name in kept} == kept
        assert api.office.rows("SELECT * FROM orders") == []

    async def test_takes_a_number_as_chinese_keyboards_write_it(self, api: Api, resident: Resident) -> None:
        await resident.placed(api, phone="000-0000-0001".translate(WIDE))
        (who,) = api.office.rows("SELECT * FROM requester")
        assert who["phone"] == "000-0000-0001"

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"%PDF-1.7\n", "不是照片"),
            (b"<script>alert(1)</script>", "不是照片"),
            (b"", "是空的"),
            (JPEG + b"x" * (10 * 1024 * 1024), "超过10 MB"),
        ],
    )
    async def test_says_why_a_picture_is_refused_and_keeps_the_others(
        self, api: Api, resident: Resident, content: bytes, why: str
    ) -> None:
        files = [("a.jpg", JPEG, "image/jpeg"), ("b.jpg", content, "image/jpeg"), ("c.png", PNG, "image/png")]
        answer = await resident.go(await resident.open(), "to-2", files, kind="report", description="有事")
        assert answer.status_code == 422
        shown = Page(answer.text)
        assert set(shown.wrong) == {"pictures"}
        assert "第2张" in shown.wrong["pictures"]
        assert why in shown.wrong["pictures"]
        assert len(shown.pictures) == 2
        assert (shown.fields["kind"], shown.fields["description"]) == ("report", "有事")
        assert len(api.office.rows("SELECT * FROM attachment")) == 2
        without = Page((await resident.go(shown, "to-2", drop=shown.pictures[0])).text)
        assert without.pictures == shown.pictures[1:]

    async def test_takes_nine_pictures_and_no_more(self, resident: Resident) -> None:
        files = [(f"{number}.jpg", JPEG, "image/jpeg") for number in range(11)]
        answer = await resident.go(await resident.open(), "to-2", files, kind="report", description="有事")
        shown = Page(answer.text)
        assert len(shown.pictures) == 9
        assert "最多9张" in shown.wrong["pictures"]

    async def test_takes_no_picture_that_is_not_its_own(self, api: Api, resident: Resident) -> None:
        theirs = await api.http.post(
            "/api/v1/attachments", files={"file": ("a.jpg", JPEG, "image/jpeg")}, headers=api.channel()
        )
        last = await resident.filled()
        last.pictures = [theirs.json()["attachment_id"]]
        refused = await resident.go(last, "send")
        assert refused.status_code == 422
        shown = Page(refused.text)
        assert "重新选" in shown.wrong["pictures"]
        assert (shown.pictures, shown.fields["phone"]) == ([], PHONE)
        assert api.office.rows("SELECT * FROM orders") == []
        assert (await resident.go(shown, "send")).status_code == 303

    @pytest.mark.parametrize(
        "hostile",
        ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "</textarea><b>"],
    )
    async def test_shows_whatever_was_written_as_text(self, resident: Resident, hostile: str) -> None:
        shown = await resident.filled(description=hostile, address=hostile, name=hostile)
        shown.fields |= {
            "phone": hostile,
            "kind": hostile,
            "category": hostile,
            "step": hostile,
            "key": hostile,
        }
        for button in ("to-1", "to-2", "to-3", "send", "elder-1", hostile):
            answer = (await resident.go(shown, button)).text
            assert str(escape(hostile)) in answer
            assert hostile not in answer or hostile == "{{7*7}}", button
            assert Page(answer).fields["description"] == hostile

    async def test_is_not_taken_from_a_page_of_another_site(self, api: Api, resident: Resident) -> None:
        last = await resident.filled()
        for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            for path in ("/order", "/track", "/t/0000-0000-0000-0000/urge"):
                sent = await resident.send("POST", path, data={**last.fields, "go": "send"}, headers=headers)
                assert sent.status_code == 403
                assert texts()["resident"]["refusals"]["foreign_page"] in sent.text
        assert api.office.rows("SELECT * FROM orders") == []


class TestTooOften:
    def allow(self, api: Api, **rates: str) -> None:
        service_of(api).limits = Limits({**RATES, **{name: parse(rate) for name, rate in rates.items()}})

    async def test_no_order_is_placed_and_the_form_waits_with_all_that_was_written(
        self, api: Api, resident: Resident
    ) -> None:
        self.allow(api, order="1/hour")
        assert (await resident.go(await resident.filled(), "send")).status_code == 303
        refused = await resident.go(await resident.filled(), "send")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
        assert 'href="tel:12345"' in refused.text, "the way that is left"
        assert {name: Page(refused.text).fields[name] for name in FILLED} == FILLED
        assert len(api.office.rows("SELECT * FROM orders")) == 1
        self.allow(api)
        assert (await resident.go(Page(refused.text), "send")).status_code == 303, "later it goes through"

    async def test_a_form_is_answered_by_a_page_that_shows_what_was_written(
        self, api: Api, resident: Resident
    ) -> None:
        last = await resident.filled()
        self.allow(api, order_form="1/hour")
        await resident.go(last, "to-1")
        refused = await resident.go(last, "send")
        assert refused.status_code == 429
        assert texts()["resident"]["refusals"]["too_many_requests"] in refused.text
        assert 'href="tel:12345"' in refused.text
        for shown in ("晚上很黑", "东路3号", "王小明", PHONE, "详细地点"):
            assert shown in refused.text
        assert last.fields["key"] not in refused.text, "nothing that nobody wrote"

    async def test_nobody_guesses_codes_and_a_right_one_does_not_help_then(
        self, api: Api, resident: Resident
    ) -> None:
        _, code = await resident.placed(api)
        self.allow(api, wrong_codes="3/hour")
        assert [(await resident.get(f"/t/{code}")).status_code for _ in range(5)] == [200] * 5
        statuses = [(await resident.get(f"/t/AAAA-AAAA-AAAA-AAA{n}")).status_code for n in range(4)]
        assert statuses == [404, 404, 404, 429]
        for path in (f"/t/{code}", f"/t/{code}/receipt", f"/api/v1/track/{code}"):
            assert (await resident.get(path)).status_code == 429
        asked = await resident.send("POST", "/track", data={"code": code}, headers={"Origin": HOST})
        assert asked.status_code == 429
        assert code in asked.text, "it stays in its field"
        assert 'href="tel:12345"' in asked.text

    async def test_an_order_is_not_flooded_and_what_was_written_is_shown(
        self, api: Api, resident: Resident
    ) -> None:
        _, code = await resident.placed(api)
        self.allow(api, resident_action="1/hour")
        await resident.act(code, "supplement", text="")
        refused = await resident.act(code, "supplement", text="又想起一点")
        assert refused.status_code == 429
        assert "又想起一点" in refused.text
        assert 'href="tel:12345"' in refused.text


class TestTheTrackingCode:
    async def test_is_taken_however_it_was_written(self, api: Api, resident: Resident) -> None:
        _, code = await resident.placed(api)
        wide = code.translate(WIDE)
        misread = code.replace("0", "o").replace("1", "l")
        for typed in (
            code,
            code.lower(),
            code.replace("-", " "),
            f"  {code.replace('-', '')}\t",
            wide,
            misread,
        ):
            sent = await resident.post("/track", code=typed)
            assert (sent.status_code, sent.headers.get("location")) == (303, f"/t/{code}"), typed
            assert code in (await resident.get(f"/t/{typed.strip()}")).text

    @pytest.mark.parametrize(
        ("typed", "status", "said"),
        [
            ("", 422, "请输入查询码"),
            ("---", 422, "请输入查询码"),
            ("AAAA-BBBB", 422, "您输入了8位"),
            ("A" * 400, 422, "您输入了400位"),
            ("AAAA-BBBB-CCCC-DDDD", 404, "没有查到"),
            ("'; DROP TABLE orders", 422, "您输入了15位"),
            ("<script>alert(1)</script>", 422, "您输入了18位"),
        ],
    )
    async def test_that_is_wrong_is_said_beside_its_field_and_stays(
        self, api: Api, resident: Resident, typed: str, status: int, said: str
    ) -> None:
        await resident.placed(api)
        answer = await resident.post("/track", code=typed)
        shown = Page(answer.text)
        assert answer.status_code == status
        assert said in shown.wrong["code"]
        assert shown.fields["code"] == typed
        assert "<script>" not in answer.text

    async def test_that_is_unknown_is_answered_by_a_page_with_the_hotline(self, resident: Resident) -> None:
        for path in ("/t/AAAA-BBBB-CCCC-DDDD", "/t/%3Cscript%3E", "/t/AAAA-BBBB-CCCC-DDDD/receipt"):
            answer = await resident.get(path)
            assert answer.status_code == 404
            assert "没有查到" in answer.text
            assert 'href="tel:12345"' in answer.text
            assert 'href="/desk"' not in answer.text
            assert "<script" not in answer.text


class TestFollowing:
    async def test_leads_from_the_first_word_over_an_urge_to_rating_and_reopening(
        self, live: Api, resident: Resident
    ) -> None:
        order_no, code = await resident.placed(live)
        shown = (await resident.get(f"/t/{code}")).text
        assert "已收到您的诉求" in shown
        assert "rate" not in Page(shown).ids
        assert texts()["resident"]["done"]["supplement"] in await resident.done(
            code, "supplement", text="还有一点\n第二行"
        )
        assert "已催办" in await resident.done(code, "urge")
        await live.office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="明天来修<b>")
        await live.office.task(order_no, TaskKind.FOLLOW_UP)
        answered = (await resident.get(f"/t/{code}")).text
        assert "明天来修&lt;b&gt;" in answered
        assert answered.index("明天来修") < answered.index("工单号"), "the reply stands first"
        assert "withdraw" not in Page(answered).ids, "only what is possible now"
        assert texts()["resident"]["done"]["rate"] in await resident.done(
            code, "rate", solved="yes", satisfied="basically"
        )
        await live.office.stage(order_no, "closed")
        again = await resident.done(code, "reopen", text="又坏了")
        assert texts()["resident"]["done"]["reopen"] in again
        events = {each["type"]: each["via"] for each in live.office.events(order_no)}
        assert {
            events[name] for name in ("OrderSupplemented", "OrderUrged", "OrderRated", "OrderReopened")
        } == {"resident"}
        (said,) = live.office.rows("SELECT texts FROM decision WHERE name = 'supplement'")
        assert "\\r" not in said["texts"]

    async def test_ends_an_order_that_is_withdrawn(self, live: Api, resident: Resident) -> None:
        order_no, code = await resident.placed(live)
        shown = await resident.done(code, "withdraw")
        assert texts()["resident"]["done"]["withdraw"] in shown
        assert live.office.order(order_no)["ending"] == "withdrawn"
        assert "您已撤回" in shown

    async def test_does_once_what_is_sent_twice(self, live: Api, resident: Resident) -> None:
        _, code = await resident.placed(live)
        data = {"action_id": "ab" * 16, "text": "只说一次"}
        for _ in range(2):
            sent = await resident.send("POST", f"/t/{code}/supplement", data=data, headers={"Origin": HOST})
            assert sent.headers["location"] == f"/t/{code}?did=supplement&became=applied"
        assert len(live.office.rows("SELECT * FROM decision")) == 1
        other = await resident.send(
            "POST", f"/t/{code}/supplement", data={**data, "text": "另一句"}, headers={"Origin": HOST}
        )
        assert other.status_code == 409
        assert "另一句" in other.text
        assert len(live.office.rows("SELECT * FROM decision")) == 1

    async def test_says_that_what_was_sent_takes_effect_later(self, api: Api, resident: Resident) -> None:
        _, code = await resident.placed(api)  # nobody works
        sent = await resident.act(code, "urge")
        assert sent.headers["location"] == f"/t/{code}?did=urge&became=pending"
        assert texts()["resident"]["later"] in (await resident.get(sent.headers["location"])).text

    @pytest.mark.parametrize(
        ("action", "fields", "wrong"),
        [
            ("supplement", {"text": ""}, {"supplement-text": "请写几个字"}),
            ("supplement", {"text": " \r\n　"}, {"supplement-text": "请写几个字"}),
            ("supplement", {"text": "好" * 2_001}, {"supplement-text": "最多2000个字，现在有2001个"}),
            ("supplement", {"text": "<i>坏\x00字"}, {"supplement-text": "不能用的字符"}),
            ("supplement", {}, {"supplement-text": "请写几个字"}),
        ],
    )
    async def test_says_beside_the_field_what_is_wrong_and_loses_nothing(
        self, api: Api, resident: Resident, action: str, fields: dict[str, str], wrong: dict[str, str]
    ) -> None:
        _, code = await resident.placed(api)
        answer = await resident.act(code, action, **fields)
        shown = Page(answer.text)
        assert answer.status_code == 422
        assert shown.wrong.keys() == wrong.keys()
        assert all(said in shown.wrong[name] for name, said in wrong.items())
        assert shown.fields["text"] == fields.get("text", "").replace("\r\n", "\n")
        assert api.office.rows("SELECT * FROM decision") == []

    async def test_asks_for_both_answers_of_a_rating(self, live: Api, resident: Resident) -> None:
        order_no, code = await resident.placed(live)
        await live.office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="已答复")
        await live.office.task(order_no, TaskKind.FOLLOW_UP)
        for fields, wrong in (
            ({}, {"solved", "satisfied"}),
            ({"solved": "no"}, {"satisfied"}),
            ({"solved": "maybe", "satisfied": "no"}, {"solved"}),
        ):
            answer = await resident.act(code, "rate", **fields)
            shown = Page(answer.text)
            assert (answer.status_code, set(shown.wrong)) == (422, wrong)
            assert all("请选一项" in said for said in shown.wrong.values())
            for name in {"solved", "satisfied"} - wrong:
                assert shown.fields[name] == fields[name], "what was chosen stays"

    async def test_says_why_something_is_not_possible_any_more_and_shows_what_was_written(
        self, live: Api, resident: Resident
    ) -> None:
        order_no, code = await resident.placed(live)
        await resident.done(code, "withdraw")
        await live.office.result(order_no)
        late = await resident.send(
            "POST", f"/t/{code}/supplement", data={"text": "写了很久的话"}, headers={"Origin": HOST}
        )
        assert late.status_code == 409
        assert texts()["resident"]["refusals"]["wrong_stage"] in late.text
        assert "写了很久的话" in late.text

    async def test_shows_nothing_personal_and_no_name_of_staff(self, live: Api, resident: Resident) -> None:
        order_no, code = await resident.placed(live)
        await live.office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="已答复")
        await live.office.task(order_no, TaskKind.FOLLOW_UP)
        for path in (f"/t/{code}", f"/t/{code}/receipt"):
            shown = (await resident.get(path)).text
            for marker in (PHONE, "王小明", "东路3号", "晚上很黑", "duty-"):
                assert marker not in shown

    async def test_knows_no_other_action(self, api: Api, resident: Resident) -> None:
        _, code = await resident.placed(api)
        for action in ("supervise", "reassign", "nothing"):
            sent = await resident.send("POST", f"/t/{code}/{action}", data={}, headers={"Origin": HOST})
            assert sent.status_code == 404

    async def test_logs_neither_code_nor_phone_nor_words(
        self, live: Api, resident: Resident, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        caplog.set_level(logging.WARNING, logger="httpx2")  # the caller's own lines, which are not ours
        _, code = await resident.placed(live)
        await resident.get(f"/t/{code}/receipt")
        await resident.post("/track", code=code)
        await resident.done(code, "supplement", text="标记的话")
        await resident.go(await resident.filled(phone="标记号码"), "send")
        for secret in (code, code.replace("-", ""), PHONE, "王小明", "标记", "晚上很黑"):
            assert secret not in caplog.text


class TestAPage:
    async def test_leads_to_both_ways_the_hotline_and_the_staffs_door(self, resident: Resident) -> None:
        home = (await resident.get("/")).text
        for link in ("/order", "/track", "tel:12345", "/desk"):
            assert f'href="{link}"' in home

    async def test_is_large_once_chosen_and_one_comes_back_to_where_one_was(
        self, api: Api, resident: Resident
    ) -> None:
        _, code = await resident.placed(api)
        for path in ("/", "/track", f"/t/{code}", f"/t/{code}/receipt"):
            sent = await resident.send(
                "POST",
                "/elder",
                data={"on": "1", "back": Page((await resident.get(path)).text).fields["back"]},
            )
            assert sent.status_code == 303
            back = path.removesuffix("/receipt")
            assert sent.headers["location"] in {path, back}
            assert 'class="elder"' in (await resident.get(path)).text
        refused = await resident.act(code, "supplement", text="")
        assert Page(refused.text).fields["back"] == f"/t/{code}", "not to where only forms are sent"

    async def test_holds_no_script_and_no_style_of_its_own(self, api: Api, resident: Resident) -> None:
        _, code = await resident.placed(api)
        for path in ("/", "/order", "/track", f"/t/{code}", f"/t/{code}/receipt", "/t/nothing"):
            shown = await resident.get(path)
            assert "<script" not in shown.text.lower()
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=", shown.text)
            assert "default-src 'self'" in shown.headers["content-security-policy"]
            assert '<html lang="zh-CN"' in shown.text

    def test_has_words_for_all_that_it_shows(self) -> None:
        words = texts()["resident"]
        assert set(words["kind_hints"]) == set(RequestKind)
        assert set(words["done"]) == set(OFFERED)
        for action in OFFERED:
            assert {f"{action}{part}" for part in ("", "_hint", "_send")} <= set(words["following"])
        answers = {f"solved_{each}" for each in Solved} | {f"satisfied_{each}" for each in Satisfied}
        assert answers <= set(words["following"])
