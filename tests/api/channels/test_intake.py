"""`POST /orders`: which orders are refused, repeated and kept."""

import asyncio
import json
import re
from typing import Any

import pytest

from runtime.temporal import Orders
from tests.api.conftest import Api, api_of, order_body
from tests.support.office import Office

URL = "/api/v1/orders"


class TestAnOrder:
    async def test_is_placed_with_all_that_its_client_needs(self, api: Api) -> None:
        response = await api.place()
        placed = response.json()
        api.office.placed.append(placed["order_no"])
        assert response.status_code == 201
        assert re.fullmatch(r"\d{8}-[0-9A-Z]{6}", placed["order_no"])
        assert re.fullmatch(r"([0-9A-Z]{4}-){3}[0-9A-Z]{4}", placed["tracking_code"])
        assert placed["stage"] == "first_contact"
        assert placed.pop("officer_passed_over") is None
        assert set(placed) == {"order_no", "tracking_code", "stage", "received_at", "links"}
        assert response.headers["location"] == placed["links"]["order"]
        order = await api.http.get(placed["links"]["order"], headers=api.channel())
        assert order.json()["requester"] is None

    async def test_of_somebody_without_a_contact_shows_staff_that_there_is_none(self, api: Api) -> None:
        placed = await api.placed(requester={})
        order = await api.http.get(f"/api/v1/orders/{placed['order_no']}", headers=api.staff("desk-1"))
        assert order.json()["requester"] is None

    async def test_is_one_row_of_each_kind_in_one_transaction(self, api: Api) -> None:
        order_no = (await api.placed())["order_no"]
        rows = api.office.rows(
            "SELECT * FROM matter JOIN orders ON matter_no = order_no JOIN requester USING (order_no)"
        )
        assert [row["matter_no"] for row in rows] == [order_no]
        for table in ("task", "event", "outbox", "audit"):
            rows = api.office.rows(f"SELECT * FROM {table} WHERE matter_no = :no", no=order_no)  # noqa: S608
            assert len(rows) == 1, table
        assert len(api.office.rows("SELECT * FROM idempotency")) == 1
        await api.office.eventually(
            lambda: api.office.rows("SELECT result FROM outbox")[0]["result"] == "sent", "marked as sent"
        )

    async def test_goes_to_the_officer_who_took_it(self, api: Api) -> None:
        headers = api.channel("home_visit")
        placed = await api.placed(channel="home_visit", headers=headers, received_by="community-11-worker")
        (task,) = api.office.tasks(placed["order_no"])
        assert (task["unit"], task["role"], task["holder"]) == (
            "community-11",
            "community_worker",
            "community-11-worker",
        )

    async def test_goes_to_the_roster_and_says_so_if_the_officer_is_nobody(self, api: Api) -> None:
        first = await api.place(received_by="zhang-san", source_reference="r-1")
        again = await api.place("key-00000002", received_by="zhang-san", source_reference="r-1")
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["officer_passed_over"] == again.json()["officer_passed_over"] == "unknown"
        order_no = first.json()["order_no"]
        api.office.placed.append(order_no)
        (task,) = api.office.tasks(order_no)
        assert (task["unit"], task["role"], task["holder"]) == ("street", "duty_officer", None)
        assert api.office.data(order_no, "OrderReceived")[0]["officer_passed_over"] == "unknown"

    async def test_is_kept_while_temporal_is_away(self, closed_office: Office) -> None:
        async with api_of(closed_office, Orders()) as http:
            api = Api(http=http, office=closed_office)
            response = await api.place()
            assert response.status_code == 201
            ready = await http.get("/readyz")
            assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
            metrics = (await http.get("/metrics")).text
        assert closed_office.rows("SELECT done_at FROM outbox") == [{"done_at": None}]
        assert "dingdan_outbox_rows 1.0" in metrics
        assert "dingdan_starts_left_to_reconcile_total 1.0" in metrics


