"""The production stack without containers: the commands of `docker-compose.yml`, as plain processes, in its order.

Assumes Debian's PostgreSQL and the official Temporal server built from its Go module. Only addresses,
ports and folders differ from the file; everything is on the loopback and gone at the end.
"""

import asyncio
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx2
import yaml
from temporalio.client import Client

from demo.embedded import Installation, open_office
from demo.office import CLIENTS
from messages.names import NAMESPACE
from runtime import temporal
from runtime.machine.devserver import find_temporal_cli
from runtime.machine.ports import HOST, free_port
from runtime.machine.supervisor import Part, Supervisor
from store.database import Store
from tests.support.machine.compose import ROOT, Service, read_compose
from tests.support.machine.official import find_official_server
from tests.support.machine.postgres import Cluster

_START_LIMIT = timedelta(seconds=90)
_JOB_LIMIT = timedelta(minutes=3)
_TEMPORAL_PORTS = (
    *("FRONTEND_MEMBERSHIP_PORT", "FRONTEND_HTTP_PORT", "MATCHING_GRPC_PORT", "MATCHING_MEMBERSHIP_PORT"),
    *("HISTORY_GRPC_PORT", "HISTORY_MEMBERSHIP_PORT", "WORKER_GRPC_PORT", "WORKER_MEMBERSHIP_PORT"),
)
"""Ports that are private inside a container; here they must not collide with those of another server."""


@dataclass(kw_only=True)
class Stack:
    """Everything up to a set-up Temporal; the processes of the service are started on it."""

    folder: Path
    cluster: Cluster
    programs: Path
    services: Mapping[str, Service]
    values: Mapping[str, str]
    ports: Mapping[str, int]
    say: Callable[[str], None]

    @property
    def temporal_address(self) -> str:
        """Return the address of the official server."""
        return f"{HOST}:{self.ports['temporal']}"

    @property
    def database_url(self) -> str:
        """Return the URL by which the processes reach the store."""
        return self.environment("api")["DINGDAN_DATABASE_URL"]

    def environment(self, name: str, **changes: str) -> dict[str, str]:
        """Return a service's variables, adapted to life outside containers."""
        changed = {key: self.here(value) for key, value in self.services[name].environment.items()}
        return {
            # None of this process's own settings may help.
            **{
                key: value
                for key, value in os.environ.items()
                if not key.startswith(("DINGDAN_", "TEMPORAL_"))
            },
            **changed,
            "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
            **changes,
        }

    def command(self, name: str) -> list[str]:
        """Return a service's command, adapted to life outside containers."""
        return [self.here(each) for each in self.services[name].command]

    def start_postgres(self) -> None:
        """Start PostgreSQL with the file's options."""
        self.cluster.start(
            *(self.here(each).removeprefix("-c") for each in self.services["postgres"].command[1:])
        )

    def job(self, name: str) -> str:
        """Run a one-shot service until it ends, and return its output."""
        return self.run(name, *self.services[name].command)

    def run(self, name: str, *command: str) -> str:
        """Run a command in a service's environment, as `docker compose run` does, and return its output."""
        self.say(f"{name}: {' '.join(command)}")
        done = subprocess.run(
            [self.here(each) for each in command],
            env=self.environment(name),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_JOB_LIMIT.total_seconds(),
        )
        assert done.returncode == 0, f"{name} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def part(self, name: str, ready: Callable[[], Awaitable[bool]], **changes: str) -> Part:
        """Lay out a long-running service."""
        return Part(
            name=name,
            command=self.command(name),
            environment=self.environment(name, **changes),
            log=self.folder / "logs" / f"{name}.log",
            ready=ready,
            ready_timeout=_START_LIMIT,
        )

    async def client(self) -> Client:
        """Connect."""
        return await temporal.connect(target_host=self.temporal_address, namespace=NAMESPACE)

    def here(self, text: str) -> str:
        """Translate a word of the file, whose addresses and folders are those of the containers."""
        exact = {"0.0.0.0": HOST, "postgres": HOST, "5432": str(self.cluster.port)}  # noqa: S104 - replaced
        if text in exact:
            return exact[text]
        for there, here in {
            "@postgres:5432/": f"@{HOST}:{self.cluster.port}/",
            "temporal:7233": self.temporal_address,
            "/deploy/dynamicconfig.yaml": str(self.folder / "dynamicconfig.yaml"),
            "/deploy/": f"{ROOT}/deploy/temporal/",
            "/var/lib/dingdan": str(self.folder),
            "0.0.0.0:9090": f"{HOST}:{self.ports['server metrics']}",
        }.items():
            text = text.replace(there, here)
        ports = {"8000": "api", "9464": "worker metrics"}
        return str(self.ports[ports[text]]) if text in ports else text


@asynccontextmanager
async def standing(
    folder: Path,
    *,
    dingdan: Path | None = None,
    time_skipping: bool = False,
    say: Callable[[str], None] = print,
) -> AsyncIterator[Stack]:
    """Start PostgreSQL and Temporal and run the jobs, as `docker compose up` would; stop everything at the end.

    The arguments are those of `founded`.
    """
    async with (
        founded(folder, dingdan=dingdan, time_skipping=time_skipping, say=say) as stack,
        orchestrated(stack),
    ):
        yield stack


