"""Health, figures, and what the OpenAPI document promises."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from api.errors import STATUS
from store.database import StoreUnavailable
from tests.api.conftest import Api
from tests.support.office import plain


class TestOperations:
    async def test_say_alive_and_ready(self, api: Api) -> None:
        assert (await api.http.get("/livez")).json() == {"status": "alive"}
        ready = await api.http.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "ready")
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
            connection.execute(text("UPDATE orders SET stage = 'handling', overdue = true"))
            connection.execute(
                text("UPDATE orders SET due_at = :at WHERE order_no = :order_no"),
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
