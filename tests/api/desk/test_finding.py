"""Finding orders at the desk: by words, by caller, by similarity."""

from typing import Any

from api.pages.rendering import texts
from tests.api.conftest import Api
from tests.api.desk.forms import send
from tests.support.browser import at_work
from tests.support.page import Page


class TestSimilarOrders:
    """They are shown where staff decide about them, however little is known of an order (issue 15, row 9)."""

    async def test_are_found_by_words_without_community_or_category(self, api: Api) -> None:
        bare: dict[str, Any] = {"place": {}, "category": None, "requester": {}}
        first = (await api.placed(key="key-00000001", description="望江台路88号烧烤店半夜还在吵", **bare))[
            "order_no"
        ]
        second = (await api.placed(key="key-00000002", description="望江台路88号烧烤店又营业到三点", **bare))[
            "order_no"
        ]
        (task,) = api.office.tasks(second)
        path = f"/desk/tasks/{task['task_id']}"
        shown = (await (await at_work(api, "duty-1")).get(path)).text
        assert f"/desk/orders/{first}" in shown
        assert texts()["similar"]["words"] in shown
        joins = f"{path}?leading={first}"
        assert joins in shown
        asked = Page(await (await at_work(api, "duty-1")).get(joins))
        assert asked.element("mark_duplicate-leading_order_no")["value"] == first

    async def test_are_found_by_who_called_and_by_where(self, api: Api) -> None:
        here = {"longitude": 106.5, "latitude": 29.5}
        called = await api.placed(
            key="key-00000001", description="问社保", requester={"phone": "139 0000-0001"}, place={}
        )
        near = await api.placed(key="key-00000002", description="井盖没了", requester={}, place=here)
        far = await api.placed(
            key="key-00000003", description="狗叫", requester={}, place=here | {"latitude": 29.51}
        )
        own = await api.placed(
            key="key-00000004",
            description="路面塌陷",
            requester={"phone": "13900000001"},
            place=here | {"latitude": 29.501},
        )
        shown = await (await at_work(api, "desk-1")).get(f"/desk/orders/{own['order_no']}")
        hints = Page(shown).section(texts()["similar"]["title"]).text
        assert called["order_no"] in hints
        assert texts()["similar"]["caller"] in hints
        assert near["order_no"] in hints
        assert texts()["similar"]["near"].format(metres=111) in hints
        assert far["order_no"] not in hints

    async def test_tell_nobody_who_asked_that_wants_to_stay_unknown(self, api: Api) -> None:
        who = {"requester": {"phone": "13900000001"}}
        secret = await api.placed(key="key-00000001", description="举报加工点", confidential=True, **who)
        plain = await api.placed(key="key-00000002", description="路灯不亮", **who)
        mark = texts()["similar"]["caller"]
        for username, told in (("desk-1", True), ("community-03-worker", False), ("auditor-1", False)):
            staff = await at_work(api, username)
            for one, other in ((secret, plain), (plain, secret)):
                shown = (await staff.get(f"/desk/orders/{one['order_no']}")).text
                assert (other["order_no"] in shown, mark in shown) == (told, told), username

    async def test_are_shown_beside_what_somebody_writes_down(self, api: Api) -> None:
        first = await api.placed(
            description="清波苑3栋电梯又坏了", requester={"phone": "13900000001"}, place={}
        )
        browser = await at_work(api, "duty-1")
        typed = {
            "channel": "hotline",
            "kind": "complaint",
            "description": "您好！清波苑3栋电梯坏了两天。快修",
        }
        looked = await send(browser, "/desk/new", "/desk/new/similar", **typed, phone="139-0000-0001")
        assert looked.status_code == 200
        assert first["order_no"] in looked.text
        assert texts()["similar"]["caller"] in looked.text
        assert texts()["new"]["will_be"].format(subject="清波苑3栋电梯坏了两天") in looked.text
        assert typed["description"] in looked.text, "what was typed stays"
        (row,) = api.office.rows("SELECT * FROM audit WHERE act = 'caller_looked_up'")
        assert row["actor"] == "duty-1"
        assert "1390" not in str(row)
        assert len(api.office.rows("SELECT 1 FROM orders")) == 1, "nothing is placed"
        nothing = await send(browser, "/desk/new", "/desk/new/similar", **typed | {"description": "问社保"})
        assert texts()["similar"]["nothing"] in nothing.text


