"""The residents' pages, without any script: an order in three steps, its receipt, and the limits."""

import asyncio
from typing import Any

import pytest
from limits import parse
from markupsafe import escape

from api.acts.placing import RESIDENT_PAGES
from api.acts.tracking import OFFERED
from api.limits import RATES, Limits
from api.pages.rendering import dated, texts
from api.typed.phones import phone_keys
from domain.order.words import RequestKind, Satisfied, Solved
from tests.api.conftest import Api
from tests.api.resident.resident import FILLED, JPEG, PHONE, PNG, WIDE, Form, Resident, service_of
from tests.support.browser import HOST
from tests.support.office import at
from tests.support.page import Page


@pytest.fixture
def resident(api: Api) -> Resident:
    return Resident(api.http)


class TestAnOrder:
    async def test_is_placed_in_three_steps_with_pictures(self, api: Api, resident: Resident) -> None:
        one = await resident.open()
        two = Form(
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
            Form(last.text), "send", name="王小明", phone="000 0000-0001", confidential="1"
        )
        assert sent.status_code == 303, sent.text
        (order,) = api.office.rows("SELECT * FROM orders JOIN matter ON matter_no = order_no")
        assert sent.headers["location"] == f"/t/{order['tracking_code']}/receipt"
        wanted = {
            "client_id": RESIDENT_PAGES,
            "channel": "web",
            "request_kind": "complaint",
            "description": "路灯坏了\n晚上很黑",
            "category": "public_facilities",
            "community": "community-03",
            "address": "东路3号",
            "confidential": 1,
        }
        assert {name: order[name] for name in wanted} == wanted
        (who,) = api.office.rows("SELECT * FROM requester JOIN requester_phone USING (order_no)")
        assert (who["order_no"], who["name"], who["phone"]) == (order["order_no"], "王小明", "000 0000-0001")
        assert [who["phone_key"]] == list(phone_keys(service_of(api).secret, PHONE)), (
            "found again, however it was written"
        )
        bound = api.office.rows("SELECT * FROM attachment")
        assert {(row["matter_no"], row["uploaded_by"]) for row in bound} == {
            (order["order_no"], RESIDENT_PAGES)
        }
        assert {row["media_type"] for row in bound} == {"image/jpeg", "image/png"}

        receipt = (await resident.get(sent.headers["location"])).text
        for shown in (order["tracking_code"], order["order_no"], f"{HOST}/t/{order['tracking_code']}"):
            assert shown in receipt
        (picture,) = Page(receipt).all("img")
        assert str(picture["src"]).startswith("data:image/svg+xml")
        (first,) = api.office.tasks(order["order_no"])
        assert f"工作人员在{dated(at(first['due_at']))}前答复您" in receipt, "what comes next, and by when"

    async def test_is_placed_once_however_often_the_form_is_sent(self, api: Api, resident: Resident) -> None:
        last = await resident.filled()
        sent = await asyncio.gather(*(resident.go(last, "send") for _ in range(3)))
        assert len({each.headers["location"] for each in sent}) == 1
        assert len(api.office.rows("SELECT * FROM orders")) == 1
        changed = await resident.go(last, "send", address="西路4号")
        assert changed.status_code == 409
        assert texts()["resident"]["order"]["sent_before"] in changed.text
        assert len(api.office.rows("SELECT * FROM orders")) == 1
        again = await resident.go(Form(changed.text), "send")
        assert again.status_code == 303, "and once more on purpose it is another order"
        assert len(api.office.rows("SELECT * FROM orders")) == 2

    async def test_needs_no_more_than_a_kind_and_a_few_words(self, api: Api, resident: Resident) -> None:
        await resident.placed(api, category="", community="", address="　", name="", phone=" ")
        (order,) = api.office.rows("SELECT * FROM orders JOIN matter ON matter_no = order_no")
        assert {order[name] for name in ("category", "community", "address")} == {None}
        assert api.office.rows("SELECT * FROM requester") == []

    async def test_keeps_what_was_written_on_every_way_back(self, resident: Resident) -> None:
        one = await resident.open()
        two = Form(
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
        three = Form((await resident.go(two, "to-3", community="community-05", address="巷口")).text)
        person: dict[str, Any] = {"name": "李某", "phone": "这不是号码", "confidential": "1"}
        for button in ("to-2", "to-1", "elder-1", "elder-0"):
            answer = await resident.go(three, button, **person)
            assert answer.status_code == 200, "whoever goes back is not told off"
            back = Form(answer.text)
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
        again = Form((await resident.go(two, "to-1", address="写了一半")).text)
        assert again.fields["address"] == "写了一半"

    async def test_is_shown_large_from_any_step_and_stays_so(self, resident: Resident) -> None:
        two = Form((await resident.go(await resident.open(), "to-2", kind="report", description="事")).text)
        assert Page(await resident.go(two, "elder-1", address="巷口")).part("html").tag["class"] == "elder"
        assert Page(await resident.get("/track")).part("html").tag["class"] == "elder"
        assert "class" not in Page(await resident.go(two, "elder-0")).part("html").tag.attrs
        assert "class" not in Page(await resident.get("/")).part("html").tag.attrs

    async def test_is_still_there_for_a_browser_that_goes_back(self, api: Api, resident: Resident) -> None:
        one = await resident.open()
        two = await resident.go(one, "to-2", kind="report", description="有事")
        kept = {answer.headers["cache-control"] for answer in (two, await resident.get("/order"))}
        assert kept == {"private, no-cache"}
        _, code = await resident.placed(api)
        assert (await resident.get(f"/t/{code}")).headers["cache-control"] == "no-store"

    @pytest.mark.parametrize(
        ("step", "field", "value", "said"),
        [
            (1, "kind", "", "请选一项"),
            (1, "kind", "robbery", "请选一项"),
            (1, "description", "", "请写几个字"),
            (1, "description", " 　\n", "请写几个字"),
            (1, "description", "好" * 5_001, "最多5000个字，现在有5001个"),
            (1, "description", "\u3164\u200b", "请写几个字"),
            (1, "category", "no-such-thing", "请选一项"),
            (1, "category", "x" * 100, "请选一项"),
            (3, "subject", "长" * 201, "最多200个字，现在有201个"),
            (2, "community", "community-99", "请选一项"),
            (2, "address", "好" * 301, "最多300个字，现在有301个"),
            (3, "name", "好" * 101, "最多100个字"),
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
            shown = Form(wrong.text)
            assert set(shown.wrong) == {field}, "beside this field and no other"
            assert said in shown.wrong[field]
            assert f"#{field}" in Page(wrong).links, "the summary leads there"
            kept = {
                name: text
                for name, text in values.items()
                # The subject is made again as long as the resident has not written one.
                if name not in {"step", "kind", "category", "community", "made", "subject"}
            }
            assert {name: shown.fields[name] for name in kept} == kept
        assert api.office.rows("SELECT * FROM orders") == []

    @pytest.mark.parametrize(
        ("written", "kept"),
        [
            ("000-0000-0001".translate(WIDE), "000-0000-0001".translate(WIDE)),
            ("\u202d000\u200b00000001\u202c", PHONE),
            ("000-0000-0001 转 8", "000-0000-0001 转 8"),
        ],
    )
    async def test_takes_a_number_as_it_is_written_and_keeps_it_so(
        self, api: Api, resident: Resident, written: str, kept: str
    ) -> None:
        await resident.placed(api, phone=written)
        (who,) = api.office.rows("SELECT * FROM requester JOIN requester_phone USING (order_no)")
        assert who["phone"] == kept
        assert [who["phone_key"]] == list(phone_keys(service_of(api).secret, PHONE))

    async def test_takes_what_nobody_sees_for_nothing(self, api: Api, resident: Resident) -> None:
        await resident.placed(api, name="\u3164", phone="\u202d\u202c", address="\u2800\u200b")
        assert api.office.rows("SELECT * FROM requester") == []
        assert api.office.rows("SELECT address FROM orders") == [{"address": None}]

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
        shown = Form(answer.text)
        assert set(shown.wrong) == {"pictures"}
        assert "第2张" in shown.wrong["pictures"]
        assert why in shown.wrong["pictures"]
        assert len(shown.pictures) == 2
        assert (shown.fields["kind"], shown.fields["description"]) == ("report", "有事")
        assert len(api.office.rows("SELECT * FROM attachment")) == 2
        without = Form((await resident.go(shown, "to-2", drop=shown.pictures[0])).text)
        assert without.pictures == shown.pictures[1:]

    async def test_takes_nine_pictures_and_no_more(self, resident: Resident) -> None:
        files = [(f"{number}.jpg", JPEG, "image/jpeg") for number in range(11)]
        answer = await resident.go(await resident.open(), "to-2", files, kind="report", description="有事")
        shown = Form(answer.text)
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
        shown = Form(refused.text)
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
            assert Form(answer).fields["description"] == hostile

    async def test_is_not_taken_from_a_page_of_another_site(self, api: Api, resident: Resident) -> None:
        last = await resident.filled()
        for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            for path in ("/order", "/track", "/t/0000-0000-0000-0000/urge"):
                sent = await resident.send("POST", path, data={**last.fields, "go": "send"}, headers=headers)
                assert sent.status_code == 403
                assert texts()["resident"]["refusals"]["foreign_page"] in sent.text
        assert api.office.rows("SELECT * FROM orders") == []


class TestASubject:
    """It is made from the resident's text, and shown for the resident to change (issue 15, row 8)."""

    async def test_is_shown_and_follows_what_is_written(self, api: Api) -> None:
        resident = Resident(api.http)
        last = await resident.filled(description="您好！路灯坏了，晚上很黑。请修")
        assert last.fields["subject"] == "路灯坏了，晚上很黑"
        first = Form((await resident.go(last, "to-1")).text)
        again = Form((await resident.go(first, "to-3", description="您好，电梯停了")).text)
        assert again.fields["subject"] == "电梯停了"
        await resident.go(again, "send")
        (row,) = api.office.rows("SELECT subject FROM orders")
        assert row["subject"] == "电梯停了"

    async def test_that_somebody_wrote_stays(self, api: Api) -> None:
        resident = Resident(api.http)
        last = await resident.filled()
        first = Form((await resident.go(last, "to-1", subject="三号楼路灯")).text)
        again = Form((await resident.go(first, "to-3", description="换了内容")).text)
        assert again.fields["subject"] == "三号楼路灯"
        await resident.go(again, "send")
        (row,) = api.office.rows("SELECT subject FROM orders")
        assert row["subject"] == "三号楼路灯"


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
        assert "tel:12345" in Page(refused).links, "the way that is left"
        assert {name: Form(refused.text).fields[name] for name in FILLED} == FILLED
        assert len(api.office.rows("SELECT * FROM orders")) == 1
        self.allow(api)
        assert (await resident.go(Form(refused.text), "send")).status_code == 303, "later it goes through"

    async def test_a_form_is_answered_by_a_page_that_shows_what_was_written(
        self, api: Api, resident: Resident
    ) -> None:
        last = await resident.filled()
        self.allow(api, order_form="1/hour")
        await resident.go(last, "to-1")
        refused = await resident.go(last, "send")
        assert refused.status_code == 429
        assert texts()["resident"]["refusals"]["too_many_requests"] in refused.text
        assert "tel:12345" in Page(refused).links
        for shown in ("晚上很黑", "东路3号", "王小明", PHONE, "详细地点"):
            assert shown in refused.text
        assert last.fields["key"] not in refused.text, "nothing that nobody wrote"

    async def test_nobody_guesses_codes_and_a_neighbour_with_a_right_one_is_not_hit(
        self, api: Api, resident: Resident
    ) -> None:
        _, code = await resident.placed(api)
        self.allow(api, wrong_codes="3/hour")
        statuses = [(await resident.get(f"/t/AAAA-AAAA-AAAA-AAA{n}")).status_code for n in range(4)]
        assert statuses == [404, 404, 404, 429]
        for path in (f"/t/{code}", f"/t/{code}/receipt", f"/api/v1/track/{code}"):
            assert (await resident.get(path)).status_code == 200
        asked = await resident.send("POST", "/track", data={"code": code}, headers={"Origin": HOST})
        assert (asked.status_code, asked.headers["location"]) == (303, f"/t/{code}")
        wrong = "AAAA-AAAA-AAAA-AAAA"
        asked = await resident.send("POST", "/track", data={"code": wrong}, headers={"Origin": HOST})
        assert asked.status_code == 429
        assert wrong in asked.text, "it stays in its field"
        assert "tel:12345" in Page(asked).links

    async def test_one_caller_floods_nobody_and_a_neighbour_goes_on(
        self, api: Api, resident: Resident
    ) -> None:
        self.allow(api, orders_of_one_caller="1/hour")
        placed = await resident.go(await resident.filled(phone="138 0000 0000"), "send")
        assert placed.status_code == 303
        again = await resident.go(await resident.filled(phone="+86 13800000000"), "send")
        assert again.status_code == 429
        other = await resident.go(await resident.filled(phone="00000000002"), "send")
        assert other.status_code == 303

    async def test_an_order_is_not_flooded_and_what_was_written_is_shown(
        self, api: Api, resident: Resident
    ) -> None:
        _, code = await resident.placed(api)
        self.allow(api, actions_on_one_order="1/hour")
        await resident.act(code, "supplement", text="想起一点")
        refused = await resident.act(code, "supplement", text="又想起一点")
        assert refused.status_code == 429
        assert "又想起一点" in refused.text
        assert "tel:12345" in Page(refused).links
        by_program = await api.http.post(f"/api/v1/track/{code}/urge")
        assert by_program.status_code == 429, "a program is limited as pages are"


class TestAPage:
    async def test_tells_in_plain_words_that_a_form_is_too_large(self, resident: Resident) -> None:
        for more in ({"headers": {"Content-Length": "99999999"}}, {}):
            answer = await resident.send("POST", "/track", data={"code": "A" * 200_000}, **more)
            assert answer.status_code == 413
            assert texts()["resident"]["refusals"]["body_too_large"] in answer.text

    async def test_leads_to_both_ways_the_hotline_and_the_staffs_door(self, resident: Resident) -> None:
        home = Page(await resident.get("/")).links
        for link in ("/order", "/track", "tel:12345", "/desk"):
            assert link in home

    async def test_names_the_hotline_of_the_office(self, api: Api, resident: Resident) -> None:
        service_of(api).hotline = "010-12345"
        for path in ("/", "/order", "/track", "/t/nothing"):
            assert "010-12345" in Page(await resident.get(path)).links["tel:010-12345"]

    async def test_is_large_once_chosen_and_one_comes_back_to_where_one_was(
        self, api: Api, resident: Resident
    ) -> None:
        _, code = await resident.placed(api)
        for path in ("/", "/track", f"/t/{code}", f"/t/{code}/receipt"):
            sent = await resident.send(
                "POST",
                "/elder",
                data={"on": "1", "back": Form((await resident.get(path)).text).fields["back"]},
            )
            assert sent.status_code == 303
            back = path.removesuffix("/receipt")
            assert sent.headers["location"] in {path, back}
            assert Page(await resident.get(path)).part("html").tag["class"] == "elder"
        refused = await resident.act(code, "supplement", text="")
        assert Form(refused.text).fields["back"] == f"/t/{code}", "not to where only forms are sent"

    async def test_holds_no_script_and_no_style_of_its_own(self, api: Api, resident: Resident) -> None:
        _, code = await resident.placed(api)
        for path in ("/", "/order", "/track", f"/t/{code}", f"/t/{code}/receipt", "/t/nothing"):
            shown = await resident.get(path)
            page = Page(shown)
            assert page.all("script, style, [style]") == []
            assert not [name for each in page.all("*") for name in each.attrs if name.startswith("on")]
            assert "default-src 'self'" in shown.headers["content-security-policy"]
            assert page.part("html").tag["lang"] == "zh-CN"

    def test_has_words_for_all_that_it_shows(self) -> None:
        words = texts()["resident"]
        assert set(words["kind_hints"]) == set(RequestKind)
        assert set(words["done"]) == set(OFFERED)
        for action in OFFERED:
            assert {f"{action}{part}" for part in ("", "_hint", "_send")} <= set(words["following"])
        answers = {f"solved_{each}" for each in Solved} | {f"satisfied_{each}" for each in Satisfied}
        assert answers <= set(words["following"])
