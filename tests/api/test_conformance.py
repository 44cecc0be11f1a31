"""The whole API against its own OpenAPI document: a real process, called by schemathesis and by hand.

Schemathesis makes up the same calls in every run. Half of them name things that exist, so that not every answer
is a 404.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.modes import GenerationMode
from temporalio.client import Client

from api.app import create_app
from api.service import Service
from domain.doors import CredentialKind
from domain.duty.periods import period_at
from domain.duty.policy import STANDARD_DUTIES
from messages.names import NAMESPACE
from runtime.machine.leash import leash_environment, leashed
from runtime.machine.ports import free_port
from runtime.temporal import Orders
from store.attachment.files import FileStore
from store.database import Store
from store.duty.opening import open_duties
from store.signin.credentials import mint
from tests.api.conftest import SECRET, order_body
from tests.support.machine.databases import Databases
from tests.support.office import now

ROOT = Path(__file__).parents[2]
PNG = b"\x89PNG\r\n\x1a\n"
EXAMPLES = 20
"""Made-up calls of each operation, beside those that cover each parameter."""
READS_DUTIES = "desk-1"
CONFIG = {
    "generation": {"deterministic": True, "max-examples": EXAMPLES, "database": "none"},
    "request-timeout": 20,
    "checks": {
        # A schema cannot state every rule: which codes are one's own, what a file contains, which values fit together.
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "401", "403", "404", "409", "415", "422", "429"]
        },
    },
}


@dataclass
class Served:
    """A process of the API, with a caller of each kind and one thing of each kind."""

    url: str
    tokens: dict[str, str]
    known: dict[str, str]


@pytest.fixture(scope="module")
def served(
    temporal: Client, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Run the API as `dingdan api` does."""
    folder = tmp_path_factory.mktemp("api")
    store = Store(databases.copy())
    with store.write() as connection:
        tokens = {
            name: mint(connection, secret=SECRET, kind=kind, subject=name, now=now())
            for kind, name in (
                (CredentialKind.CLIENT, "demo-hotline"),
                (CredentialKind.STAFF, "duty-1"),
                (CredentialKind.STAFF, READS_DUTIES),
            )
        }
        period = period_at(now(), STANDARD_DUTIES.rhythm)
        opened = open_duties(connection, ["community-03"], period, STANDARD_DUTIES, page="/", now=now())
    port = free_port(0)
    environment = {
        **os.environ,
        **leash_environment(),
        "DINGDAN_DATABASE_URL": store.engine.url.render_as_string(hide_password=False),
        "DINGDAN_SECRET_KEY": SECRET,
        "DINGDAN_ATTACHMENTS_DIR": str(folder / "attachments"),
        "TEMPORAL_ADDRESS": temporal.service_client.config.target_host,
        "TEMPORAL_NAMESPACE": NAMESPACE,
    }
    store.close()
    with (folder / "api.log").open("wb") as log:
        process = subprocess.Popen(
            leashed([sys.executable, "-m", "cli", "api", "--port", str(port)]),
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url, process)
            yield Served(url=url, tokens=tokens, known=_things(url, tokens) | {"duty_no": opened.duty_nos[0]})
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
    assert "unforeseen_error" not in (folder / "api.log").read_text(encoding="utf-8")


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    transport = httpx2.HTTPTransport(retries=20)
    with httpx2.Client(transport=transport, timeout=20, trust_env=False) as http:
        assert process.poll() is None
        assert http.get(f"{url}/readyz").status_code == 200


def _things(url: str, tokens: dict[str, str]) -> dict[str, str]:
    """Make one order with a file and a decision, and return the ids of all."""
    hotline, duty = ({"Authorization": f"Bearer {tokens[name]}"} for name in ("demo-hotline", "duty-1"))
    with httpx2.Client(base_url=f"{url}/api/v1", timeout=20, trust_env=False) as http:
        kept = http.post("/attachments", files={"file": ("a.png", PNG)}, headers=hotline).json()
        body = order_body(attachments=[kept["attachment_id"]])
        placed = http.post(
            "/orders", json=body, headers={**hotline, "Idempotency-Key": "conformance-1"}
        ).json()
        (task,) = http.get("/tasks", params={"order_no": placed["order_no"]}, headers=duty).json()["items"]
        action = {"action": "urge", "fields": {}}
        acted = http.post(f"/orders/{placed['order_no']}/actions", json=action, headers=duty).json()
    return {
        "attachment_id": kept["attachment_id"],
        "order_no": placed["order_no"],
        "tracking_code": placed["tracking_code"],
        "task_id": task["task_id"],
        "decision_id": acted["action_id"],
    }


def _document() -> dict[str, Any]:
    """Build the document without running anything: there is one test for each of its operations."""
    service = Service(
        store=Store("sqlite:///never-opened.db"),
        files=FileStore(Path(os.devnull)),
        orders=Orders(),
        secret=SECRET,
        policy="standard",
        public_url="http://office.example",
        threads=1,
    )
    return create_app(service).app.openapi()


schema = schemathesis.openapi.from_dict(_document(), config=SchemathesisConfig.from_dict(CONFIG))


class TestEveryAnswer:
    @schema.parametrize()
    @pytest.mark.parametrize("caller", ["demo-hotline", "duty-1"])
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def test_is_as_the_document_says(self, case: schemathesis.Case[Any], caller: str, served: Served) -> None:
        _name_things(case, served.known)
        if "" in (case.query or {}):
            return  # A parameter without a name does not count, and cannot be refused.
        # A duty officer reads no duties.
        named = READS_DUTIES if caller == "duty-1" and "/duties" in case.operation.path else caller
        case.call_and_validate(
            base_url=served.url, headers={"Authorization": f"Bearer {served.tokens[named]}"}
        )


def _name_things(case: schemathesis.Case[Any], known: dict[str, str]) -> None:
    """Let half of the calls name existing things, if the made-up name was meant to be valid."""
    path = case.meta.components.get(ParameterLocation.PATH) if case.meta else None
    if path is None or path.mode is not GenerationMode.POSITIVE:
        return
    made_up: dict[str, Any] = case.path_parameters
    if sum(map(len, map(str, made_up.values()))) % 2:
        made_up.update({name: known[name] for name in made_up if name in known})
