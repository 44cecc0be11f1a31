"""The embedded installation as a user starts it: real processes, real faults, and nothing left behind."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from runtime.machine.leash import leash_environment, leashed

ROOT = Path(__file__).parents[2]
PATIENCE = 90.0


def eventually(look: Callable[[], Any], what: str) -> Any:
    """Look again and again until there is a result, and return it."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(httpx2.TransportError):
            if seen := look():
                return seen
        time.sleep(0.1)
    pytest.fail(f"never came about: {what}")


@dataclass
class Running:
    """A started `dingdan up`."""

    process: subprocess.Popen[bytes]
    info: dict[str, Any]
    info_file: Path
    console: Path
    http: httpx2.Client

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def part(self, *words: str) -> psutil.Process:
        """Find the process of a part by the end of its command line."""
        for child in self.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if all(word in child.cmdline() for word in words):
                    return child
        pytest.fail(f"no process with {words}")

    def place(self, description: str = "路灯坏了") -> dict[str, Any]:
        client = self.info["clients"]["hotline"]
        response = self.http.post(
            "/api/v1/orders",
            json={
                "channel": "hotline",
                "kind": "report",
                "description": description,
                "requester": {"phone": "0"},
            },
            headers={"Authorization": f"Bearer {client['key']}", "Idempotency-Key": uuid.uuid4().hex},
        )
        assert response.status_code == 201, response.text
        return dict(response.json())

    def bearer(self, username: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.info['staff'][username]['token']}"}

    def order(self, order_no: str) -> dict[str, Any]:
        response = self.http.get(f"/api/v1/orders/{order_no}", headers=self.bearer("desk-1"))
        return dict(response.json())

    def resolve(self, order_no: str) -> dict[str, Any]:
        """Answer an order on the spot, and return the decision as it was kept."""
        (task,) = self.order(order_no)["tasks"]
        response = self.http.post(
            f"/api/v1/tasks/{task['task_id']}/decision",
            json={"outcome": "resolve", "fields": {"text": "已修好"}},
            headers={**self.bearer("duty-1"), "Idempotency-Key": uuid.uuid4().hex},
        )
        assert response.status_code == 202, response.text
        return dict(response.json())

    def status_of(self, decision: dict[str, Any]) -> str:
        return str(self.http.get(decision["href"], headers=self.bearer("duty-1")).json()["status"])


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    info_file, console = tmp_path / "info.json", tmp_path / "console.log"
    with console.open("wb") as log:
        process = subprocess.Popen(
            leashed(
                [
                    *(sys.executable, "-m", "cli", "up", "--data-dir", str(tmp_path / "data")),
                    *("--info", str(info_file), "--policy", "seconds", "--no-stories", "--port", "0"),
                ]
            ),
            cwd=ROOT,
            env={**os.environ, **leash_environment()},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        eventually(lambda: info_file.exists() or process.poll() is not None, "the info file")
        assert process.poll() is None, console.read_text(encoding="utf-8")
        info = json.loads(info_file.read_text(encoding="utf-8"))
        with httpx2.Client(base_url=info["api_url"], timeout=20, trust_env=False) as http:
            yield Running(process=process, info=info, info_file=info_file, console=console, http=http)
    finally:
        process.kill()
        process.wait()


class TestTheEmbeddedInstallation:
    def test_writes_all_that_a_program_needs_and_nobody_else_may_read(self, running: Running) -> None:
        assert running.info_file.stat().st_mode & 0o777 == 0o600
        assert set(running.info) == {
            "api_url",
            "temporal_address",
            "temporal_ui_url",
            "namespace",
            "clients",
            "staff",
            "office",
        }
        assert len(running.info["clients"]) == 9
        assert len(running.info["office"]["communities"]) == 12
        assert 38 <= len(running.info["staff"]) <= 60
        ui = httpx2.get(running.info["temporal_ui_url"], trust_env=False, follow_redirects=True, timeout=10)
        assert ui.status_code == 200

        # Ctrl-C stops every child, and leaves the data.
        children = running.children()
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(timeout=40) == 0
        eventually(lambda: not any(child.is_running() for child in children), "all children gone")
        assert (running.info_file.parent / "data" / "dingdan.db").exists()

    def test_starts_a_part_that_was_killed_again_and_loses_nothing(self, running: Running) -> None:
        order = running.place()
        worker = running.part("cli", "worker")
        worker.kill()
        decision = running.resolve(order["order_no"])
        eventually(
            lambda: running.status_of(decision) == "applied", "decided by the worker that was started again"
        )
        assert "worker ended (killed by SIGKILL); started again in 0.5 s" in running.console.read_text(
            "utf-8"
        )

        # The API comes back on its port.
        running.part("cli", "api").kill()
        eventually(
            lambda: running.order(order["order_no"])["stage"] == "follow_up", "the API again, on its port"
        )

    def test_takes_orders_and_decisions_while_temporal_is_away(self, running: Running) -> None:
        temporal = running.part("server", "start-dev")
        temporal.suspend()
        try:
            order = running.place("Temporal 不在的时候")
            assert eventually(
                lambda: running.http.get("/readyz").json()["status"] == "degraded", "readiness says degraded"
            )
            decision = running.resolve(order["order_no"])
            assert running.status_of(decision) == "pending"
        finally:
            temporal.resume()
        eventually(lambda: running.status_of(decision) == "applied", "started and decided by Reconcile")
        assert running.order(order["order_no"])["ending"] == "resolved_on_the_spot"

    def test_dies_with_its_parent(self, running: Running) -> None:
        children = running.children()
        assert len(children) == 3
        running.process.kill()
        eventually(lambda: not any(child.is_running() for child in children), "all children gone")


class TestACommand:
    @pytest.mark.parametrize(
        ("arguments", "environment", "said"),
        [
            (["api"], {}, "DINGDAN_DATABASE_URL"),
            (
                ["api"],
                {"DINGDAN_DATABASE_URL": "sqlite:///none.db", "DINGDAN_SECRET_KEY": "k" * 40},
                "dingdan migrate",
            ),
            (
                ["worker"],
                {"DINGDAN_DATABASE_URL": "sqlite:///none.db", "DINGDAN_COLOUR": "red"},
                "DINGDAN_COLOUR",
            ),
            (["up", "--policy", "yesterday"], {}, "no policy version 'yesterday'"),
            (
                ["migrate"],
                {"DINGDAN_DATABASE_URL": "postgresql://x/y", "DINGDAN_SECRET_KEY": "k" * 40},
                "dingdan: ",
            ),
        ],
    )
    def test_that_cannot_work_says_what_to_do_and_exits_with_1(
        self, tmp_path: Path, arguments: list[str], environment: dict[str, str], said: str
    ) -> None:
        done = _run(tmp_path, arguments, environment)
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr

    def test_mints_keys_that_are_shown_once(self, tmp_path: Path) -> None:
        environment = {"DINGDAN_DATABASE_URL": f"sqlite:///{tmp_path}/x.db", "DINGDAN_SECRET_KEY": "k" * 40}
        assert _run(tmp_path, ["migrate"], environment).returncode == 0
        first = _run(
            tmp_path, ["client", "add", "counter-1", "--channel", "counter"], environment
        ).stdout.strip()
        again = _run(
            tmp_path, ["client", "add", "counter-1", "--channel", "counter"], environment
        ).stdout.strip()
        assert first.startswith("dd_client_")
        assert first != again
        listed = _run(tmp_path, ["client", "list"], environment).stdout
        assert listed.splitlines() == [
            "counter-1\tcounter",
            "courtyard-meetings\tcourtyard_visit",
            "desk-pages\tcounter",
            "resident-pages\tweb",
        ]
        wrong = _run(tmp_path, ["client", "add", "x", "--channel", "pigeon"], environment)
        assert wrong.returncode == 2
        assert "pigeon" in wrong.stderr

    def test_sweeps_attachments_only_when_told(self, tmp_path: Path) -> None:
        environment = {"DINGDAN_DATABASE_URL": f"sqlite:///{tmp_path}/x.db", "DINGDAN_SECRET_KEY": "k" * 40}
        assert _run(tmp_path, ["migrate"], environment).returncode == 0
        left = tmp_path / "data/attachments/ab" / ("ab" + "0" * 62)
        left.parent.mkdir(parents=True)
        left.write_bytes(b"nobody names it")
        os.utime(left, (0, 0))
        counted = _run(tmp_path, ["attachments", "sweep"], environment)
        assert counted.stdout == "0 unused upload(s) and 1 file(s) found; delete them with --delete\n"
        assert left.exists()
        deleted = _run(tmp_path, ["attachments", "sweep", "--delete"], environment)
        assert deleted.stdout == "0 unused upload(s) and 1 file(s) deleted\n"
        assert not left.exists()

    def test_doctor_names_what_is_missing(self, tmp_path: Path) -> None:
        done = _run(tmp_path, ["doctor"], {"TEMPORAL_ADDRESS": "127.0.0.1:1"})
        assert done.returncode == 1
        assert "MISSING" in done.stdout
        assert "DINGDAN_SECRET_KEY" in done.stdout


def _run(folder: Path, arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(Path.home()), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
