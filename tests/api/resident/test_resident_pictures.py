"""Pictures that a resident adds to a placed order go with the resident's words, wherever those go."""

import uuid
from typing import Any

import pytest

from api.pages.rendering import texts
from domain.matter.tasks import MAX_ATTACHMENTS
from domain.order.lifecycle import TaskKind
from tests.api.channels.test_attachments import sent as uploaded
from tests.api.conftest import Api
from tests.api.desk.forms import send as send_action
from tests.api.resident.resident import JPEG, PNG, Form, Resident
from tests.support.browser import HOST, at_work
from tests.support.page import Page
from tests.support.photographs import photograph

ONE = ("a.jpg", JPEG, "image/jpeg")
TWO = ("王小明家门口.png", PNG, "image/png")
PDF = ("b.pdf", b"%PDF-1.7\n", "application/pdf")


@pytest.fixture
def resident(api: Api) -> Resident:
    return Resident(api.http)


def files_shown(page: str, words: str) -> int:
    """Count the files beside some words in an order's timeline."""
    (said,) = (each for each in Page(page).section(texts()["task"]["history"]).items() if words in each.text)
    return len([each for each in said.links if each.startswith("/api/v1/attachments/")])


class TestPicturesThatAreAddedLater:
    async def test_stand_beside_the_words_where_staff_read_them(self, live: Api, resident: Resident) -> None:
        order_no, code = await resident.placed(live)
        await resident.done(code, "supplement", [ONE, TWO], text="又拍了两张")
        rows = live.office.rows("SELECT * FROM attachment")
        assert {row["matter_no"] for row in rows} == {order_no}
        assert "王小明" not in str(rows)
        staff = await at_work(live, "duty-1")
        shown = (await staff.get(f"/desk/orders/{order_no}")).text
        assert files_shown(shown, "又拍了两张") == 2
        assert "又拍了两张" not in (await resident.get(f"/t/{code}")).text
        (event,) = (each for each in live.office.events(order_no) if each["type"] == "OrderSupplemented")
        assert rows[0]["attachment_id"] not in str(event["data"])
        file = await staff.get(f"/api/v1/attachments/{rows[0]['attachment_id']}")
        assert file.status_code == 200

    async def test_are_the_answer_to_what_a_unit_asks(self, live: Api, resident: Resident) -> None:
        order_no, code = await resident.placed(live)
        office = live.office
        await office.assigned(order_no)
        await office.decide(order_no, TaskKind.HANDLE, "ask_resident", text="请拍一张照片")
        await office.stage(order_no, "paused")
        await office.drain()
        answered = await resident.done(code, "supplement", [ONE], text="就是这里")
        assert "请拍一张照片" not in answered
        task = await office.task(order_no, TaskKind.HANDLE)
        handler = await at_work(live, "street-urban-management-handler")
        shown = (await handler.get(f"/desk/tasks/{task['task_id']}")).text
        assert files_shown(shown, "就是这里") == 1

    async def test_to_a_joined_order_go_to_the_leading_one_as_the_words_do(
        self, live: Api, resident: Resident
    ) -> None:
        hotline = live.channel()
        leading = (await live.placed(headers=hotline))["order_no"]
        order_no, code = await resident.placed(live)
        office = live.office
        await office.decide(leading, TaskKind.FIRST_CONTACT, "refer", text="请办理")
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "mark_duplicate", leading_order_no=leading)
        await office.stage(order_no, "joined")
        await office.drain()
        await resident.done(code, "supplement", [ONE], text="我家门口也是")
        (row,) = office.rows("SELECT * FROM attachment")
        assert row["matter_no"] == leading
        shown = (await (await at_work(live, "desk-1")).get(f"/desk/orders/{leading}")).text
        assert files_shown(shown, "我家门口也是") == 1
        assert texts()["words"]["resident_of"].format(order_no=order_no) in shown
        # A neighbour's pictures are not for the channel of the leading order.
        seen = (await live.http.get(f"/api/v1/orders/{leading}", headers=hotline)).json()
        assert seen["attachments"] == []
        path = f"/api/v1/attachments/{row['attachment_id']}"
        assert (await live.http.get(path, headers=hotline)).status_code == 404
        assert (await live.http.get(path, headers=live.staff("desk-1"))).status_code == 200

    async def test_are_kept_when_something_is_wrong(self, live: Api, resident: Resident) -> None:
        _, code = await resident.placed(live)
        wrong = await resident.act(code, "supplement", [ONE, PDF, TWO], text="  ")
        shown = Form(wrong.text)
        assert wrong.status_code == 422
        assert "第2张" in shown.wrong["supplement-pictures"]
        assert "不是照片" in shown.wrong["supplement-pictures"]
        assert "supplement-text" in shown.wrong
        assert len(shown.pictures) == 2
        assert live.office.rows("SELECT 1 FROM decision") == []
        await resident.done(code, "supplement", text="好了", picture=shown.pictures, drop=shown.pictures[0])
        rows = live.office.rows("SELECT * FROM attachment WHERE matter_no IS NOT NULL")
        assert [row["attachment_id"] for row in rows] == shown.pictures[1:]

    async def test_are_nine_and_pictures_of_ones_own(self, live: Api, resident: Resident) -> None:
        order_no, code = await resident.placed(live)
        many = await resident.act(code, "supplement", [ONE] * (MAX_ATTACHMENTS + 1), text="很多")
        shown = Form(many.text)
        assert len(shown.pictures) == MAX_ATTACHMENTS
        assert "最多9张" in shown.wrong["supplement-pictures"]
        theirs = await uploaded(live, live.channel())
        refused = await resident.act(code, "supplement", text="借用", picture=[theirs])
        assert refused.status_code == 422
        assert "重新选" in Form(refused.text).wrong["supplement-pictures"]
        assert "借用" in refused.text
        assert theirs not in refused.text
        assert live.office.rows("SELECT 1 FROM decision WHERE matter_no = :no", no=order_no) == []

    async def test_are_added_once_by_a_form_that_is_sent_twice(self, live: Api, resident: Resident) -> None:
        order_no, code = await resident.placed(live)
        data = {"action_id": "ab" * 16, "text": "只说一次"}

        async def send(*files: Any) -> Any:
            parts = [("pictures", each) for each in files]
            headers = {"Origin": HOST}
            return await resident.send(
                "POST", f"/t/{code}/supplement", data=data, files=parts, headers=headers
            )

        for _ in range(2):
            sent = await send(ONE)
            assert sent.headers["location"] == f"/t/{code}?did=supplement&became=applied"
        other = await send(ONE, TWO)
        assert other.status_code == 409
        assert len(Form(other.text).pictures) == 2, "nothing of another one is lost"
        assert len(live.office.rows("SELECT 1 FROM decision")) == 1
        assert len(live.office.rows("SELECT 1 FROM attachment WHERE matter_no = :no", no=order_no)) == 1

    async def test_that_the_order_refused_are_sent_again(self, api: Api, resident: Resident) -> None:
        order_no, code = await resident.placed(api)
        await resident.act(code, "supplement", [ONE], text="说早了")
        (row,) = api.office.rows("SELECT * FROM attachment")
        with api.office.store.write() as connection:
            connection.exec_driver_sql("UPDATE decision SET status = 'rejected', code = 'too_often'")
        again = await resident.act(code, "supplement", text="再说一次", picture=[row["attachment_id"]])
        assert again.status_code == 303
        (row,) = api.office.rows("SELECT * FROM attachment")
        (said,) = api.office.rows("SELECT * FROM decision WHERE status = 'pending'")
        assert (row["matter_no"], row["decision_id"]) == (order_no, said["decision_id"])

    async def test_of_nobody_with_a_code_are_not_kept(self, api: Api, resident: Resident) -> None:
        sent = await resident.send(
            "POST",
            "/t/AAAA-BBBB-CCCC-DDDD/supplement",
            data={"text": "x"},
            files=[("pictures", ONE)],
            headers={"Origin": HOST},
        )
        assert sent.status_code == 404
        assert api.office.rows("SELECT 1 FROM attachment") == []

    async def test_come_with_no_other_action(self, live: Api, resident: Resident) -> None:
        _, code = await resident.placed(live)
        await resident.act(code, "urge", [ONE])
        assert live.office.rows("SELECT 1 FROM attachment") == []


