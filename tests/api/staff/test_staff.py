"""Orders and tasks as staff see and decide them over HTTP."""

import asyncio
import base64
import uuid
from typing import Any

import jsonschema
import pytest

from domain.order.lifecycle import TaskKind
from tests.api.conftest import Api
from tests.support.office import now, plain


async def first_task(api: Api, **body: Any) -> tuple[str, str, dict[str, str]]:
    """Place an order, and return its number, its first task and the header of an entitled person."""
    order_no = (await api.placed(**body))["order_no"]
    (task,) = api.office.tasks(order_no)
    return order_no, task["task_id"], api.staff("duty-1")


async def decide(
    api: Api, task_id: str, who: dict[str, str], outcome: str, *, key: str = "", wait: int = 0, **fields: Any
) -> Any:
    return await api.http.post(
        f"/api/v1/tasks/{task_id}/decision",
        params={"wait": wait} if wait else {},
        json={"outcome": outcome, "fields": fields},
        headers={**who, "Idempotency-Key": key or uuid.uuid4().hex},
    )


class TestADecision:
    async def test_is_applied_and_waited_for(self, live: Api) -> None:
        order_no, task_id, who = await first_task(live)
        response = await decide(live, task_id, who, "resolve", wait=10, text="答复")
        assert response.status_code == 200
        assert response.json()["status"] == "applied"
        order = (await live.http.get(f"/api/v1/orders/{order_no}", headers=who)).json()
        assert order["stage"] == "follow_up"
        assert [task["kind"] for task in order["tasks"]] == ["follow_up"]

    async def test_without_waiting_is_pending_and_can_be_read(self, api: Api) -> None:
        _, task_id, who = await first_task(api)
        response = await decide(api, task_id, who, "resolve", key="decision-1", text="答复")
        body = response.json()
        assert (response.status_code, body["status"]) == (202, "pending")
        assert body["href"] == "/api/v1/decisions/decision-1"
        assert (await api.http.get(body["href"], headers=who)).json() == body

    async def test_can_be_read_whatever_its_key_looks_like(self, api: Api) -> None:
        _, task_id, who = await first_task(api)
        kept = (await decide(api, task_id, who, "resolve", key="aGVs/bG8+x=?#%", text="答复")).json()
        assert (await api.http.get(kept["href"], headers=who)).json() == kept

    async def test_that_is_waited_for_in_vain_says_when_to_look_again(self, api: Api) -> None:
        _, task_id, who = await first_task(api)
        response = await decide(api, task_id, who, "resolve", wait=1, text="答复")
        assert (response.status_code, response.json()["status"]) == (202, "pending")
        assert response.headers["retry-after"] == "2"

    async def test_repeated_gets_the_first_answer_even_when_the_task_is_done(self, live: Api) -> None:
        _, task_id, who = await first_task(live)
        first = await decide(live, task_id, who, "resolve", key="decision-1", wait=10, text="答复")
        again = await decide(live, task_id, who, "resolve", key="decision-1", wait=10, text="答复")
        assert first.json() == again.json()
        assert again.status_code == 200

    async def test_with_a_key_of_another_decision_is_refused(self, live: Api) -> None:
        _, task_id, who = await first_task(live)
        await decide(live, task_id, who, "resolve", key="decision-1", wait=10, text="答复")
        other = await decide(live, task_id, who, "resolve", key="decision-1", text="别的答复")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")

    async def test_on_a_task_that_is_done_says_who_and_when(self, live: Api) -> None:
        _, task_id, who = await first_task(live)
        await decide(live, task_id, who, "resolve", wait=10, text="答复")
        late = await decide(live, task_id, live.staff("duty-2"), "resolve", text="再答复")
        assert (late.status_code, late.json()["code"]) == (409, "task_done")
        assert "resolve by duty-1 at 20" in late.json()["detail"]

    async def test_contested_by_ten_people_has_one_winner(self, live: Api) -> None:
        _, task_id, _ = await first_task(live)
        people = [live.staff(f"duty-{number % 3 + 1}") for number in range(10)]
        answers = await asyncio.gather(
            *(
                decide(live, task_id, who, "resolve", wait=10, text=f"答复{index}")
                for index, who in enumerate(people)
            )
        )
        statuses = [each.json().get("status") for each in answers]
        assert statuses.count("applied") == 1
        assert all(
            each.status_code == 409 or each.json()["status"] in {"applied", "rejected"} for each in answers
        )

    @pytest.mark.parametrize(
        ("body", "status", "code", "field"),
        [
            ({"outcome": "dance"}, 422, "unknown_outcome", "outcome"),
            ({"outcome": "resolve"}, 422, "missing_field", "text"),
            ({"outcome": "resolve", "fields": {"text": ""}}, 422, "invalid_field", "text"),
            (
                {"outcome": "resolve", "fields": {"text": "x", "colour": "red"}},
                422,
                "unknown_field",
                "colour",
            ),
            ({"outcome": "resolve", "fields": "x"}, 422, "invalid_request", "fields"),
            ({"outcome": "resolve", "mood": "x"}, 422, "invalid_request", "mood"),
            ({}, 422, "invalid_request", "outcome"),
        ],
    )
    async def test_that_is_not_in_order_is_refused_before_any_signal(
        self, api: Api, body: dict[str, Any], status: int, code: str, field: str
    ) -> None:
        order_no, task_id, who = await first_task(api)
        response = await api.http.post(f"/api/v1/tasks/{task_id}/decision", json=body, headers=who)
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert response.json()["errors"][0]["field"] == field
        assert api.office.rows("SELECT * FROM decision") == []
        assert "WORKFLOW_EXECUTION_SIGNALED" not in await api.office.history(order_no)

    async def test_of_somebody_else_is_not_permitted(self, api: Api) -> None:
        _, task_id, _ = await first_task(api)
        foreign = await decide(api, task_id, api.staff("desk-1"), "resolve", text="x")
        assert (foreign.status_code, foreign.json()["code"]) == (403, "not_entitled")
        elsewhere = await decide(api, task_id, api.staff("community-09-worker"), "resolve", text="x")
        assert elsewhere.status_code == 404
        channel = await decide(api, task_id, api.channel(), "resolve", text="x")
        assert channel.status_code == 403

    async def test_on_a_task_that_does_not_exist_is_not_found(self, api: Api) -> None:
        response = await decide(api, "no-such-task", api.staff("desk-1"), "resolve", text="x")
        assert response.status_code == 404


