"""The application: routers, error answers, and the parts behind them."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request, Response

from api import errors, operations
from api.intake import routes as intake
from api.resident import routes as resident
from api.service import Service
from api.staff import orders, tasks
from runtime import logging, temporal
from runtime.settings import Settings, read_settings
from store import schema
from store.database import Store

MAX_BODY = 128 * 1024
"""Longest body of any request, in bytes; intake has a smaller limit of its own."""


def create_app(service: Service) -> FastAPI:
    """Build the application on given parts."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        service.close()

    app = FastAPI(
        title="Dingdan",
        summary="Orders of a sub-district: placed by channels, decided by staff, tracked by residents.",
        version="1",
        openapi_url="/api/v1/openapi.json",
        docs_url="/api/v1/docs",
        redoc_url=None,
        lifespan=lifespan,
        max_body_size=MAX_BODY,
    )
    app.state.service = service
    app.state.readiness = operations.ReadinessCheck()
    errors.install(app)
    app.middleware("http")(_observe)
    api = APIRouter(prefix="/api/v1")
    for router in (intake.router, orders.router, tasks.router, resident.router):
        api.include_router(router)
    app.include_router(api)
    app.include_router(operations.router)
    return app


def from_settings(settings: Settings) -> FastAPI:
    """Build the application as the settings say.

    Raises:
        SchemaMismatch: the database is not at this version.
    """
    logging.configure(settings.log_format)
    store = Store(settings.database_url, pool_size=settings.threads)
    schema.check(store.engine)
    return create_app(
        Service(
            store=store,
            orders=temporal.Orders(),
            secret=settings.secret_key.get_secret_value(),
            policy=settings.policy,
            public_url=settings.public_url,
            threads=settings.threads,
        )
    )


def from_environment() -> FastAPI:
    """Build the application from the environment: the factory that uvicorn calls."""
    return from_settings(read_settings())


async def _observe(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Time each request by its route's template, and keep answers out of caches."""
    began = time.perf_counter()
    response = await call_next(request)
    route = request.scope.get("route")
    request.app.state.service.metrics.seconds.labels(
        method=request.method, route=getattr(route, "path", "unknown"), status=str(response.status_code)
    ).observe(time.perf_counter() - began)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response
