"""Every log line has one form, names its matter, and is masked at the end."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider

from runtime import logging as ours

PHONE = "13912345678"


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Log as JSON to memory, and restore the logging afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    ours.configure("json")
    yield written
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


class TestALine:
    def test_names_the_trace_while_there_is_one(self, stream: io.StringIO) -> None:
        log = structlog.get_logger("test")
        with TracerProvider(shutdown_on_exit=False).get_tracer("test").start_as_current_span("x") as span:
            log.info("within")
        log.info("after")
        within, after = lines(stream)
        assert within["trace_id"] == f"{span.get_span_context().trace_id:032x}"
        assert within["span_id"] == f"{span.get_span_context().span_id:016x}"
        assert "trace_id" not in after

    @pytest.mark.parametrize("name", ["uvicorn.error", "temporalio.worker", "sqlalchemy.pool"])
    def test_of_a_library_has_the_same_form(self, stream: io.StringIO, name: str) -> None:
        structlog.contextvars.bind_contextvars(request_id="r1")
        logging.getLogger(name).warning("it went %s", "wrong")
        structlog.contextvars.clear_contextvars()
        (line,) = lines(stream)
        assert line["event"] == "it went wrong"
        assert (line["logger"], line["level"], line["request_id"]) == (name, "warning", "r1")

    def test_of_temporal_names_the_order(self, stream: io.StringIO) -> None:
        facts = {"workflow_id": "order-20261123-7K3M9Q", "activity_type": "record", "attempt": 3}
        logging.getLogger("temporalio.activity").warning("failed", extra={"temporal_activity": facts})
        (line,) = lines(stream)
        assert (line["order_no"], line["activity_type"], line["attempt"]) == ("20261123-7K3M9Q", "record", 3)

    def test_hides_what_an_unforeseen_error_quotes(self, stream: io.StringIO) -> None:
        error = ValueError(f"cannot read\n{PHONE} of Bearer abc.DEF-123")
        structlog.get_logger("test").error("unforeseen", exc_info=error)
        written = stream.getvalue()
        assert "ValueError" in written
        assert PHONE not in written
        assert "abc.DEF-123" not in written


class TestTheMask:
    @pytest.mark.parametrize(
        "secret",
        [
            PHONE,
            "+8613912345678",
            "139 1234 5678",
            "139-1234-5678",
            "028-87654321",
            "0571 8765432",
            "11010119900307123X",
        ],
    )
    def test_hides_a_number_of_a_person(self, secret: str) -> None:
        assert ours.mask(f'{{"event": "电话{secret}，请回"}}') == '{"event": "电话***，请回"}'

    def test_hides_a_token(self) -> None:
        assert ours.mask("Authorization: Bearer abc.DEF-_/+=") == "Authorization: Bearer ***"

    @pytest.mark.parametrize(
        "line",
        [
            '"order_no": "20261123-7K3M9Q", "task_id": "20261123-7K3M9Q-1-AB2C"',
            '"timestamp": "2026-11-23T09:10:36.028123Z", "seconds": 0.0281234567',
            '"trace_id": "0af7651916cd43dd13912345678b319c", "run_id": "01a2b3c4-1394-5678-9012-139123456789"',
            '"at": 1795424923, "ns": 1795424923000000000',
        ],
    )
    def test_leaves_ids_and_instants_as_they_are(self, line: str) -> None:
        assert ours.mask(line) == line
