"""Spans leave the house: they carry only listed attributes, and a collector that is away disturbs nothing."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import SERVICE_NAME
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, StatusCode, get_current_span

from runtime import tracing
from runtime.machine.ports import free_port
from runtime.tracing import ParentOnly, build

PHONE = "13912345678"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Collector(ThreadingHTTPServer):
    """Takes spans over OTLP/HTTP."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Endpoint)
        self.taken: list[ExportTraceServiceRequest] = []


class Endpoint(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ENDPOINT", "TRACES_ENDPOINT", "COMPRESSION"):
        monkeypatch.delenv(f"OTEL_EXPORTER_OTLP_{name}", raising=False)
    for name in ("OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_SERVICE_NAME"):
        monkeypatch.delenv(name, raising=False)


class TestTracing:
    def test_is_off_unless_a_collector_is_named(self) -> None:
        assert tracing.configure("dingdan-api") is None
        assert tracing.interceptors(None) == []

    @pytest.mark.parametrize(
        ("name", "value"), [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")]
    )
    def test_is_off_when_open_telemetry_is(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
        monkeypatch.setenv(name, value)
        assert tracing.configure("dingdan-api") is None

    def test_sends_spans_to_the_collector_that_the_environment_names(
        self, monkeypatch: pytest.MonkeyPatch, collector: Collector
    ) -> None:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}")
        provider = tracing.configure("dingdan-api")
        assert provider is not None
        with provider.get_tracer("test").start_as_current_span("GET", attributes={"url.path": PHONE}):
            pass
        provider.shutdown()
        (request,) = collector.taken
        (resource,) = request.resource_spans
        names = {each.key: each.value.string_value for each in resource.resource.attributes}
        assert names["service.name"] == "dingdan-api"
        assert [each.name for each in resource.scope_spans[0].spans] == ["GET"]
        assert PHONE not in str(request)

    def test_lets_the_environment_name_the_service(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OTEL_SERVICE_NAME", "dingdan-north")
        provider = build(InMemorySpanExporter(), service="dingdan-api")
        assert provider.resource.attributes[SERVICE_NAME] == "dingdan-north"
        provider.shutdown()

    def test_keeps_nobody_waiting_while_the_collector_is_away(self) -> None:
        away = OTLPSpanExporter(endpoint=f"http://127.0.0.1:{free_port(0)}/v1/traces", timeout=1)
        provider = build(away, service="dingdan-api")
        tracer = provider.get_tracer("test")
        began = time.monotonic()
        for _ in range(5_000):
            tracer.start_span("GET").end()
        took = time.monotonic() - began
        provider.shutdown()
        assert took < 3
        assert time.monotonic() - began < 10


class TestASpan:
    def test_keeps_nothing_that_is_not_named(self) -> None:
        kept = InMemorySpanExporter()
        provider = build(kept, service="dingdan-api")
        secrets = {"url.path": PHONE, "url.query": PHONE, "url.full": PHONE, "http.request.header.x": PHONE}
        link = Link(SpanContext(1, 2, is_remote=True), secrets)
        tracer = provider.get_tracer("test")
        with (
            pytest.raises(ValueError, match=PHONE),
            tracer.start_as_current_span(
                f"HandleSignal:{PHONE}", attributes={**secrets, "http.route": "/x/{y}"}, links=[link]
            ),
        ):
            raise ValueError(PHONE)
        provider.force_flush()
        (span,) = kept.get_finished_spans()
        provider.shutdown()
        assert PHONE not in span.to_json()
        assert span.name == "HandleSignal"
        assert dict(span.attributes or {}) == {"http.route": "/x/{y}"}
        assert [dict(each.attributes or {}) for each in span.events] == [{"exception.type": "ValueError"}]
        assert span.status.status_code is StatusCode.ERROR

    @pytest.mark.parametrize(
        "name",
        [
            "GET /api/v1/track/{tracking_code}",
            "POST",
            "StartWorkflow:Order",
            "SignalWorkflow:complete_task",
            "RunActivity:drain_outbox",
        ],
    )
    def test_keeps_its_name_when_that_is_ours(self, name: str) -> None:
        assert _exported_name(name) == name


def _exported_name(name: str) -> str:
    kept: SpanExporter = InMemorySpanExporter()
    assert isinstance(kept, InMemorySpanExporter)
    provider = build(kept, service="dingdan-api")
    provider.get_tracer("test").start_span(name).end()
    provider.force_flush()
    (span,) = kept.get_finished_spans()
    provider.shutdown()
    return span.name


class TestACallersTrace:
    def test_is_gone_on_with_and_nothing_else_of_what_it_sent(self) -> None:
        sent = {"traceparent": PARENT, "tracestate": f"x={PHONE}", "baggage": f"phone={PHONE}"}
        context = ParentOnly().extract(sent)
        carried: dict[str, str] = {}
        ParentOnly().inject(carried, context)
        assert carried == {"traceparent": PARENT}
        assert not get_current_span(context).get_span_context().trace_state
