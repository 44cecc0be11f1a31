"""Health, figures, and the promises of the OpenAPI document."""

import asyncio
import json
import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from sqlalchemy import text
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client

from api.errors import STATUS
from api.operations.health import tell_until_well
from runtime.temporal import MissingSearchAttributes, Orders, TemporalAway, connect, set_up
from store.database import StoreUnavailable
from tests.api.conftest import Api, api_of
from tests.support.office import Office, plain


class TestOperations:
    async def test_say_alive_and_ready(self, api: Api) -> None:
        assert (await api.http.get("/livez")).json() == {"status": "alive"}
        ready = await api.http.get("/readyz")
        assert ready.status_code == 200
        assert ready.json() == {"status": "ready", "store": "up", "temporal": "up", "reason": None}
        assert (await api.http.get("/api/v1/readyz")).status_code == 200

    async def test_count_orders_and_requests(self, api: Api) -> None:
        await api.placed()
        metrics = (await api.http.get("/metrics")).text
        assert 'dingdan_orders_accepted_total{channel="hotline"} 1.0' in metrics
        assert 'dingdan_http_seconds_count{endpoint="place",status="201"} 1.0' in metrics

    async def test_tell_how_the_office_stands(self, api: Api) -> None:
        first, _ = [await api.placed(key=f"key-0000000{number}") for number in range(2)]
        now = datetime.now(UTC)
        with api.office.store.write() as connection:
            connection.execute(text("UPDATE matter SET stage = 'handling', overdue = true"))
            connection.execute(
                text("UPDATE matter SET due_at = :at WHERE matter_no = :order_no"),
                {"at": plain(now - timedelta(hours=1)), "order_no": first["order_no"]},
            )
        api.office.submit_action(first["order_no"], "urge")
        metrics = (await api.http.get("/metrics")).text
        for line in (
            'dingdan_orders_open{stage="handling"} 2.0',
            'dingdan_orders_open{stage="first_contact"} 0.0',
            "dingdan_orders_open_overdue 2.0",
            "dingdan_orders_late 1.0",
            'dingdan_part_up{part="store"} 1.0',
            'dingdan_part_up{part="temporal"} 1.0',
        ):
            assert line in metrics.splitlines(), line
        assert re.search(r"^dingdan_decision_oldest_seconds 0\.\d", metrics, re.MULTILINE)

    async def test_answer_without_the_stores_figures_while_it_is_away(self, api: Api) -> None:
        with pytest.MonkeyPatch.context() as patch:
            for way in ("read", "look"):
                patch.setattr(type(api.office.store), way, _away)
            metrics = await api.http.get("/metrics")
        assert metrics.status_code == 200
        assert 'dingdan_part_up{part="store"} 0.0' in metrics.text
        assert "dingdan_outbox_rows NaN" in metrics.text
        assert "dingdan_orders_open{" not in metrics.text

    async def test_say_unavailable_when_the_store_is_away(self, api: Api) -> None:
        api.office.store.close()
        with pytest.MonkeyPatch.context() as patch:
            for way in ("read", "look"):
                patch.setattr(type(api.office.store), way, _away)
            ready = await api.http.get("/readyz")
            order = await api.http.get("/api/v1/orders/x", headers={"Authorization": "Bearer x"})
        assert ready.status_code == 503
        assert ready.json()["reason"] == "OperationalError"
        assert (order.status_code, order.headers["retry-after"]) == (503, "5")

    async def test_name_an_incident_and_nothing_else_when_something_unforeseen_happens(
        self, api: Api
    ) -> None:
        with pytest.MonkeyPatch.context() as patch:
            for way in ("read", "look"):
                patch.setattr(type(api.office.store), way, _unforeseen)
            response = await api.http.get("/api/v1/orders/x", headers={"Authorization": "Bearer x"})
        assert response.status_code == 500
        assert response.json()["incident"] in response.json()["detail"]
        assert "13912345678" not in response.text


