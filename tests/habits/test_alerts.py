"""Alerts use figures that exist, and name runbooks that are written."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

import worker
from activities.figures import Figures
from api.metrics import Metrics
from messages.matter.step import EventRecord
from messages.order.step import OrderAnswer, OrderFacts, OrderStep
from runtime.machine.ports import free_port
from runtime.settings import Settings
from store.matter.outbox import OutboxKind, Result
from store.matter.step import StepResult, Written

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy/prometheus"
OF_THE_SDK: Final = {
    "temporal_activity_schedule_to_start_latency_seconds_bucket",
    "temporal_num_pollers",
    "temporal_request_failure_total",
    "temporal_worker_task_slots_available",
    "temporal_workflow_task_execution_failed_total",
    "temporal_workflow_task_schedule_to_start_latency_seconds_bucket",
}
"""From the SDK's own list (docs.temporal.io, "SDK metrics reference"), suffixed as `worker.metrics` asks."""
OF_PROMETHEUS: Final = {"up"}
_WORDS: Final = {"by", "on", "and", "or", "unless", "ignoring", "without", "bool"}


def alerts() -> list[dict[str, Any]]:
    rules = yaml.safe_load((DEPLOY / "alerts.yml").read_text(encoding="utf-8"))
    return [rule for group in rules["groups"] for rule in group["rules"]]


def metrics_in(expression: str) -> set[str]:
    """Find the names of metrics: words that are not functions, labels, durations or keywords."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\"[^\"]*\"|\bby\s*\([^)]*\)", " ", expression)
    return set(re.findall(r"\b[a-z_][a-z0-9_]*\b(?!\s*\()", bare)) - _WORDS


def anchors(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def names_of(text: str) -> Iterator[str]:
    for family in text_string_to_metric_families(text):
        yield from (sample.name for sample in family.samples)


@pytest.fixture(scope="module")
def of_the_worker() -> set[str]:
    """Count one of everything, and read the names from the worker's port."""
    port, now = free_port(0), datetime.now(UTC)
    settings = Settings(database_url="sqlite:///x.db", secret_key=SecretStr("k" * 40), metrics_port=port)
    runtime = worker.sdk_runtime(settings)
    figures = Figures(runtime.metric_meter)
    told = ("OrderClosed", "LimitPassed", "OrderEscalated", "OrderHandedUp")
    step = OrderStep(
        matter_no="x",
        run_id="x",
        seq=1,
        at=now,
        policy="standard",
        facts=OrderFacts(stage="closed", tier="street", unit="street"),
        events=tuple(EventRecord(seq=2, at=now, type=each, actor="system") for each in told),
    )
    written = Written(
        answer=OrderAnswer(), result=StepResult.NEW, entered="closed", finished=(("handle", "expired"),)
    )
    figures.recorded(step, written, timedelta(seconds=1))
    figures.refused("stale")
    figures.schedule(lost=1, is_stopped=True)
    figures.message(recipient="requester", state="failed")
    figures.drained(OutboxKind.START, Result.WAITS)
    return set(names_of(httpx2.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text))


@pytest.fixture(scope="module")
def of_the_api() -> set[str]:
    """List the names that the API registers."""
    return {
        name
        for metric in Metrics().registry.collect()
        for name in (metric.name, *(f"{metric.name}_{end}" for end in ("total", "bucket", "count", "sum")))
    }


class TestAnAlert:
    @pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
    def test_speaks_of_figures_that_exist(
        self, alert: dict[str, Any], of_the_worker: set[str], of_the_api: set[str]
    ) -> None:
        named = metrics_in(alert["expr"])
        assert named
        assert named - of_the_worker - of_the_api - OF_THE_SDK - OF_PROMETHEUS == set()

    @pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
    def test_says_what_is_wrong_and_what_to_do(self, alert: dict[str, Any]) -> None:
        assert alert["labels"]["severity"] in {"page", "ticket"}
        assert alert["annotations"]["summary"].endswith(".")
        page, _, anchor = alert["annotations"]["runbook"].partition("#")
        assert anchor in anchors(page)


class TestPrometheus:
    def test_reads_every_part_and_the_rules(self) -> None:
        config = yaml.safe_load((DEPLOY / "prometheus.yml").read_text(encoding="utf-8"))
        assert config["rule_files"] == ["alerts.yml"]
        read = {
            (job["job_name"], *found["names"], found["port"])
            for job in config["scrape_configs"]
            for found in job["dns_sd_configs"]
        }
        assert read == {("api", "api", 8000), ("worker", "worker", 9464), ("temporal", "temporal", 9090)}
