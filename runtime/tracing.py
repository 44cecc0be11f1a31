"""Tracing by OpenTelemetry: off unless OpenTelemetry's own variables name a collector.

Assumes that spans leave the house: they keep codes, ids and instants that are named here, and nothing
else. A collector that is away costs a queue of bounded length and one line in the log.
"""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Final

import structlog
from opentelemetry import propagate
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagators.textmap import CarrierT, Getter, default_getter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Link, Status
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes
from temporalio.client import Interceptor
from temporalio.contrib.opentelemetry import TracingInterceptor

KEPT: Final = frozenset(
    {
        "error.type",
        "exception.type",
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "network.protocol.version",
        "temporalActivityID",
        "temporalRunID",
        "temporalWorkflowID",
        "url.scheme",
    }
)
"""Attributes that a span keeps. Paths hold tracking codes, queries and headers hold anything, errors quote texts."""

_NAME = re.compile(r"[A-Za-z_]+( /[\w{}./-]*)?|[A-Za-z]+:(Order|Reconcile|[a-z]+(_[a-z]+)*)")
_log = structlog.get_logger("tracing")


def configure(service: str) -> TracerProvider | None:
    """Build the provider of a process if the environment names a collector, else `None`: nothing is traced.

    `service` is the name of the process unless `OTEL_SERVICE_NAME` gives another one.
    """
    if not _is_wanted(os.environ):
        return None
    return build(OTLPSpanExporter(), service=service)


def _is_wanted(environment: Mapping[str, str]) -> bool:
    named = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    switched_off = (
        environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or environment.get("OTEL_TRACES_EXPORTER", "") == "none"
    )
    return not switched_off and any(environment.get(name) for name in named)


def build(exporter: SpanExporter, *, service: str) -> TracerProvider:
    """Build a provider that hands each span, scrubbed, to an exporter in the background."""
    propagate.set_global_textmap(ParentOnly())
    resource = Resource.create()
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: service}))
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(Scrubbed(exporter)))
    return provider


def interceptors(provider: TracerProvider | None) -> list[Interceptor]:
    """Return the interceptors by which a Temporal client carries a trace on; its workers inherit them."""
    if provider is None:
        return []
    interceptor = TracingInterceptor(provider.get_tracer("dingdan"))
    interceptor.text_map_propagator = ParentOnly()
    return [interceptor]


class ParentOnly(TraceContextTextMapPropagator):
    """Takes over the parent span, and nothing else that a caller wrote.

    Baggage and `tracestate` are free text of strangers: they would travel into Temporal's history.
    """

    def extract(
        self,
        carrier: CarrierT,
        context: Context | None = None,
        getter: Getter[CarrierT] = default_getter,
    ) -> Context:
        """Read `traceparent` alone."""
        parent = getter.get(carrier, "traceparent")
        return super().extract({"traceparent": list(parent or ())}, context)


class Scrubbed(SpanExporter):
    """Exports spans reduced to what is known to be harmless; logs once that the collector does not take them."""

    def __init__(self, exporter: SpanExporter) -> None:
        """Wrap an exporter."""
        self._exporter = exporter
        self._taken = True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Scrub some spans, and export them."""
        result = self._exporter.export([scrub(span) for span in spans])
        taken = result is SpanExportResult.SUCCESS
        if taken is not self._taken:
            self._taken = taken
            if taken:
                _log.info("traces_taken_again")
            else:
                _log.warning("traces_lost", hint="the collector does not take them; nothing else suffers")
        return result

    def shutdown(self) -> None:
        """Stop."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send the spans that wait."""
        return self._exporter.force_flush(timeout_millis)


def scrub(span: ReadableSpan) -> ReadableSpan:
    """Reduce a span: attributes by name, events without their words, a status without its sentence."""
    return ReadableSpan(
        name=span.name if _NAME.fullmatch(span.name) else span.name.partition(":")[0].partition(" ")[0],
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_kept(span.attributes),
        events=[Event(each.name, _kept(each.attributes), each.timestamp) for each in span.events],
        links=[Link(each.context, _kept(each.attributes)) for each in span.links],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _kept(attributes: Attributes) -> Attributes:
    return {name: value for name, value in (attributes or {}).items() if name in KEPT}
