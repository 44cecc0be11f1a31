"""One trace leads from the request through the workflow to its activities, and carries nothing personal."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from temporalio.client import Client

from api.app import create_app
from api.service import Service
from domain.order.lifecycle import TaskKind
from gateways.messaging.protocol import Message
from runtime import tracing
from runtime.temporal import Orders
from store.attachment.files import FileStore
from store.matter import tasks
from store.order import finding
from tests.api.conftest import SECRET, Api
from tests.support.office import Office, RecordingMessenger

PHONE, TEXT = "13912345678", "邻居夜里吵闹"
PARENT = "0af7651916cd43dd8448eb211c80319c"


@dataclass
class Traced(Api):
    """An API and a worker whose spans are kept."""

    exporter: InMemorySpanExporter

    def spans(self, trace_id: str | None = None) -> list[ReadableSpan]:
        """List the exported spans, of one trace or of all."""
        return [
            span
            for span in self.exporter.get_finished_spans()
            if trace_id is None or f"{span.context.trace_id:032x}" == trace_id
        ]


@pytest_asyncio.fixture(loop_scope="session")
async def traced(closed_office: Office, tmp_path: Path) -> AsyncIterator[Traced]:
    exporter = InMemorySpanExporter()
    provider = tracing.build(exporter, service="test")
    config = closed_office.client.config()
    config["interceptors"] = tracing.interceptors(provider)
    client = Client(**config)
    office = replace(closed_office, client=client, orders=Orders(client, task_queue=closed_office.queue))
    service = Service(
        store=office.store,
        files=FileStore(tmp_path),
        orders=office.orders,
        secret=SECRET,
        policy=office.policy,
        public_url="http://office.example",
        threads=4,
    )
    app = create_app(service, tracer_provider=provider)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        office.at_work(),
        httpx2.AsyncClient(transport=transport, base_url="http://office.example") as http,
    ):
        yield Traced(http=http, office=office, exporter=exporter)
    await service.close()
    provider.shutdown()


class TestAnOrdersTrace:
    async def test_leads_from_the_request_to_its_activities_and_tells_nothing_personal(
        self, traced: Traced, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING, logger="httpx2")  # the caller's own lines, which are not ours
        caplog.set_level(logging.DEBUG)  # the last call sets what caplog keeps at all
        token = {
            **traced.channel(),
            "traceparent": f"00-{PARENT}-b7ad6b7169203331-01",
            "tracestate": f"x={PHONE}",
            "baggage": f"phone={PHONE}",
        }
        placed = (
            await traced.place(headers=token, description=TEXT, requester={"phone": PHONE, "name": TEXT})
        ).json()
        order_no, code = placed["order_no"], placed["tracking_code"]
        traced.office.placed.append(order_no)
        await traced.http.get(f"/api/v1/track/{code}?phone={PHONE}")
        await traced.office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text=TEXT)
        await traced.office.stage(order_no, "follow_up")

        def recorded() -> bool:
            return any(span.name == "RunActivity:record" for span in traced.spans(PARENT))

        await traced.office.eventually(recorded, "the span of `record`")
        for before, after in [
            ("POST /api/v1/orders", "StartWorkflow:Order"),
            ("StartWorkflow:Order", "RunWorkflow:Order"),
            ("StartWorkflow:Order", "StartActivity:record"),
            ("StartActivity:record", "RunActivity:record"),
        ]:
            ids = {span.context.span_id for span in traced.spans(PARENT) if span.name == before}
            parents = {
                span.parent and span.parent.span_id for span in traced.spans(PARENT) if span.name == after
            }
            assert parents, after
            assert parents <= ids, (before, after)
        names = {span.name for span in traced.spans()}
        assert "GET /api/v1/track/{tracking_code}" in names

        key = token["Authorization"].removeprefix("Bearer ")
        told = "".join(span.to_json() for span in traced.spans()) + caplog.text
        history = await traced.office.handle(order_no).fetch_history()
        kept = history.to_json()
        for secret in (PHONE, TEXT, key, code):
            assert secret not in told
            assert secret not in kept


class Listening(RecordingMessenger):
    """A gateway that keeps the context that each of its log lines would have."""

    def __init__(self) -> None:
        super().__init__()
        self.named: list[dict[str, Any]] = []

    def send(self, message: Message) -> None:
        self.named.append(dict(structlog.contextvars.get_contextvars()))
        super().send(message)


class TestALineOfAnActivity:
    async def test_names_the_order(self, closed_office: Office) -> None:
        messenger = closed_office.messenger = Listening()
        async with closed_office.at_work():
            order_no = await closed_office.place()
            await closed_office.decide(order_no, TaskKind.FIRST_CONTACT, "resolve", text=TEXT)
            await closed_office.eventually(lambda: messenger.named, "a message")
        assert messenger.named[0] == {"order_no": order_no, "activity_type": "deliver", "attempt": 1}


class TestARequest:
    async def test_about_an_order_names_it_in_every_line(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[dict[str, Any]] = []

        def listen(*_: object) -> None:
            seen.append(dict(structlog.contextvars.get_contextvars()))

        monkeypatch.setattr(finding, "find_order", listen)
        monkeypatch.setattr(tasks, "find_task", listen)
        headers = api.staff("desk-1")
        for path in ("orders/20261123-7K3M9Q", "tasks/20261123-7K3M9Q-1-AB2C", f"orders/{PHONE}"):
            await api.http.get(f"/api/v1/{path}", headers=headers)
        assert [each.get("order_no") for each in seen] == ["20261123-7K3M9Q", "20261123-7K3M9Q", None]
        assert all(each["request_id"] for each in seen)

    async def test_is_named_in_its_answer_by_us(self, api: Api) -> None:
        answers = [
            await api.http.get("/livez", headers={"X-Request-Id": PHONE}),
            await api.http.get("/livez"),
            await api.http.get("/nowhere"),
        ]
        ids = {answer.headers["x-request-id"] for answer in answers}
        assert len(ids) == 3
        assert PHONE not in ids
        assert {len(each) for each in ids} == {16}