class TestARepeatedRequest:
    async def test_gets_the_first_answer_again(self, api: Api) -> None:
        headers = api.channel()
        first = await api.place(headers=headers)
        again = await api.place(headers=headers)
        api.office.placed.append(first.json()["order_no"])
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        assert "idempotent-replayed" not in first.headers
        assert again.headers["idempotent-replayed"] == "true"

    async def test_may_write_its_body_differently(self, api: Api) -> None:
        headers = {**api.channel(), "Idempotency-Key": '"key-0000001"', "Content-Type": "application/json"}
        first = await api.http.post(URL, content=json.dumps(order_body()), headers=headers)
        reordered = dict(reversed(order_body(confidential=False).items()))
        headers["Idempotency-Key"] = "key-0000001"
        again = await api.http.post(URL, content=json.dumps(reordered, indent=3), headers=headers)
        api.office.placed.append(first.json()["order_no"])
        assert again.json() == first.json()

    async def test_with_another_body_is_refused(self, api: Api) -> None:
        headers = api.channel()
        api.office.placed.append((await api.place(headers=headers)).json()["order_no"])
        other = await api.place(headers=headers, description="别的事")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        assert len(api.office.rows("SELECT * FROM orders")) == 1

    async def test_of_another_client_with_the_same_key_is_another_order(self, api: Api) -> None:
        first = await api.placed()
        second = await api.placed(channel="web", headers=api.channel("web"))
        assert first["order_no"] != second["order_no"]

    async def test_twenty_at_once_place_one_order(self, api: Api) -> None:
        headers = api.channel()
        answers = await asyncio.gather(*(api.place(headers=headers) for _ in range(20)))
        assert {each.status_code for each in answers} <= {201, 409}
        numbers = {each.json()["order_no"] for each in answers if each.status_code == 201}
        assert len(numbers) == 1
        api.office.placed += numbers
        assert len(api.office.rows("SELECT * FROM orders")) == 1

    @pytest.mark.sqlite
    async def test_waits_for_the_first_and_then_says_so(self, api: Api) -> None:
        headers = api.channel()
        with api.office.store.write():  # another writer holds the lock, so neither can finish
            both = [asyncio.create_task(api.place(headers=headers)) for _ in range(2)]
            done, running = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        (second,), (first,) = [each.result() for each in done], running
        assert (second.status_code, second.json()["code"]) == (409, "request_in_progress")
        assert second.headers["retry-after"] == "2"
        placed = await first
        assert placed.status_code == 201
        api.office.placed.append(placed.json()["order_no"])


class TestTheClientsOwnReference:
    async def test_stands_for_one_order_for_ever(self, api: Api) -> None:
        headers = api.channel()
        first = await api.place("key-00000001", headers, source_reference="GD-1")
        again = await api.place("key-00000002", headers, source_reference="GD-1")
        api.office.placed.append(first.json()["order_no"])
        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json()["order_no"] == first.json()["order_no"]
        assert again.json()["tracking_code"] == first.json()["tracking_code"]

    async def test_with_another_body_names_the_order(self, api: Api) -> None:
        headers = api.channel()
        first = await api.place("key-00000001", headers, source_reference="GD-1")
        other = await api.place("key-00000002", headers, source_reference="GD-1", description="别的事")
        api.office.placed.append(first.json()["order_no"])
        assert other.status_code == 409
        assert other.json()["code"] == "source_reference_reused"
        assert other.json()["href"] == first.json()["links"]["order"]

    async def test_and_the_same_key_with_another_body_is_the_keys_fault(self, api: Api) -> None:
        headers = api.channel()
        first = await api.place("key-00000001", headers, source_reference="GD-1")
        other = await api.place("key-00000001", headers, source_reference="GD-1", description="别的事")
        api.office.placed.append(first.json()["order_no"])
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


UNSEEN = ("\x00", "\u200b", "\u3164", "\u2800", "\ufeff", "\u202e", "\xad")