class TestFilesOverTheInterface:
    async def test_are_those_of_the_channel_that_placed_the_order(self, live: Api) -> None:
        hotline = live.channel()
        placed = await live.placed(headers=hotline)
        code, order_no = placed["tracking_code"], placed["order_no"]
        mine, theirs = await uploaded(live, hotline), await uploaded(live, live.channel("web"))
        path = f"/api/v1/track/{code}/messages"
        key = {"Idempotency-Key": "supplement-1"}
        for wrong, field in (([theirs], "unusable_attachment"), (["x"], "invalid_request")):
            refused = await live.http.post(path, json={"text": "补拍", "attachments": wrong}, headers=key)
            assert (refused.status_code, refused.json()["code"]) == (422, field), refused.text
        for _ in range(2):
            taken = await live.http.post(path, json={"text": "补拍", "attachments": [mine]}, headers=key)
            assert taken.status_code == 202, taken.text
        again = await live.http.post(path, json={"text": "再一次", "attachments": [mine]})
        assert again.json()["code"] == "unusable_attachment"
        (row,) = live.office.rows("SELECT * FROM attachment WHERE matter_no IS NOT NULL")
        assert (row["attachment_id"], row["matter_no"]) == (mine, order_no)
        seen = (await live.http.get(f"/api/v1/orders/{order_no}", headers=hotline)).json()
        assert [each["attachment_id"] for each in seen["attachments"]] == [mine]