class TestATemporalThatIsNotSetUp:
    async def test_degrades_and_says_why_and_what_to_do(self, closed_office: Office) -> None:
        fresh = await fresh_namespace(closed_office.client)
        for namespace, reason in (
            ("nowhere", "namespace nowhere is not found"),
            (fresh, f"namespace {fresh} lacks the search attributes stage"),
        ):
            orders = Orders(await client_of(closed_office.client, namespace))
            async with api_of(closed_office, orders) as http:
                ready = await http.get("/readyz")
                metrics = (await http.get("/metrics")).text
            assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
            assert reason in ready.json()["reason"].lower()
            assert ready.json()["reason"].endswith("; run: dingdan setup")
            assert 'dingdan_part_up{part="temporal"} 0.0' in metrics

    async def test_is_named_with_every_order_and_signal_that_waits(self, closed_office: Office) -> None:
        orders = Orders(await client_of(closed_office.client, "nowhere"))
        async with api_of(closed_office, orders) as http:
            api = Api(http=http, office=closed_office)
            with structlog.testing.capture_logs() as lines:
                placed = (await api.place()).json()
            (left,) = [each for each in lines if each["event"] == "start_left_to_reconcile"]
            assert left["order_no"] == placed["order_no"]
            assert "Namespace nowhere is not found" in left["reason"]
            assert left["reason"].endswith("; run: dingdan setup")
            with closed_office.store.write() as connection:
                connection.execute(text("UPDATE outbox SET done_at = created_at"))
            with structlog.testing.capture_logs() as lines:
                await http.post(f"/api/v1/track/{placed['tracking_code']}/urge")
            (left,) = [each for each in lines if each["event"] == "signal_left_to_reconcile"]
            assert "Namespace nowhere is not found" in left["reason"]

    async def test_is_told_once_and_again_when_it_is_well(
        self, closed_office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("api.operations.health._NEXT_LOOK_SECONDS", 0.1)
        client = await client_of(closed_office.client, await fresh_namespace(closed_office.client))
        with structlog.testing.capture_logs() as lines:
            telling = asyncio.create_task(tell_until_well(Orders(client)))
            await asyncio.sleep(1)
            await set_up(client)
            await asyncio.wait_for(telling, 10)
        assert [each["event"] for each in lines] == ["orders_cannot_start", "orders_can_start"]
        assert "run: dingdan setup" in lines[0]["reason"]

    async def test_is_not_spoken_of_when_all_is_well(self, closed_office: Office) -> None:
        with structlog.testing.capture_logs() as lines:
            await tell_until_well(closed_office.orders)
        assert lines == []


async def client_of(client: Client, namespace: str) -> Client:
    """Return a client of another namespace of the same server."""
    return await connect(target_host=client.service_client.config.target_host, namespace=namespace)


async def fresh_namespace(client: Client) -> str:
    """Make a namespace in which nothing is set up, and wait until the server knows it."""
    namespace = f"fresh-{uuid.uuid4().hex[:8]}"
    request = RegisterNamespaceRequest(namespace=namespace)
    request.workflow_execution_retention_period.FromSeconds(86_400)
    await client.workflow_service.register_namespace(request)
    orders = Orders(await client_of(client, namespace))
    async with asyncio.timeout(30):
        while True:
            try:
                await orders.check()
            except TemporalAway:
                await asyncio.sleep(0.2)
            except MissingSearchAttributes:
                return namespace


class TestTheOpenApiDocument:
    async def test_names_every_error_answer_of_every_route(self, api: Api) -> None:
        document = (await api.http.get("/api/v1/openapi.json")).json()
        for path, operations in document["paths"].items():
            if not path.startswith("/api/"):
                continue
            for method, operation in operations.items():
                assert "503" in operation["responses"], (method, path)
                if "requestBody" in operation:
                    assert "422" in operation["responses"], (method, path)

    async def test_refers_to_nothing_that_is_not_there(self, api: Api) -> None:
        text = (await api.http.get("/api/v1/openapi.json")).text
        schemas = json.loads(text)["components"]["schemas"]
        named = set(re.findall(r'"\$ref":"([^"]+)"', text))
        assert "#/components/schemas/ProblemBody" in named
        assert {name for name in named if name.rpartition("/")[2] not in schemas} == set()
        assert not {name for name in named if not name.startswith("#/components/schemas/")}

    def test_has_a_status_for_every_code(self) -> None:
        assert set(STATUS.values()) <= {403, 404, 409, 422}


def _away(_store: object) -> object:
    raise StoreUnavailable("OperationalError")


def _unforeseen(_store: object) -> object:
    raise RuntimeError("13912345678")
