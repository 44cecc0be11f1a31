"""The Idempotency-Key (IETF draft, The Idempotency-Key HTTP Header Field) on the three routes that write rows."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import pytest

from store.database import Store
from store.matter.said.decisions import repeated
from tests.api.conftest import Api, api_of, order_body
from tests.support.office import Office

KEY = "an-ordinary-key-1"


@dataclass
class Route:
    """One route: its caller, two different bodies, and the table in which each accepted request is a row."""

    api: Api
    url: str
    headers: dict[str, str]
    body: dict[str, Any]
    other: dict[str, Any]
    rows: Callable[[], int]

    async def send(self, key: str | None, body: dict[str, Any] | None = None) -> httpx2.Response:
        """Send the request, or one with another body."""
        headers = self.headers if key is None else {**self.headers, "Idempotency-Key": key}
        return await self.api.http.post(self.url, json=body or self.body, headers=headers)

    async def insist(self, key: str) -> httpx2.Response:
        """Send the request, and repeat it while an earlier one still runs, as a client does."""
        while (answer := await self.send(key)).json().get("code") == "request_in_progress":
            pass
        return answer


def _counted(office: Office, table: str) -> Callable[[], int]:
    return lambda: len(office.rows(f"SELECT * FROM {table}"))  # noqa: S608 - names of ours


@pytest.fixture(params=["order", "decision", "action"])
async def route(request: pytest.FixtureRequest, api: Api) -> Route:
    """Return each of the three routes."""
    if request.param == "order":
        bodies = order_body(), order_body(description="别的事")
        return Route(api, "/api/v1/orders", api.channel(), *bodies, _counted(api.office, "orders"))
    order_no = (await api.placed())["order_no"]
    counted, who = _counted(api.office, "decision"), api.staff("duty-1")
    if request.param == "action":
        said, other = ({"action": "supplement", "fields": {"text": text}} for text in ("补充", "别的"))
        return Route(api, f"/api/v1/orders/{order_no}/actions", who, said, other, counted)
    (task,) = api.office.tasks(order_no)
    said, other = ({"outcome": "resolve", "fields": {"text": text}} for text in ("答复", "别的"))
    return Route(api, f"/api/v1/tasks/{task['task_id']}/decision", who, said, other, counted)


class TestTheSameKey:
    async def test_and_body_get_the_first_answer(self, route: Route) -> None:
        first, again = await route.send(KEY), await route.send(KEY)
        assert first.status_code in {201, 202}
        assert (again.status_code, again.json()) == (first.status_code, first.json())
        assert route.rows() == 1

    async def test_is_the_same_quoted_or_bare(self, route: Route) -> None:
        first, again = await route.send(f'"{KEY}"'), await route.send(KEY)
        assert again.json() == first.json()
        assert route.rows() == 1

    async def test_and_another_body_is_422_and_changes_nothing(self, route: Route) -> None:
        await route.send(KEY)
        other = await route.send(KEY, route.other)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        assert other.headers["content-type"] == "application/problem+json"
        assert route.rows() == 1

    async def test_ten_times_at_once_is_kept_once_and_answered_ten_times_alike(self, route: Route) -> None:
        answers = await asyncio.gather(*(route.insist(KEY) for _ in range(10)))
        assert all(each.status_code == answers[0].status_code for each in answers)
        assert all(each.json() == answers[0].json() for each in answers)
        assert answers[0].status_code in {201, 202}
        assert route.rows() == 1

    @pytest.mark.sqlite
    async def test_while_the_first_still_runs_is_409_with_a_time_to_come_back(self, route: Route) -> None:
        with route.api.office.store.write():  # another writer holds the lock, so neither can finish
            both = [asyncio.create_task(route.send(KEY)) for _ in range(2)]
            done, running = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        (second,), (first,) = [each.result() for each in done], running
        assert (second.status_code, second.json()["code"]) == (409, "request_in_progress")
        assert second.headers["retry-after"] == "2"
        placed = await first
        assert placed.status_code in {201, 202}
        assert (await route.send(KEY)).json() == placed.json()
        assert route.rows() == 1


class TestTheSameKeyOnTwoOrdersAtOnce:
    @pytest.mark.parametrize("about", ["tasks", "orders"])
    async def test_is_kept_for_one_and_refused_for_the_other(
        self, api: Api, about: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Run two processes as far as the store can tell; each looks before the other writes, if the store lets it."""
        orders = [(await api.placed(key=f"key-of-order-{number}"))["order_no"] for number in range(2)]
        if about == "tasks":
            urls = [f"/api/v1/tasks/{api.office.tasks(each)[0]['task_id']}/decision" for each in orders]
            body: dict[str, Any] = {"outcome": "resolve", "fields": {"text": "答复"}}
        else:
            urls = [f"/api/v1/orders/{each}/actions" for each in orders]
            body = {"action": "supplement", "fields": {"text": "补充"}}
        headers = {**api.staff("duty-1"), "Idempotency-Key": KEY}
        both_have_looked = threading.Barrier(2)

        def look(*arguments: Any) -> Any:
            found = repeated(*arguments)
            with suppress(threading.BrokenBarrierError):  # SQLite lets one in at a time
                both_have_looked.wait(1)
            return found

        async with another_process(api) as first, another_process(api) as second:
            with monkeypatch.context() as patch:
                patch.setattr("store.order.said.decisions.repeated", look)
                answers = await asyncio.gather(
                    *(
                        http.post(url, json=body, headers=headers)
                        for http, url in zip((first, second), urls, strict=True)
                    )
                )
            again = [await second.post(url, json=body, headers=headers) for url in urls]
        assert sorted(each.status_code for each in answers) == [202, 422], [each.text for each in answers]
        assert [each.status_code for each in again] == [each.status_code for each in answers]
        (refused,) = [each.json() for each in answers if each.status_code == 422]
        assert refused["code"] == "idempotency_key_reused"
        rows = api.office.rows("SELECT matter_no FROM decision")
        assert [each["matter_no"] for each in rows] == [
            order_no for order_no, each in zip(orders, answers, strict=True) if each.status_code == 202
        ]
        assert len(api.office.rows("SELECT id FROM outbox WHERE kind = 'signal'")) == 1


