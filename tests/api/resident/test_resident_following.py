"""The residents' page of an order: found by its tracking code, in plain words, with every action possible now."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from api.acts.tracking import OFFERED
from api.contract.tracking import MAX_WORDS
from api.pages.rendering import moment, texts
from domain.order.lifecycle import TaskKind
from store.matter.tables import matter
from store.order.tables import orders
from tests.api.conftest import Api
from tests.api.resident.resident import PHONE, WIDE, Form, Resident
from tests.support.browser import HOST
from tests.support.office import at, now
from tests.support.page import Page


@pytest.fixture
def resident(api: Api) -> Resident:
    return Resident(api.http)


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
        shown = Form(answer.text)
        assert answer.status_code == status
        assert said in shown.wrong["code"]
        assert shown.fields["code"] == typed
        assert "<script>" not in answer.text

    async def test_that_is_unknown_is_answered_by_a_page_with_the_hotline(self, resident: Resident) -> None:
        for path in ("/t/AAAA-BBBB-CCCC-DDDD", "/t/%3Cscript%3E", "/t/AAAA-BBBB-CCCC-DDDD/receipt"):
            answer = await resident.get(path)
            assert answer.status_code == 404
            assert "没有查到" in answer.text
            assert "tel:12345" in Page(answer).links
            assert "/desk" not in Page(answer).links
            assert "<script" not in answer.text


class TestFollowing:
    async def test_tells_an_order_number_from_a_tracking_code(self, api: Api, resident: Resident) -> None:
        order_no, _ = await resident.placed(api)
        told = await resident.http.post("/track", data={"code": order_no.lower()})
        assert texts()["resident"]["track"]["order_no"] in told.text

    async def test_says_beside_the_field_that_a_text_is_too_long(self, api: Api, resident: Resident) -> None:
        _, code = await resident.placed(api)
        sent = await resident.act(code, "supplement", text="长" * 15_000)
        assert sent.status_code == 422
        assert "太长了" in sent.text
        assert "长" * 15_000 in sent.text, "and nothing of it is lost"

    async def test_leads_from_the_first_word_over_an_urge_to_rating_and_reopening(
        self, live: Api, resident: Resident
    ) -> None:
        order_no, code = await resident.placed(live)
        shown = (await resident.get(f"/t/{code}")).text
        assert "已收到您的诉求" in shown
        assert "rate" not in Form(shown).ids
        assert texts()["resident"]["done"]["supplement"] in await resident.done(
            code, "supplement", text="还有一点\n第二行"
        )
        assert "已催办" in await resident.done(code, "urge")
        await live.office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="明天来修<b>")
        await live.office.task(order_no, TaskKind.FOLLOW_UP)
        answered = (await resident.get(f"/t/{code}")).text
        assert "明天来修&lt;b&gt;" in answered
        assert answered.index("明天来修") < answered.index("工单号"), "the reply stands first"
        assert "withdraw" not in Form(answered).ids, "only what is possible now"
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

    async def test_of_a_joined_order_shows_how_the_leading_one_stands_and_leads_there(
        self, live: Api, resident: Resident
    ) -> None:
        leading, leading_code = await resident.placed(live)
        order_no, code = await resident.placed(live)
        office = live.office
        await office.decide(leading, TaskKind.FIRST_CONTACT, "refer", text="请办理")
        await office.decide(
            leading, TaskKind.CLASSIFY, "general", category="utilities", unit="street-urban-management"
        )
        await office.decide(leading, TaskKind.ACKNOWLEDGE, "accept")
        await office.task(leading, TaskKind.HANDLE)
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "mark_duplicate", leading_order_no=leading)
        await office.stage(order_no, "joined")
        shown = (await resident.get(f"/t/{code}")).text
        assert "已和同一事项合并办理：承办单位正在办理" in shown
        assert moment(at(office.order(leading)["promised_at"])) in shown
        assert {"supplement", "urge", "withdraw"} <= Form(shown).ids
        assert not {"rate", "reopen"} & Form(shown).ids
        await resident.done(code, "urge")
        assert [each["actor"] for each in office.events(leading) if each["type"] == "OrderUrged"] == [
            f"resident {order_no}"
        ]
        left = await resident.done(leading_code, "withdraw")
        assert "您已撤回" in left
        assert not {"supplement", "urge", "withdraw", "rate", "reopen"} & Form(left).ids
        await office.reported(leading, text="都清走了")
        await office.stage(leading, "closed")
        assert "都清走了" in (await resident.get(f"/t/{code}")).text
        assert "都清走了" not in (await resident.get(f"/t/{leading_code}")).text

    async def test_ends_an_order_that_is_withdrawn(self, live: Api, resident: Resident) -> None:
        order_no, code = await resident.placed(live)
        shown = await resident.done(code, "withdraw")
        assert texts()["resident"]["done"]["withdraw"] in shown
        assert live.office.order(order_no)["ending"] == "withdrawn"
        assert "您已撤回" in shown
        assert "前有进展" not in shown
        assert texts()["resident"]["following"]["soon"] not in shown, "nothing is promised any more"

    async def test_shows_a_withdrawal_before_the_order_has_ended(self, api: Api, resident: Resident) -> None:
        _, code = await resident.placed(api)
        with api.office.store.write() as connection:
            connection.execute(update(orders).values(ending="withdrawn"))
        shown = (await resident.get(f"/t/{code}")).text
        assert "您已撤回" in shown
        assert "前有进展" not in shown
        assert texts()["resident"]["following"]["soon"] not in shown
        assert not set(OFFERED) & Form(shown).ids

    async def test_says_by_when_and_is_sorry_once_that_has_passed(self, api: Api, resident: Resident) -> None:
        order_no, code = await resident.placed(api)
        (first,) = api.office.tasks(order_no)
        assert f"预计{moment(at(first['due_at']))}前有进展" in (await resident.get(f"/t/{code}")).text
        late = texts()["resident"]["following"]["late"]
        for days, is_late in ((1, False), (-1, True)):
            promised = now() + timedelta(days=days)
            with api.office.store.write() as connection:
                connection.execute(update(matter).values(promised_at=promised))
                connection.execute(update(orders).values(is_provisional=True))
            shown = (await resident.get(f"/t/{code}")).text
            assert f"我们承诺在{moment(promised)}前答复您（暂定" in shown
            assert (late in shown) is is_late

    async def test_shows_what_the_unit_asks_until_it_is_answered(self, live: Api, resident: Resident) -> None:
        order_no, code = await resident.placed(live)
        office = live.office
        await office.assigned(order_no)
        await office.decide(order_no, TaskKind.HANDLE, "ask_resident", text="请问是几号楼？<i>")
        await office.stage(order_no, "paused")
        assert "请问是几号楼？&lt;i&gt;" in (await resident.get(f"/t/{code}")).text
        answered = await resident.done(code, "supplement", text="三号楼")
        assert "请问是几号楼？" not in answered

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
        _, code = await resident.placed(api)  # no worker runs
        sent = await resident.act(code, "urge")
        assert sent.headers["location"] == f"/t/{code}?did=urge&became=pending"
        assert texts()["resident"]["later"] in (await resident.get(sent.headers["location"])).text

    async def test_lets_nobody_write_more_than_is_taken(self, api: Api, resident: Resident) -> None:
        _, code = await resident.placed(api)
        boxes = Page(await resident.get(f"/t/{code}")).all("textarea")
        assert boxes
        assert {each["maxlength"] for each in boxes} == {str(MAX_WORDS)}

    @pytest.mark.parametrize(
        ("action", "fields", "wrong"),
        [
            ("supplement", {"text": ""}, {"supplement-text": "请写几个字"}),
            ("supplement", {"text": " \r\n　"}, {"supplement-text": "请写几个字"}),
            ("supplement", {"text": "好" * 2_001}, {"supplement-text": "最多2000个字，现在有2001个"}),
            ("supplement", {"text": "\u3164\u200b"}, {"supplement-text": "请写几个字"}),
            ("supplement", {}, {"supplement-text": "请写几个字"}),
        ],
    )
    async def test_says_beside_the_field_what_is_wrong_and_loses_nothing(
        self, api: Api, resident: Resident, action: str, fields: dict[str, Any], wrong: dict[str, str]
    ) -> None:
        _, code = await resident.placed(api)
        answer = await resident.act(code, action, **fields)
        shown = Form(answer.text)
        assert answer.status_code == 422
        assert shown.wrong.keys() == wrong.keys()
        assert all(said in shown.wrong[name] for name, said in wrong.items())
        assert shown.fields["text"] == fields.get("text", "").replace("\r\n", "\n")
        assert api.office.rows("SELECT * FROM decision") == []

    async def test_asks_for_both_answers_of_a_rating(self, live: Api, resident: Resident) -> None:
        order_no, code = await resident.placed(live)
        await live.office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text="已答复")
        await live.office.task(order_no, TaskKind.FOLLOW_UP)
        sends: list[tuple[dict[str, Any], set[str]]] = [
            ({}, {"solved", "satisfied"}),
            ({"solved": "no"}, {"satisfied"}),
            ({"solved": "maybe", "satisfied": "no"}, {"solved"}),
        ]
        for fields, wrong in sends:
            answer = await resident.act(code, "rate", **fields)
            shown = Form(answer.text)
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
        caplog.set_level(logging.WARNING, logger="httpx2")  # the caller's own lines, which are not ours
        caplog.set_level(logging.DEBUG)  # the last call sets what caplog keeps at all
        _, code = await resident.placed(live)
        await resident.get(f"/t/{code}/receipt")
        await resident.post("/track", code=code)
        await resident.done(code, "supplement", text="标记的话")
        await resident.go(await resident.filled(phone="标记号码"), "send")
        for secret in (code, code.replace("-", ""), PHONE, "王小明", "标记", "晚上很黑"):
            assert secret not in caplog.text


class TestAnOrderThatIsNotTheOffices:
    async def test_says_why_and_where_to_go_on_the_page_and_in_the_message(
        self, live: Api, resident: Resident
    ) -> None:
        order_no, code = await resident.placed(live)
        office = live.office
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请看", reject_reason="not_ours")
        await office.decide(order_no, TaskKind.CLASSIFY, "reject", reason="no_facts", text="没有事实")
        await office.decide(order_no, TaskKind.REVIEW, "revise", text="有事实，但不归街道")
        await office.decide(
            order_no, TaskKind.CLASSIFY, "reject", reason="not_ours", goes_to="court", text="由法院裁判"
        )
        await office.task(order_no, TaskKind.REVIEW)
        why = texts()["codes"]["not_ours"]
        assert why not in (await resident.get(f"/t/{code}")).text, "nobody is told before it is final"
        await office.decide(order_no, TaskKind.REVIEW, "approve")
        at_ten = (now() - timedelta(minutes=1)).isoformat()
        await office.decide(
            order_no, TaskKind.EXPLAIN, "explained", how="letter", at=at_ten, text="房东纠纷由法院裁判"
        )
        await office.stage(order_no, "follow_up")
        shown = (await resident.get(f"/t/{code}")).text
        where = texts()["resident"]["rejected"]["goes_to"].format(place=texts()["codes"]["court"])
        assert f"{why}，{where}" in shown
        assert "房东纠纷由法院裁判" in shown
        told = (await live.http.get(f"/api/v1/track/{code}")).json()["not_accepted"]
        assert told == {"reason": why, "goes_to": texts()["codes"]["court"]}
        await office.eventually(lambda: office.messenger.sent, "a message")
        assert office.messenger.sent[-1].words == (
            f"【订单 {order_no}】您的诉求按规定不予受理（不属本街道职责），请向人民法院12368反映，"
            "说明如下：房东纠纷由法院裁判"
        )
