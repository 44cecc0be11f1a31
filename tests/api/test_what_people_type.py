"""Texts that people type and paste, at every door: the visible part is kept, and equal texts are equal."""

from datetime import timedelta
from typing import Any

import pytest

from domain.calendar.workdays import OFFICE_ZONE
from tests.api.conftest import Api
from tests.api.desk.forms import send
from tests.support.browser import at_work
from tests.support.office import now

KEY = "an-ordinary-key-1"
UNSEEN = ("\x00", "\u200b", "\u3164", "\u2800", "\ufeff", "\u202e", "\xad", " \r\n\u3000")


async def decide(api: Api, order_no: str, who: str, outcome: str, key: str = KEY, **body: Any) -> Any:
    (task,) = api.office.tasks(order_no)
    return await api.http.post(
        f"/api/v1/tasks/{task['task_id']}/decision",
        json={"outcome": outcome, **body},
        headers={**api.staff(who), "Idempotency-Key": key},
    )


class TestAnOrder:
    async def test_is_kept_as_it_is_seen(self, api: Api) -> None:
        await api.placed(
            subject="路\u200b灯\r\n坏了\u202e",
            description="\ufeff一\x00行\r\n二行\U0002ebf0👨\u200d👩\u200d👧 ",
            requester={"name": "葛\U000e0100\U0003158e", "phone": "\u202d138\u200b00000000\u202c"},
        )
        (row,) = api.office.rows("SELECT * FROM orders JOIN requester USING (order_no)")
        assert row["subject"] == "路灯 坏了"
        assert row["description"] == "一行\n二行\U0002ebf0👨\u200d👩\u200d👧"
        assert (row["name"], row["phone"]) == ("葛\U000e0100\U0003158e", "13800000000")

    async def test_sent_again_with_other_line_ends_and_another_offset_is_the_same(self, api: Api) -> None:
        headers = api.channel()
        first = await api.place(
            KEY, headers, description="一\r\n二", source_due_at="2026-12-01T09:00:00+08:00"
        )
        again = await api.place(KEY, headers, description="一\n二", source_due_at="2026-12-01T01:00:00Z")
        assert (again.status_code, again.json()) == (201, first.json())
        assert again.headers["Idempotent-Replayed"] == "true"
        api.office.placed.append(first.json()["order_no"])

    async def test_has_as_many_letters_as_are_seen(self, api: Api) -> None:
        await api.placed(description="好" * 5_000 + "\u200b\n")


class TestADecision:
    @pytest.mark.parametrize("text", UNSEEN, ids=ascii)
    async def test_that_says_nothing_is_refused(self, api: Api, text: str) -> None:
        order_no = (await api.placed())["order_no"]
        answer = await decide(api, order_no, "duty-1", "resolve", fields={"text": text})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")
        assert api.office.rows("SELECT * FROM decision") == []

    async def test_keeps_what_is_seen_of_text_and_comment(self, api: Api) -> None:
        order_no = (await api.placed())["order_no"]
        said: dict[str, Any] = {"fields": {"text": "已\x00修\r\n好"}, "comment": "见\x00记录\u200b"}
        answer = await decide(api, order_no, "duty-1", "resolve", **said)
        assert answer.status_code == 202, answer.text
        (row,) = api.office.rows("SELECT comment, texts FROM decision")
        assert row["comment"] == "见记录"
        texts = row["texts"] if isinstance(row["texts"], str) else str(row["texts"])
        assert "\\u5df2\\u4fee\\n\\u597d" in texts or "已修\\n好" in texts

    async def test_sent_again_with_other_line_ends_is_the_same(self, api: Api) -> None:
        order_no = (await api.placed())["order_no"]
        first = await decide(api, order_no, "duty-1", "resolve", fields={"text": "一\r\n二"})
        again = await decide(api, order_no, "duty-1", "resolve", fields={"text": "一\n二"}, comment="\u200b")
        assert (again.status_code, again.json()) == (202, first.json())

    async def test_sent_again_with_another_offset_is_the_same(self, live: Api) -> None:
        order_no = await live.office.dispatched("street-safety")
        (task,) = [each for each in live.office.tasks(order_no) if each["kind"] == "handle"]
        soon = now() + timedelta(seconds=5)
        url = f"/api/v1/tasks/{task['task_id']}/decision"
        headers = {**live.staff("street-safety-handler"), "Idempotency-Key": KEY}
        answers = [
            await live.http.post(
                url,
                json={
                    "outcome": "request_pause",
                    "fields": {"until": until.isoformat(), "reason": "weather"},
                },
                headers=headers,
            )
            for until in (soon.astimezone(OFFICE_ZONE), soon)
        ]
        assert [each.status_code for each in answers] == [202, 202], [each.text for each in answers]
        assert answers[0].json()["decision_id"] == answers[1].json()["decision_id"]


class TestTheDesk:
    async def test_takes_a_call_back_of_no_number_for_none(self, api: Api) -> None:
        desk = await at_work(api, "duty-1")
        sent = await send(
            desk,
            "/desk/new",
            channel="hotline",
            kind="complaint",
            description="漏水",
            phone="\u3164",
            name="\u200b",
        )
        assert sent.status_code == 303, sent.text
        assert api.office.rows("SELECT * FROM requester") == []

    async def test_takes_a_number_as_a_caller_says_it(self, api: Api) -> None:
        desk = await at_work(api, "duty-1")
        typed = {"channel": "hotline", "kind": "complaint", "description": "漏水"}
        sent = await send(desk, "/desk/new", **typed, phone="023-6800 0000 转 8、138.0000.0000")
        assert sent.status_code == 303, sent.text
        (row,) = api.office.rows("SELECT phone FROM requester")
        assert row["phone"] == "023-6800 0000 转 8、138.0000.0000"
        assert len(api.office.rows("SELECT * FROM requester_phone")) == 2

    async def test_shows_a_reply_of_nothing_beside_its_field(self, api: Api) -> None:
        order_no = (await api.placed())["order_no"]
        (task,) = api.office.tasks(order_no)
        desk = await at_work(api, "duty-1")
        path = f"/desk/tasks/{task['task_id']}"
        answer = await send(desk, path, f"{path}/decision", outcome="resolve", text="\u3164\u202e")
        assert answer.status_code == 422
        assert api.office.rows("SELECT * FROM decision") == []