@asynccontextmanager
async def founded(
    folder: Path,
    *,
    dingdan: Path | None = None,
    time_skipping: bool = False,
    say: Callable[[str], None] = print,
) -> AsyncIterator[Stack]:
    """Start PostgreSQL with Temporal's schema in it, and prepare the rest; leave nothing behind at the end.

    Args:
        folder: Where all data and logs are kept; empty.
        dingdan: The installed `dingdan` to use instead of this environment's.
        time_skipping: Let workflows be sent forward in time.
        say: Called with a line for each step.

    Raises:
        NoPostgres: PostgreSQL's programs are not installed.
        NoOfficialServer: the official server could not be built.
    """
    server, tool = await find_official_server(say)
    cluster = Cluster()
    values = {
        name: secrets.token_hex(24)
        for name in ("POSTGRES_PASSWORD", "DINGDAN_DB_PASSWORD", "TEMPORAL_DB_PASSWORD", "DINGDAN_SECRET_KEY")
    }
    names = ("temporal", "api", "worker metrics", "server metrics", *_TEMPORAL_PORTS)
    ports = {name: free_port(0) for name in names}
    values["DINGDAN_PUBLIC_URL"] = f"http://{HOST}:{ports['api']}"
    stack = Stack(
        folder=folder,
        cluster=cluster,
        programs=folder / "programs",
        services=read_compose(values),
        values=values,
        ports=ports,
        say=say,
    )
    _link(
        stack.programs,
        {
            "temporal-server": server,
            "temporal-sql-tool": tool,
            "temporal": await find_temporal_cli(say),
            "dingdan": dingdan or Path(sys.executable).with_name("dingdan"),
        },
    )
    _write_dynamic_config(folder, time_skipping=time_skipping)
    try:
        _make_databases(stack)
        stack.job("temporal-schema")
        yield stack
    finally:
        cluster.remove()


@asynccontextmanager
async def orchestrated(stack: Stack) -> AsyncIterator[None]:
    """Start Temporal on a founded stack and run the jobs that need it; stop it at the end."""
    part = stack.part(
        "temporal",
        partial(_answers, stack),
        FRONTEND_GRPC_PORT=str(stack.ports["temporal"]),
        **{name: str(stack.ports[name]) for name in _TEMPORAL_PORTS},
    )
    async with Supervisor([part], say=stack.say):
        for job in ("temporal-namespace", "replay", "setup"):
            await asyncio.to_thread(stack.job, job)
        yield


@asynccontextmanager
async def serving(
    stack: Stack, *, policy: str, workers: int = 1, **changes: str
) -> AsyncIterator[Installation]:
    """Put the fictional office into a stack, start API and workers on it, and yield the installation."""
    changes = {"DINGDAN_POLICY": policy, **changes}
    store = Store(stack.database_url)
    credentials = open_office(store, stack.values["DINGDAN_SECRET_KEY"], now=datetime.now(UTC))
    store.close()
    api_url = stack.values["DINGDAN_PUBLIC_URL"]
    parts = [stack.part("api", partial(_serves, api_url), **changes)]
    for number in range(workers):
        port = stack.ports["worker metrics"] if number == 0 else free_port(0)
        parts.append(
            stack.part(
                "worker",
                partial(_shows_metrics, port),
                **{**changes, "DINGDAN_METRICS_PORT": str(port)},
            )
        )
    installation = Installation(
        api_url=api_url,
        temporal_address=stack.temporal_address,
        temporal_ui_url="",
        temporal_cli=stack.programs / "temporal",
        logs=stack.folder / "logs",
        policy=policy,
        clients=CLIENTS,
        tokens=credentials.tokens,
        keys=credentials.keys,
        passwords=credentials.passwords,
        staff=credentials.staff,
        directory=credentials.directory,
        parts=tuple(parts),
    )
    async with Supervisor(parts, say=stack.say):
        yield installation


def _link(folder: Path, programs: Mapping[str, Path]) -> None:
    folder.mkdir()
    for name, program in programs.items():
        assert program.exists(), program
        (folder / name).symlink_to(program)


def _write_dynamic_config(folder: Path, *, time_skipping: bool) -> None:
    settings = yaml.safe_load((ROOT / "deploy/temporal/dynamicconfig.yaml").read_text(encoding="utf-8"))
    if time_skipping:
        settings["frontend.WorkflowTimeSkippingEnabled"] = [{"value": True}]
    (folder / "dynamicconfig.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")


def _make_databases(stack: Stack) -> None:
    cluster, service = stack.cluster, stack.services["postgres"]
    stack.say("postgres: initdb, the server with the file's options, the databases")
    password = cluster.folder / "password"
    password.write_text(stack.values["POSTGRES_PASSWORD"], encoding="utf-8")
    cluster.initialise(f"--pwfile={password}", *service.environment["POSTGRES_INITDB_ARGS"].split())
    stack.start_postgres()
    passwords = {key: value for key, value in service.environment.items() if key.endswith("_PASSWORD")}
    cluster.run("databases.sh", environment=passwords)


async def _answers(stack: Stack) -> bool:
    """Ask for health without a namespace, because there is none yet."""
    try:
        client = await temporal.connect(target_host=stack.temporal_address, namespace=NAMESPACE)
        return await client.service_client.check_health(timeout=timedelta(seconds=2))
    except (temporal.TemporalAway, RuntimeError):
        return False


async def _serves(url: str) -> bool:
    try:
        async with httpx2.AsyncClient(timeout=2, trust_env=False) as client:
            return bool((await client.get(f"{url}/readyz")).json()["status"] == "ready")
    except httpx2.TransportError:
        return False


async def _shows_metrics(port: int) -> bool:
    try:
        async with httpx2.AsyncClient(timeout=2, trust_env=False) as client:
            text = (await client.get(f"http://{HOST}:{port}/metrics")).text
    except httpx2.TransportError:
        return False
    return "temporal_" in text