class TestWhatStaffAdd:
    async def test_may_have_files_too(self, live: Api) -> None:
        order_no = (await live.placed())["order_no"]
        path = f"/desk/orders/{order_no}"
        browser = await at_work(live, "duty-1")
        assert Page(await browser.get(path)).element("supplement-attachments")["type"] == "file"
        broken = [("attachments", TWO), ("attachments", ("x.exe", b"MZ" * 20, "image/png"))]
        fields = {"outcome": "supplement", "text": "来电人又送来照片"}
        refused = await send_action(browser, path, f"{path}/actions", broken, **fields)
        assert refused.status_code == 422
        assert "来电人又送来照片" in refused.text
        (kept,) = Page(refused).form(f"{path}/actions", outcome="supplement").kept("attachments")
        sent = await send_action(browser, path, f"{path}/actions", attachments=kept, **fields)
        assert sent.status_code == 303, sent.text
        assert files_shown((await browser.get(path)).text, "来电人又送来照片") == 1


class TestPicturesOfTheWork:
    async def test_are_seen_if_the_unit_chose_them_and_the_review_passed(
        self, live: Api, resident: Resident
    ) -> None:
        order_no, code = await resident.placed(live)
        office = live.office
        await office.assigned(order_no)
        unit = live.staff("street-urban-management-handler")
        chosen, inside = [await uploaded(live, unit, photograph(colour=each)) for each in ("green", "red")]
        result = {"text": "修好了", "for_resident": [chosen], "attachments": [inside]}
        await office.decide(order_no, TaskKind.HANDLE, "report_result", **result)
        review = await office.task(order_no, TaskKind.REVIEW)
        assert pictures_shown((await resident.get(f"/t/{code}")).text) == []
        before = await resident.get(f"/t/{code}/pictures/{chosen}")
        assert before.status_code == 404, "not before the review"

        desk = Page(await (await at_work(live, "desk-1")).get(f"/desk/tasks/{review['task_id']}"))
        proposal = desk.section(texts()["task"]["proposal"])
        assert {f"/api/v1/attachments/{each}?size=small" for each in (chosen, inside)} == {
            str(each["src"]) for each in proposal.all(".photos img")
        }
        await office.decide(order_no, TaskKind.REVIEW, "approve")
        await office.stage(order_no, "follow_up")
        await office.drain()

        shown = pictures_shown((await resident.get(f"/t/{code}")).text)
        assert shown == [f"/t/{code}/pictures/{chosen}"]
        tracked = (await live.http.get(f"/api/v1/track/{code}")).json()
        assert [each["href"] for each in tracked["pictures"]] == shown
        picture = await resident.get(shown[0])
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
        assert b"TELEPHONE" not in picture.content
        assert (await resident.get(f"/t/{code}/pictures/{inside}")).status_code == 404
        _, other = await resident.placed(live)
        assert (await resident.get(f"/t/{other}/pictures/{chosen}")).status_code == 404

    async def test_are_pictures_and_no_documents(self, live: Api, resident: Resident) -> None:
        order_no, _ = await resident.placed(live)
        await live.office.assigned(order_no)
        task = await live.office.task(order_no, TaskKind.HANDLE)
        unit = live.staff("street-urban-management-handler")
        document = await uploaded(live, unit, PDF[1])
        sent = await live.http.post(
            f"/api/v1/tasks/{task['task_id']}/decision",
            headers={**unit, "Idempotency-Key": uuid.uuid4().hex},
            json={
                "outcome": "report_result",
                "fields": {"text": "修好了", "for_resident": [document]},
            },
        )
        assert (sent.status_code, sent.json()["code"]) == (422, "unusable_attachment"), sent.text

    async def test_are_pictures_also_when_they_are_named_again(self, live: Api, resident: Resident) -> None:
        """A document that came with the result before does not become a picture by another name."""
        order_no, _ = await resident.placed(live)
        office, unit = live.office, live.staff("street-urban-management-handler")
        await office.assigned(order_no)
        document = await uploaded(live, unit, PDF[1])
        await office.decide(order_no, TaskKind.HANDLE, "report_result", text="修好了", attachments=[document])
        await office.decide(order_no, TaskKind.REVIEW, "revise", text="请附照片")
        task = await office.task(order_no, TaskKind.HANDLE)
        sent = await live.http.post(
            f"/api/v1/tasks/{task['task_id']}/decision",
            headers={**unit, "Idempotency-Key": uuid.uuid4().hex},
            json={"outcome": "report_result", "fields": {"text": "修好了", "for_resident": [document]}},
        )
        assert (sent.status_code, sent.json()["code"]) == (422, "unusable_attachment"), sent.text


def pictures_shown(page: str) -> list[str]:
    """List the addresses of the pictures on a page."""
    return [str(each["src"]) for each in Page(page).all(".photos img")]
