"""Logs: one structured line for each event, readable on a terminal and JSON elsewhere.

Assumes that nothing personal is ever logged: order numbers, ids, codes and instants only. The mask at
the end of the chain is a last fence for what slips through, mostly the text of an unforeseen error.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from opentelemetry import trace
from temporalio import activity, workflow

from domain.kinds import kind_of
from messages.names import matter_no_of

_Event = MutableMapping[str, Any]
_BEARER = re.compile(r"(?i)\bbearer\s+[\w.~+/=-]+")
# A run of digits begins where no letter, digit or point stands before it, or after a line break that JSON has
# escaped: so ids and fractions stay readable.
_DIGITS = re.compile(
    r"(?:(?<![0-9A-Za-z.])|(?<=\\[nrt]))"
    r"(?:(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}"  # a mobile phone
    r"|0\d{2,3}[ -]?\d{7,8}"  # a telephone with its area
    r"|\d{17}[\dXx])"  # a citizen's number
    r"(?![0-9A-Za-z])"
)


def configure(log_format: str | None = None, *, level: int = logging.INFO) -> None:
    """Send every logger of the process through structlog; `None` decides by the terminal."""
    as_json = log_format == "json" or (log_format is None and not sys.stderr.isatty())
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        _add_span,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info if as_json else _keep,
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )

    def render_masked(logger: Any, name: str, event: _Event) -> str:
        return mask(str(renderer(logger, name, event)))

    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _add_temporal],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render_masked],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("alembic", "uvicorn.access", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # `runtime.tracing` says once that the collector is away; its exporter would say so at every batch.
    for name in ("opentelemetry.exporter", "opentelemetry.sdk"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # Those facts become fields of their own, below, not a dictionary in the middle of the sentence.
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False


def mask(line: str) -> str:
    """Hide what looks like a telephone number, a citizen's number or a bearer token."""
    return _DIGITS.sub("***", _BEARER.sub("Bearer ***", line))


def _add_span(_logger: object, _name: str, event: _Event) -> _Event:
    """Add the ids of the trace, while there is one."""
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        event["trace_id"], event["span_id"] = f"{span.trace_id:032x}", f"{span.span_id:016x}"
    return event


def _add_temporal(_logger: object, _name: str, event: _Event) -> _Event:
    """Name the workflow or activity that a line of the SDK is about."""
    record = vars(event["_record"])
    facts = record.get("temporal_workflow") or record.get("temporal_activity")
    for name in ("workflow_id", "run_id", "workflow_run_id", "activity_type", "attempt"):
        if facts and name in facts:
            event[name] = facts[name]
    matter_no = matter_no_of(str(facts["workflow_id"])) if facts and facts.get("workflow_id") else None
    if matter_no:
        event[f"{kind_of(matter_no).name}_no"] = matter_no
    return event


def _keep(_logger: object, _name: str, event: _Event) -> _Event:
    return event
