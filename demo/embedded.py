"""Everything on one machine: the dev server with its UI, the API and the worker, with a demo office.

Assumes one embedded installation for each data folder. Each start makes new keys and tokens, so that
none has to be kept in the clear.
"""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

from demo.office import CLIENTS, seed_office, seed_teams
from domain.doors import CredentialKind
from domain.office.directory import Directory
from domain.order.policy import policy
from messages.names import NAMESPACE, SEARCH_ATTRIBUTES
from runtime import temporal
from runtime.machine.devserver import find_temporal_cli, start_command
from runtime.machine.ports import free_port
from runtime.machine.supervisor import Part
from runtime.passwords import hash_password, new_password
from runtime.settings import PREFIX
from store.calendar import calendar_seed
from store.database import Store
from store.migrating import migrate
from store.office.directory import current
from store.office.people import Staff, all_staff
from store.signin import secret_key
from store.signin.accounts import forget_failures, set_password
from store.signin.credentials import mint, revoke
from store.signin.sessions import end_sessions_of

WITH_PASSWORD = (
    "duty-1",
    "desk-1",
    "call-back-1",
    "leader-1",
    "district-desk-1",
    "community-03-worker",
    "street-urban-management-handler",
    "district-housing-handler",
    "auditor-1",
    "administrator-1",
)
"""Accounts that sign in to the pages of the demo: one of each role."""
_START_LIMIT = timedelta(seconds=60)
_API_PORT = 8000
_TEMPORAL_PORT = 7233
_UI_PORT = 8233


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Keys and tokens of the fictional office: a key for each client, a token for each member of staff."""

    keys: Mapping[str, str] = field(repr=False)
    tokens: Mapping[str, str] = field(repr=False)
    passwords: Mapping[str, str] = field(repr=False)
    staff: tuple[Staff, ...]
    directory: Directory


@dataclass(frozen=True, kw_only=True)
class Installation:
    """An embedded installation that can be started: addresses, keys, and the parts in their order."""

    api_url: str
    temporal_address: str
    temporal_ui_url: str
    temporal_cli: Path
    logs: Path
    policy: str
    clients: Mapping[str, str]
    tokens: Mapping[str, str] = field(repr=False)
    keys: Mapping[str, str] = field(repr=False)
    passwords: Mapping[str, str] = field(repr=False)
    staff: tuple[Staff, ...]
    directory: Directory
    parts: tuple[Part, ...]

    def info(self) -> dict[str, Any]:
        """Return what another program needs to work with this installation."""
        return {
            "api_url": self.api_url,
            "temporal_address": self.temporal_address,
            "temporal_ui_url": self.temporal_ui_url,
            "namespace": NAMESPACE,
            "clients": {
                channel: {"client_id": client_id, "key": self.keys[client_id]}
                for client_id, channel in self.clients.items()
            },
            "staff": {
                each.username: {
                    "token": self.tokens[each.username],
                    "roles": sorted(each.roles),
                    "unit": each.unit,
                    "tier": each.tier,
                    "password": self.passwords.get(each.username),
                }
                for each in self.staff
            },
            "office": {
                "communities": list(self.directory.communities),
                "units": [
                    {"code": unit.code, "tier": unit.tier, "parent": unit.parent}
                    for unit in self.directory.units.values()
                    if unit.is_open
                ],
                "categories": list(self.directory.open_categories),
            },
        }

    def write_info(self, path: Path) -> None:
        """Write the info to a file that only its owner may read; it appears whole or not at all."""
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(self.info(), file, ensure_ascii=False, indent=2)
        draft.replace(path)


async def prepare(
    data_dir: Path, *, policy_version: str, port: int | None, report: Callable[[str], None]
) -> Installation:
    """Find the dev server, choose ports, bring the store up to date, and lay out the parts.

    `port` is the API's; 0 takes free ports for everything, `None` the usual ones or the next free.

    Raises:
        UnknownPolicy: there is no such policy version.
        TemporalCliNotFound: no way to a Temporal server worked.
    """
    policy(policy_version)
    cli = await find_temporal_cli(report)
    return await asyncio.to_thread(_lay_out, data_dir, cli, policy_version, port, report)


def _lay_out(
    data_dir: Path, cli: Path, policy_version: str, port: int | None, report: Callable[[str], None]
) -> Installation:
    data_dir = data_dir.absolute()
    data_dir.mkdir(parents=True, exist_ok=True)
    api_port, temporal_port, ui_port = _ports(port, report)
    store = Store(f"sqlite:///{data_dir}/dingdan.db")
    report("migrating the store")
    migrate(store.engine)
    with store.write() as connection:
        calendar_seed.seed(connection, now=datetime.now(UTC))
    secret = _secret(data_dir)
    secret_key.check(store, secret)
    opened = open_office(store, secret, now=datetime.now(UTC))
    store.close()
    environment = {
        f"{PREFIX}DATABASE_URL": f"sqlite:///{data_dir}/dingdan.db",
        f"{PREFIX}SECRET_KEY": secret,
        f"{PREFIX}ATTACHMENTS_DIR": str(data_dir / "attachments"),
        f"{PREFIX}POLICY": policy_version,
        f"{PREFIX}PUBLIC_URL": f"http://127.0.0.1:{api_port}",
        f"{PREFIX}RECONCILE_SECONDS": "5",
        f"{PREFIX}TEMPORAL_UI_URL": f"http://127.0.0.1:{ui_port}",
        "TEMPORAL_ADDRESS": f"127.0.0.1:{temporal_port}",
        "TEMPORAL_NAMESPACE": NAMESPACE,
        # The children run from the same source or installation, wherever they are started.
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]),
    }
    logs = data_dir / "logs"
    dingdan = [sys.executable, "-m", "cli"]
    temporal_address, api_url = f"127.0.0.1:{temporal_port}", f"http://127.0.0.1:{api_port}"
    parts = (
        temporal_part(cli, data_dir, port=temporal_port, ui_port=ui_port),
        Part(
            name="api",
            command=[*dingdan, "api", "--port", str(api_port)],
            environment=environment,
            log=logs / "api.log",
            ready=lambda: _api_is_ready(api_url),
            ready_timeout=_START_LIMIT,
        ),
        Part(
            name="worker",
            command=[*dingdan, "worker"],
            environment=environment,
            log=logs / "worker.log",
            ready=lambda: _worker_is_ready(temporal_address),
            ready_timeout=_START_LIMIT,
        ),
    )
    return Installation(
        api_url=api_url,
        temporal_address=temporal_address,
        temporal_ui_url=f"http://127.0.0.1:{ui_port}",
        temporal_cli=cli,
        logs=logs,
        policy=policy_version,
        clients=CLIENTS,
        tokens=opened.tokens,
        keys=opened.keys,
        passwords=opened.passwords,
        staff=opened.staff,
        directory=opened.directory,
        parts=parts,
    )


def temporal_part(cli: Path, data_dir: Path, *, port: int, ui_port: int) -> Part:
    """Lay out the dev server."""
    return Part(
        name="temporal",
        command=start_command(
            cli,
            namespace=NAMESPACE,
            database=data_dir / "temporal.db",
            port=port,
            ui_port=ui_port,
            search_attributes=SEARCH_ATTRIBUTES,
        ),
        environment={},
        log=data_dir / "logs" / "temporal.log",
        ready=lambda: _temporal_is_ready(f"127.0.0.1:{port}"),
        ready_timeout=_START_LIMIT,
    )


def _ports(port: int | None, report: Callable[[str], None]) -> tuple[int, int, int]:
    anywhere = port == 0
    wanted = (0, 0, 0) if anywhere else (port or _API_PORT, _TEMPORAL_PORT, _UI_PORT)
    found: list[int] = []
    for name, preferred in zip(("API", "Temporal", "Temporal UI"), wanted, strict=True):
        chosen = free_port(preferred, taken=found)
        if preferred and chosen != preferred:
            report(f"port {preferred} is in use; the {name} takes {chosen}")
        found.append(chosen)
    return found[0], found[1], found[2]


def _secret(data_dir: Path) -> str:
    path = data_dir / "secret.key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text(encoding="utf-8").strip()


def open_office(store: Store, secret: str, *, now: datetime) -> Credentials:
    """Put the fictional office into the store, with keys for clients, tokens for all staff, and passwords for some.

    Keys, tokens and passwords of earlier starts end.
    """
    seed_office(store, now=now)
    seed_teams(store, now=now)
    passwords = {username: new_password() for username in WITH_PASSWORD}
    with ThreadPoolExecutor() as threads:
        hashes = dict(zip(passwords, threads.map(hash_password, passwords.values()), strict=True))
    with store.write() as connection:
        staff = tuple(all_staff(connection, now=now))
        directory = current(connection)
        minted: dict[CredentialKind, dict[str, str]] = {CredentialKind.CLIENT: {}, CredentialKind.STAFF: {}}
        subjects = [(CredentialKind.CLIENT, each) for each in CLIENTS]
        subjects += [(CredentialKind.STAFF, each.username) for each in staff]
        for kind, subject in subjects:
            revoke(connection, kind=kind, subject=subject, now=now)
            minted[kind][subject] = mint(connection, secret=secret, kind=kind, subject=subject, now=now)
        for username, hashed in hashes.items():
            set_password(connection, username, password_hash=hashed, must_change=False, by=username, now=now)
            end_sessions_of(connection, username, now=now)
            forget_failures(connection, username, secret=secret)
    return Credentials(
        passwords=passwords,
        keys=minted[CredentialKind.CLIENT],
        tokens=minted[CredentialKind.STAFF],
        staff=staff,
        directory=directory,
    )


async def _temporal_is_ready(address: str) -> bool:
    """Connect and set up; the namespace shows up a moment after the server answers."""
    try:
        client = await temporal.connect(target_host=address, namespace=NAMESPACE)
        await temporal.set_up(client)
        await temporal.check(client)
    except (temporal.TemporalAway, temporal.MissingSearchAttributes):
        return False
    return True


async def _worker_is_ready(address: str) -> bool:
    """Tell whether a worker polls the queue of the orders."""
    try:
        client = await temporal.connect(target_host=address, namespace=NAMESPACE)
        return await temporal.has_worker(client)
    except temporal.TemporalAway:
        return False


async def _api_is_ready(url: str) -> bool:
    try:
        async with httpx2.AsyncClient(timeout=2, trust_env=False) as client:
            return (await client.get(f"{url}/readyz")).status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False