class TestFindingOrders:
    async def test_goes_by_number_words_and_filters_within_ones_scope(self, api: Api) -> None:
        numbers = [
            (
                await api.placed(
                    key=f"key-0000000{n}",
                    subject=subject,
                    description=f"说了{n}件" if n != 1 else "二号ktv",
                    place={"community": community},
                )
            )["order_no"]
            for n, (subject, community) in enumerate(
                [("路灯坏了", "community-03"), ("广场舞太吵", "community-04"), ("垃圾没人收", "community-03")]
            )
        ]
        desk = await at_work(api, "desk-1")
        for query, found in (
            ("", {0, 1, 2}),
            (f"q={numbers[1].lower()}", {1}),
            (f"q={numbers[1][-6:].lower()}", {1}),
            ("q=%E5%B9%BF%E5%9C%BA%E8%88%9E", {1}),
            ("community=community-03", {0, 2}),
            ("stage=first_contact&overdue=false", {0, 1, 2}),
            ("stage=closed", set()),
            ("overdue=true", set()),
            ("open=true", {0, 1, 2}),
            ("open=false", set()),
            ("q=%E5%A4%AA%E5%90%B5 %E5%B9%BF%E5%9C%BA%E8%88%9E", {1}),
            ("q=%E5%A4%AA%E5%90%B5%E3%80%80%E8%B7%AF%E7%81%AF", set()),
            (f"q={numbers[1][:8]} {numbers[1][-6:].lower()}", {1}),
            ("q=%E4%BA%8C%E5%8F%B7 KtV", {1}),
            ("q=%25", set()),
            ("q=" + "%E5%A4%AA " * 30, {1}),
        ):
            shown = (await desk.get(f"/desk/orders?{query}")).text
            assert {n for n in range(3) if f"/desk/orders/{numbers[n]}" in shown} == found, query
        worker = (await (await at_work(api, "community-04-worker")).get("/desk/orders")).text
        assert {n for n in range(3) if f"/desk/orders/{numbers[n]}" in worker} == {1}
        assert (await desk.get("/desk/orders?cursor=nonsense")).status_code == 422

    async def test_marks_what_is_overdue_now_whether_or_not_a_step_has_noticed(self, api: Api) -> None:
        order_no = (await api.placed())["order_no"]
        desk = await at_work(api, "desk-1")
        assert "overdue" not in dict(Page(await desk.get("/desk/orders")).marks)
        with api.office.store.write() as connection:
            connection.exec_driver_sql(
                f"UPDATE matter SET due_at = '2020-01-01 00:00:00' WHERE matter_no = '{order_no}'"  # noqa: S608 - ours
            )
        for path in ("/desk/orders", "/desk/orders?overdue=true"):
            assert "overdue" in dict(Page(await desk.get(path)).marks), path

    async def test_masks_the_numbers_that_people_write_into_what_they_say(self, api: Api) -> None:
        said = "请打 139 0000 0001 找我"
        edge = await api.placed(key="key-00000002", subject=None, description="长" * 33 + "13900000002")
        named = await api.placed(key="key-00000003", subject="回电13900000003")
        listed = (await api.http.get("/api/v1/orders", headers=api.staff("auditor-1"))).json()["items"]
        assert {each["order_no"]: each["subject"] for each in listed}[named["order_no"]] == "回电139****0003"
        order_no = (await api.placed(subject=None, description=said))["order_no"]
        desk = await at_work(api, "duty-1")
        for path in ("/desk", "/desk/orders"):
            shown = (await desk.get(path)).text
            assert "139 0000 0001" not in shown, path
            assert "请打 139****0001 找我" in shown, path
            assert edge["order_no"] in shown
            assert "1390000" not in shown, "a number that the line would cut is masked as well"
        assert said in (await desk.get(f"/desk/orders/{order_no}")).text

    async def test_finds_a_caller_however_the_number_is_written_and_writes_it_down(self, api: Api) -> None:
        mine = await api.placed(key="key-00000001", requester={"phone": "139 0000-0000"})
        secret = await api.placed(
            key="key-00000002", requester={"phone": "+8613900000000"}, confidential=True
        )
        other = await api.placed(key="key-00000003", requester={"phone": "13900000001"})
        desk = await at_work(api, "desk-1")
        shown = await send(desk, "/desk/new", "/desk/callers", phone="0086 139 0000 0000")
        assert [each["order_no"] in shown.text for each in (mine, secret, other)] == [True, True, False]
        (row,) = api.office.rows("SELECT * FROM audit WHERE act = 'caller_looked_up'")
        assert row["actor"] == "desk-1"
        assert "1390" not in str(row), "the audit keeps who looked, not whom for"
        worker = await at_work(api, "community-03-worker")
        theirs = await send(worker, "/desk/new", "/desk/callers", phone="13900000000")
        assert [each["order_no"] in theirs.text for each in (mine, secret)] == [True, False]
        short = await send(desk, "/desk/new", "/desk/callers", phone="139")
        assert short.status_code == 422
        assert Page(short).wrong("phone")
        keys = [each["phone_key"] for each in api.office.rows("SELECT phone_key FROM requester_phone")]
        assert len(set(keys)) == 2
        assert all(key and "139000" not in key for key in keys)

    async def test_finds_a_caller_by_each_of_two_numbers(self, api: Api) -> None:
        written = "１３９００００００００／023-6700 0000 转 8"  # noqa: RUF001
        placed = await api.placed(requester={"phone": written})
        desk = await at_work(api, "desk-1")
        for phone in (
            "\u202d139 0000 0000\u202c",
            "(023)67000000",
            "+86 23 6700-0000",
            "13900000000/13900000009",
        ):
            assert placed["order_no"] in (await send(desk, "/desk/new", "/desk/callers", phone=phone)).text
        others = await send(desk, "/desk/new", "/desk/callers", phone="13900000009")
        assert placed["order_no"] not in others.text
        (who,) = api.office.rows("SELECT phone FROM requester")
        assert who["phone"] == written, "it is kept as it was written"