class TestATask:
    async def test_carries_a_schema_for_every_outcome(self, api: Api) -> None:
        _, task_id, who = await first_task(api)
        task = (await api.http.get(f"/api/v1/tasks/{task_id}", headers=who)).json()
        assert [each["name"] for each in task["outcomes"]] == ["resolve", "refer", "mark_duplicate"]
        refer = task["outcomes"][1]["schema"]
        jsonschema.Draft202012Validator.check_schema(refer)
        jsonschema.validate({"text": "意见", "class": "urgent", "unit": "community-01"}, refer)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"text": "意见", "class": "whenever"}, refer)

    async def test_can_be_taken_and_given_back(self, api: Api) -> None:
        _, task_id, who = await first_task(api)
        claimed = await api.http.post(f"/api/v1/tasks/{task_id}/claim", headers=who)
        assert (claimed.status_code, claimed.json()["holder"]) == (200, "duty-1")
        mine = (await api.http.get("/api/v1/tasks?scope=mine", headers=who)).json()["items"]
        assert [each["task_id"] for each in mine] == [task_id]
        held = await api.http.post(f"/api/v1/tasks/{task_id}/claim", headers=api.staff("duty-2"))
        assert held.status_code == 409
        assert "duty-1" in held.json()["detail"]
        released = await api.http.post(f"/api/v1/tasks/{task_id}/release", headers=who)
        assert released.json()["holder"] is None

    async def test_stands_in_the_inbox_of_its_unit_alone(self, api: Api) -> None:
        order_no, task_id, who = await first_task(api)
        unit = (await api.http.get(f"/api/v1/tasks?order_no={order_no}", headers=who)).json()["items"]
        assert [each["task_id"] for each in unit] == [task_id]
        assert unit[0]["timeliness"] == "on_track"
        other = (await api.http.get("/api/v1/tasks", headers=api.staff("community-01-worker"))).json()
        assert other == {"items": [], "next_cursor": None}
        tier = (await api.http.get("/api/v1/tasks?scope=tier&kind=first_contact", headers=who)).json()[
            "items"
        ]
        assert [each["kind"] for each in tier] == ["first_contact"]
        early = await api.http.get("/api/v1/tasks?due_before=2026-01-01T00:00:00Z", headers=who)
        assert early.json()["items"] == []

    async def test_lists_are_paged_without_gap_or_repeat(self, api: Api) -> None:
        for number in range(120):
            api.office.take(key=f"paged-{number:06}")
        who, seen, cursor = api.staff("duty-1"), [], ""
        for _ in range(3):
            page = (
                await api.http.get("/api/v1/tasks", params={"cursor": cursor} if cursor else {}, headers=who)
            ).json()
            seen += page["items"]
            cursor = page["next_cursor"]
        assert cursor is None
        assert len({each["task_id"] for each in seen}) == len(seen) == 120
        assert seen == sorted(seen, key=lambda each: (each["due_at"], each["task_id"]))

    async def test_lists_refuse_a_cursor_that_was_never_given(self, api: Api) -> None:
        long_ago = base64.urlsafe_b64encode(b'["0001-01-01T00:00:00+01:00", "x"]').decode()
        for cursor in ("nonsense", "WyJ4IiwgMV0=", "bnVsbA==", long_ago):
            response = await api.http.get(f"/api/v1/tasks?cursor={cursor}", headers=api.staff("duty-1"))
            assert (response.status_code, response.json()["code"]) == (422, "bad_cursor")