class TestABadRequest:
    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"description": ""}, "description"),
            ({"description": "   "}, "description"),
            ({"description": "好" * 5001}, "description"),
            *(({"description": each * 3}, "description") for each in UNSEEN),
            ({"subject": "\u200b"}, "subject"),
            ({"requester": {"phone": "\u202d\u202c"}}, "requester.phone"),
            ({"requester": {"name": "\u3164"}}, "requester.name"),
            ({"place": {"address": "\u2800"}}, "place.address"),
            ({"source_reference": "\ufeff"}, "source_reference"),
            ({"description": None}, "description"),
            ({"kind": "wish"}, "kind"),
            ({"channel": "pigeon"}, "channel"),
            ({"channel": "web"}, "channel"),
            ({"category": "witchcraft"}, "category"),
            ({"place": {"community": "community-99"}}, "place.community"),
            ({"place": {"longitude": 106.5}}, "place"),
            ({"place": {"longitude": 200, "latitude": 1}}, "place.longitude"),
            ({"requester": {"phone": 5}}, "requester.phone"),
            ({"requester": {"shoe_size": "43"}}, "requester.shoe_size"),
            ({"colour": "red"}, "colour"),
            ({"attachments": ["a"]}, "attachments.0"),
            ({"source_due_at": "2026-12-01T10:00:00"}, "source_due_at"),
            ({"source_due_at": "9999-12-31T23:59:59-08:00"}, "source_due_at"),
        ],
    )
    async def test_is_refused_with_field_and_reason_and_changes_nothing(
        self, api: Api, change: dict[str, Any], field: str
    ) -> None:
        response = await api.place(**change)
        problem = response.json()
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"
        assert [each["field"] for each in problem["errors"]] == [field]
        assert problem["errors"][0]["reason"]
        assert api.office.rows("SELECT * FROM orders") == []
        assert api.office.rows("SELECT * FROM idempotency") == []

    async def test_without_a_key_is_told_to_send_one(self, api: Api) -> None:
        response = await api.http.post(URL, json=order_body(), headers=api.channel())
        assert (response.status_code, response.json()["code"]) == (400, "idempotency_key_missing")

    @pytest.mark.parametrize("key", ["short", "with spaces in it", "x" * 65, '"unclosed-key', "schlüssel-1"])
    async def test_with_a_malformed_key_is_told_how_it_looks(self, api: Api, key: str) -> None:
        headers = {**api.channel(), "Idempotency-Key": key.encode()}
        response = await api.http.post(URL, json=order_body(), headers=headers)  # type: ignore[arg-type]
        assert (response.status_code, response.json()["code"]) == (400, "idempotency_key_malformed")

    async def test_that_is_no_json_is_told_so(self, api: Api) -> None:
        headers = {**api.channel(), "Idempotency-Key": "key-00000001", "Content-Type": "application/json"}
        response = await api.http.post(URL, content=b"{oops", headers=headers)
        assert (response.status_code, response.json()["code"]) == (400, "malformed_json")

    async def test_that_is_too_large_is_refused(self, api: Api) -> None:
        response = await api.place(description="好" * 70_000)
        assert response.status_code == 413
        assert response.headers["content-type"] == "application/problem+json"

    async def test_of_an_unknown_address_is_a_problem_too(self, api: Api) -> None:
        response = await api.http.get("/api/v1/nowhere")
        assert (response.status_code, response.json()["status"]) == (404, 404)
        assert (await api.http.delete(URL)).status_code == 405


class TestWhoMayPlaceOrders:
    async def test_nobody_without_a_key(self, api: Api) -> None:
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
            response = await api.http.post(
                URL, json=order_body(), headers={**headers, "Idempotency-Key": "key-00000001"}
            )
            assert response.status_code == 401
            assert response.headers["www-authenticate"] == "Bearer"

    async def test_no_staff(self, api: Api) -> None:
        response = await api.place(headers=api.staff("desk-1"))
        assert (response.status_code, response.json()["code"]) == (403, "not_entitled")

    async def test_no_client_whose_key_was_revoked(self, api: Api) -> None:
        from domain.doors import CredentialKind
        from store.signin.credentials import revoke
        from tests.support.office import now

        headers = api.channel()
        with api.office.store.write() as connection:
            revoke(connection, kind=CredentialKind.CLIENT, subject="demo-hotline", now=now())
        assert (await api.place(headers=headers)).status_code == 401

    async def test_keys_are_kept_as_keyed_hashes_only(self, api: Api) -> None:
        token = api.channel()["Authorization"].removeprefix("Bearer ")
        stored = json.dumps(api.office.rows("SELECT * FROM credential"), default=str)
        assert token not in stored
        assert token[-20:] not in stored
