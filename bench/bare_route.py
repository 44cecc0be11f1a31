"""The bare route to compare with: the same body, one look-up of a bearer, one committed row, and nothing else.

`python -m bench.bare_route PORT ADDRESS` serves it, with the database of the variable `BARE_DATABASE`.
"""

import asyncio
import hashlib
import os
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any, Final

import httpx2
import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Column, MetaData, String, Table, bindparam, insert, select
from temporalio.client import Client

from api.contract.intake import OrderBody
from bench.load.starting import start_raw
from bench.places import Place
from messages.names import NAMESPACE
from runtime import temporal
from runtime.machine.leash import leash_environment, leashed
from runtime.machine.ports import HOST, free_port
from store.database import Store
from store.metadata import Json

KEY: Final = "dd_client_bare"
_DATABASE: Final = "BARE_DATABASE"
_metadata = MetaData()
_keys = Table("bare_key", _metadata, Column("hash", String(64), primary_key=True))
_orders = Table(
    "bare_order",
    _metadata,
    Column("number", String(32), primary_key=True),
    Column("body", Json, nullable=False),
)
_FIND = select(_keys.c.hash).where(_keys.c.hash == bindparam("hash"))
_INSERT = insert(_orders)
_bearer = HTTPBearer()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _keep(store: Store, token: str, body: OrderBody) -> str:
    with store.look() as connection:
        if connection.execute(_FIND, {"hash": _hash(token)}).one_or_none() is None:
            raise HTTPException(401)
    number = uuid.uuid4().hex
    with store.write() as connection:
        connection.execute(_INSERT, {"number": number, "body": body.model_dump(mode="json")})
    return number


def bare_app(store: Store, client: Client) -> FastAPI:
    """Build the application: `/kept` keeps an order, `/started` starts a workflow for it too."""
    app = FastAPI()
    Bearer = Annotated[HTTPAuthorizationCredentials, Depends(_bearer)]  # noqa: N806 - a type

    @app.post("/kept", status_code=201)
    def keep(body: OrderBody, bearer: Bearer) -> dict[str, Any]:
        return {"order_no": _keep(store, bearer.credentials, body)}

    @app.post("/started", status_code=201)
    async def start(body: OrderBody, bearer: Bearer) -> dict[str, Any]:
        number = await run_in_threadpool(_keep, store, bearer.credentials, body)
        await start_raw(client, number)
        return {"order_no": number}

    return app


@asynccontextmanager
async def bare_route(place: Place) -> AsyncIterator[str]:
    """Serve it in a process of its own, on a database of the same kind, and yield its address."""
    url = place.store.engine.url
    if url.get_backend_name() == "sqlite":
        # Its own file: a row of ours must not wait for one of these, nor one of these for ours.
        url = url.set(database=f"{url.database}.bare")
    port = free_port(0)
    process = await asyncio.create_subprocess_exec(
        *leashed([sys.executable, "-m", "bench.bare_route", str(port), place.installation.temporal_address]),
        env={**os.environ, **leash_environment(), _DATABASE: url.render_as_string(hide_password=False)},
    )
    try:
        async with asyncio.timeout(60), httpx2.AsyncClient(trust_env=False) as http:
            while True:
                with suppress(httpx2.TransportError):
                    await http.get(f"http://{HOST}:{port}/openapi.json")
                    break
                await asyncio.sleep(0.1)
        yield f"http://{HOST}:{port}"
    finally:
        process.terminate()
        await process.wait()


async def _serve(port: int, address: str) -> None:
    store = Store(os.environ[_DATABASE])
    _metadata.create_all(store.engine)
    with store.write() as connection:
        connection.execute(insert(_keys), {"hash": _hash(KEY)})
    client = await temporal.connect(target_host=address, namespace=NAMESPACE)
    # As ours is served, see `api.serving`.
    config = uvicorn.Config(bare_app(store, client), host=HOST, port=port, log_config=None, access_log=False)
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), sys.argv[2]))
    temporal.let_go()