class TestAnOrder:
    async def test_is_seen_by_its_channel_its_units_and_the_office(self, live: Api) -> None:
        order_no, task_id, who = await first_task(live)
        await decide(live, task_id, who, "refer", wait=10, text="内部意见")
        url = f"/api/v1/orders/{order_no}"
        assert (await live.http.get(url, headers=live.channel("web"))).status_code == 404
        assert (await live.http.get(url, headers=live.staff("community-04-worker"))).status_code == 404
        for insider in ("desk-1", "auditor-1", "leader-1"):
            assert (await live.http.get(url, headers=live.staff(insider))).json()["requester"] == {
                "phone": "000****0000"
            }
        channel = (await live.http.get(f"{url}/events", headers=live.channel())).json()["items"]
        staff = (await live.http.get(f"{url}/events", headers=who)).json()["items"]
        assert [each["type"] for each in channel] == [each["type"] for each in staff]
        assert [each["texts"] for each in channel] == [None] * len(channel)
        assert {"text": "内部意见"} in [each["texts"] for each in staff]

    async def test_shows_what_it_refused(self, live: Api) -> None:
        order_no, _, who = await first_task(live)
        await live.office.signal(
            order_no, {"task_id": "x", "decision_id": "raw-1", "actor": "y", "outcome": "z"}
        )
        await live.office.settled("raw-1")
        (refusal,) = (await live.http.get(f"/api/v1/orders/{order_no}", headers=who)).json()["refusals"]
        assert (refusal["code"], refusal["via"], refusal["decision_id"]) == (
            "unknown_task",
            "operator",
            "raw-1",
        )

    async def test_lists_are_filtered(self, api: Api) -> None:
        order_no, _, who = await first_task(api, subject="百分号%和_下划线", category="noise")
        await first_task(api, key="key-00000002", place={"community": "community-04"})

        async def found(query: str) -> list[str]:
            answer = await api.http.get(f"/api/v1/orders?{query}", headers=who)
            assert answer.status_code == 200, answer.text
            return [each["order_no"] for each in answer.json()["items"]]

        assert await found("community=community-03") == [order_no]
        assert await found(f"q={order_no.lower()}") == [order_no]
        assert await found("q=%25和_下") == [order_no]
        assert await found("q=%25无") == []
        assert len(await found("stage=first_contact&tier=street&overdue=false")) == 2
        assert await found("class=urgent") == []
        assert (await api.http.get("/api/v1/orders?stage=asleep", headers=who)).status_code == 422
        assert (await api.http.get("/api/v1/orders", headers=api.channel())).status_code == 403

    @pytest.mark.hasty
    async def test_past_its_due_time_is_overdue_in_lists(self, api: Api) -> None:
        order_no, _, who = await first_task(api)
        await api.office.eventually(
            lambda: api.office.order(order_no)["due_at"] < plain(now()),
            "the first contact's limit has passed",
        )
        items = (await api.http.get("/api/v1/orders?overdue=true", headers=who)).json()["items"]
        assert [each["order_no"] for each in items] == [order_no]


class TestAnAction:
    async def test_of_staff_reaches_the_order(self, live: Api) -> None:
        order_no, _, who = await first_task(live)
        response = await live.http.post(
            f"/api/v1/orders/{order_no}/actions",
            json={"action": "supplement", "fields": {"text": "补充"}},
            headers={**who, "Idempotency-Key": "action-1"},
        )
        assert response.status_code == 202
        assert response.json()["href"] == "/api/v1/decisions/action-1"
        assert (await live.office.settled("action-1"))["status"] == "applied"

    @pytest.mark.parametrize(
        ("who", "body", "status", "code"),
        [
            ("duty-1", {"action": "supervise"}, 403, "not_entitled"),
            ("leader-1", {"action": "supervise"}, 409, "wrong_stage"),
            ("duty-1", {"action": "dance"}, 422, "unknown_action"),
            ("duty-1", {"action": "supplement"}, 422, "missing_field"),
            ("community-09-worker", {"action": "urge"}, 404, "not_found"),
        ],
    )
    async def test_that_is_not_possible_is_refused(
        self, api: Api, who: str, body: dict[str, Any], status: int, code: str
    ) -> None:
        order_no, _, _ = await first_task(api)
        response = await api.http.post(
            f"/api/v1/orders/{order_no}/actions", json=body, headers=api.staff(who)
        )
        assert (response.status_code, response.json()["code"]) == (status, code)


class TestSomebodyWithoutWork:
    async def test_reads_no_decision_of_others(self, live: Api) -> None:
        _, task_id, who = await first_task(live)
        await decide(live, task_id, who, "resolve", key="decision-1", wait=10, text="答复")
        url = "/api/v1/decisions/decision-1"
        assert (await live.http.get(url, headers=live.staff("community-09-worker"))).status_code == 404
        assert (await live.http.get("/api/v1/decisions/none", headers=who)).status_code == 404

    async def test_kind_is_one_of_the_table(self, api: Api) -> None:
        kinds = ",".join(TaskKind)
        response = await api.http.get("/api/v1/tasks?kind=nap", headers=api.staff("duty-1"))
        assert response.status_code == 422
        assert "first_contact" in response.json()["errors"][0]["reason"], kinds
