"""A resident's actions by tracking code."""

import json

from domain.order.lifecycle import TaskKind
from messages.names import order_workflow_id
from tests.api.conftest import Api
from tests.support.page import Page


class TestTracking:
    async def test_tells_in_plain_words_and_nothing_personal(self, live: Api) -> None:
        placed = await live.placed(
            description="标记正文", requester={"name": "标记姓名", "phone": "13912345678"}, subject="标记主题"
        )
        await live.office.decide(placed["order_no"], TaskKind.FIRST_CONTACT, "resolve", text="请带证件来")
        await live.office.task(placed["order_no"], TaskKind.FOLLOW_UP)
        view = (await live.http.get(placed["links"]["track"])).json()
        assert view["words"] == "已答复，我们会回访您是否满意"
        assert view["reply"] == "请带证件来"
        assert [step["words"] for step in view["steps"]] == ["收到您的诉求", "已答复您"]
        assert view["can"] == ["supplement", "rate"]
        text = json.dumps(view, ensure_ascii=False)
        for marker in ("标记", "13912345678", "duty-"):
            assert marker not in text

    async def test_shows_the_orders_that_were_made_of_one_each_with_its_code(self, live: Api) -> None:
        placed = await live.placed(requester={})
        office, order_no = live.office, placed["order_no"]
        await office.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="一单两诉")
        parts = [{"text": "楼上漏水"}]
        await office.settled(await office.decide(order_no, TaskKind.CLASSIFY, "split", parts=parts))
        (part,) = (await live.http.get(placed["links"]["track"])).json()["parts"]
        office.placed.append(part["order_no"])
        assert part["words"] == "已收到您的诉求，工作人员正在看"
        own = (await live.http.get(f"/api/v1/track/{part['tracking_code']}")).json()
        assert own["order_no"] == part["order_no"]
        assert own["received_at"] == (await live.http.get(placed["links"]["track"])).json()["received_at"]
        assert own["parts"] == []
        page = Page(await live.http.get(f"/t/{placed['tracking_code']}"))
        assert page.links[f"/t/{part['tracking_code']}"] == [part["order_no"]]

        async def running() -> list[str]:
            return [each.id async for each in office.client.list_workflows(f"WorkflowId = '{workflow_id}'")]

        workflow_id = order_workflow_id(part["order_no"])
        await office.eventually_async(running, workflow_id)
        for each in (part["order_no"], order_no):
            await office.act(each, "withdraw")
            await office.result(each)

    async def test_takes_the_code_however_it_was_written(self, api: Api) -> None:
        placed = await api.placed()
        code = placed["tracking_code"].replace("-", "").lower()
        assert (await api.http.get(f"/api/v1/track/{code}")).json()["order_no"] == placed["order_no"]

    async def test_answers_alike_for_every_unknown_code(self, api: Api) -> None:
        answers = [
            await api.http.get(f"/api/v1/track/{code}") for code in ("AAAA-BBBB-CCCC-DDDD", "x", "'; --")
        ]
        assert {each.status_code for each in answers} == {404}
        assert len({each.text for each in answers}) == 1

    async def test_lets_the_resident_act(self, live: Api) -> None:
        placed = await live.placed()
        track = placed["links"]["track"]
        said = await live.http.post(f"{track}/messages", json={"text": "还有一点"})
        assert said.status_code == 202
        assert (await live.http.post(f"{track}/urge")).status_code == 202
        early = await live.http.post(f"{track}/rating", json={"solved": "yes", "satisfied": "yes"})
        assert (early.status_code, early.json()["code"]) == (409, "wrong_stage")
        key = {"Idempotency-Key": "withdraw-1"}
        first = await live.http.post(f"{track}/withdraw", headers=key)
        again = await live.http.post(f"{track}/withdraw", headers=key)
        assert (first.status_code, again.status_code) == (202, 202)
        assert first.json()["action_id"] == again.json()["action_id"]
        result = await live.office.result(placed["order_no"])
        assert result.ending == "withdrawn"
        events = {each["type"]: each["via"] for each in live.office.events(placed["order_no"])}
        assert {events[name] for name in ("OrderSupplemented", "OrderUrged", "OrderWithdrawn")} == {
            "resident"
        }

    async def test_takes_twenty_urges_and_no_more(self, api: Api) -> None:
        track = (await api.placed())["links"]["track"]
        answers = [await api.http.post(f"{track}/urge") for _ in range(21)]
        assert [each.status_code for each in answers] == [202] * 20 + [409]
        assert answers[-1].json()["code"] == "too_often"

    async def test_refuses_what_is_wrong_in_a_form(self, api: Api) -> None:
        track = (await api.placed())["links"]["track"]
        for path, body in (
            ("messages", {}),
            ("messages", {"text": ""}),
            ("messages", {"text": "好" * 2001}),
            ("messages", {"text": "\u3164\x00"}),
            ("messages", {"text": "\u200b\u202e"}),
            ("rating", {"solved": "maybe", "satisfied": "yes"}),
            ("urge", {"extra": 1}),
        ):
            response = await api.http.post(f"{track}/{path}", json=body)
            assert response.status_code == 422, (path, body)
