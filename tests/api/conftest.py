"""A running API on a real store, called through ASGI as its clients would."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest_asyncio

from api.app import Edge, build
from api.service import Service
from demo.office import CLIENTS
from domain.doors import CredentialKind
from runtime.temporal import Orders
from store.attachment.files import FileStore
from store.signin.credentials import mint
from tests.support.office import Office, now

NO_FOLDER = Path(os.devnull) / "attachments"
SECRET = "a-secret-of-the-tests-that-is-long-enough"


@dataclass
class Api:
    """Calls as a channel, as staff and as a resident."""

    http: httpx2.AsyncClient
    office: Office

    def token(self, kind: CredentialKind, subject: str) -> dict[str, str]:
        """Mint a credential, and return its header."""
        with self.office.store.write() as connection:
            token = mint(connection, secret=SECRET, kind=kind, subject=subject, now=now())
        return {"Authorization": f"Bearer {token}"}

    def channel(self, channel: str = "hotline") -> dict[str, str]:
        """Return a channel's header."""
        client_id = next(name for name, its in CLIENTS.items() if its == channel)
        return self.token(CredentialKind.CLIENT, client_id)

    def staff(self, username: str) -> dict[str, str]:
        """Return a member of staff's header."""
        return self.token(CredentialKind.STAFF, username)

    async def place(
        self, key: str = "key-00000001", headers: dict[str, str] | None = None, **body: Any
    ) -> httpx2.Response:
        """Place an order over HTTP."""
        return await self.http.post(
            "/api/v1/orders",
            json={**order_body(), **body},
            headers={**(headers or self.channel()), "Idempotency-Key": key},
        )

    async def placed(self, **body: Any) -> dict[str, Any]:
        """Place an order and return the answer; its history is replayed at the end."""
        answer = (await self.place(**body)).json()
        self.office.placed.append(answer["order_no"])
        return dict(answer)


def order_body(**changes: Any) -> dict[str, Any]:
    """Build an ordinary body."""
    return {
        "channel": "hotline",
        "kind": "complaint",
        "description": "路灯坏了",
        "requester": {"phone": "000-0000"},
        "place": {"community": "community-03"},
        **changes,
    }


_free: list[Edge] = []
"""Applications that no test uses now: their routes are the same for every test, and take 0.1 s to build."""


@asynccontextmanager
async def api_of(
    office: Office, orders: Orders, attachments: Path | None = None, *, temporal_ui: str | None = None
) -> AsyncIterator[httpx2.AsyncClient]:
    """Run an app in this process and yield a client of it; at the end the app closes as on a server."""
    service = Service(
        store=office.store,
        files=FileStore(attachments or NO_FOLDER),
        orders=orders,
        secret=SECRET,
        policy=office.policy,
        public_url="http://office.example",
        threads=8,
        temporal_ui=temporal_ui,
    )
    edge = _free.pop() if _free else build()
    edge.serve(service)
    transport = httpx2.ASGITransport(app=edge, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://office.example") as http:
        yield http
    await service.close()
    _free.append(edge)


@pytest_asyncio.fixture(loop_scope="session")
async def api(closed_office: Office, tmp_path: Path) -> AsyncIterator[Api]:
    """Yield an API whose orders start, without a worker yet."""
    async with api_of(closed_office, closed_office.orders, tmp_path) as http:
        yield Api(http=http, office=closed_office)


@pytest_asyncio.fixture(loop_scope="session")
async def live(api: Api) -> AsyncIterator[Api]:
    """Yield an API with a worker behind it."""
    async with api.office.at_work():
        yield api