@asynccontextmanager
async def another_process(api: Api) -> AsyncIterator[httpx2.AsyncClient]:
    """Serve the same office with a separate store object and separate locks."""
    office = api.office
    store = Store(office.store.engine.url.render_as_string(hide_password=False))
    async with api_of(replace(office, store=store), office.orders) as http:
        yield http


class TestAnotherKey:
    async def test_is_another_request(self, route: Route) -> None:
        await route.send(KEY)
        other = await route.send("an-ordinary-key-2", route.other)
        assert other.status_code in {201, 202}
        assert route.rows() == 2

    @pytest.mark.parametrize(
        "key",
        ["", " ", "short", '""', '"short"', "x" * 65, f'"{"x" * 65}"', "two words here", '"half-a-quote'],
    )
    async def test_that_is_malformed_is_400_and_changes_nothing(self, route: Route, key: str) -> None:
        response = await route.send(key)
        assert (response.status_code, response.json()["code"]) == (400, "idempotency_key_malformed")
        assert route.rows() == 0

    async def test_of_the_least_and_greatest_length_is_taken(self, route: Route) -> None:
        for key in ("x" * 8, "y" * 64):
            assert (await route.send(key, route.body)).status_code in {201, 202}


class TestNoKey:
    async def test_is_400_for_an_order_and_a_new_request_for_staff(self, route: Route) -> None:
        first, again = await route.send(None), await route.send(None, route.other)
        if route.url == "/api/v1/orders":
            assert (first.status_code, first.json()["code"]) == (400, "idempotency_key_missing")
            assert route.rows() == 0
        else:
            assert (first.status_code, again.status_code) == (202, 202)
            assert route.rows() == 2


class TestTheKeyOfAnotherClient:
    async def test_does_not_collide(self, api: Api) -> None:
        answers = [
            await api.place(KEY, api.channel(channel), channel=channel)
            for channel in ("hotline", "web", "wechat")
        ]
        assert {each.status_code for each in answers} == {201}
        assert len({each.json()["order_no"] for each in answers}) == 3
        assert not any("idempotent-replayed" in each.headers for each in answers)
