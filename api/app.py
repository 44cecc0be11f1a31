"""The application: its routers, its error answers, and the parts behind them."""

import asyncio
import re
import secrets
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from opentelemetry.sdk.trace import TracerProvider
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from api import errors
from api.channels import attachments, directory
from api.channels import orders as intake
from api.desk import dispatch, figures, inbox, new, order, search, task
from api.desk import duties as meetings
from api.operations import health
from api.operations import page as operations
from api.pages import elder, static, viewer
from api.pages.problems import problem_page
from api.resident import following, home, ordering
from api.resident import routes as resident
from api.security import check_doors
from api.service import Service
from api.signin import oidc, signin
from api.signin.oidc import RETURN_PATH
from api.staff import duties, orders, tasks
from api.unread import Body
from domain.kinds import KINDS, kind_of
from domain.order.policy import newest
from domain.signin.accounts import PROFILES
from runtime import logging, temporal, tracing
from runtime.oidc import CHANGED_BY_PEOPLE, Provider
from runtime.sealing import SignalSeal
from runtime.settings import Settings, read_settings
from store import schema
from store.attachment.files import FileStore
from store.database import Store
from store.signin import secret_key

_log = structlog.get_logger("api")
_SWITCH_SECONDS = 0.0005
_LETTERS = "".join(each.letter for each in KINDS)
_MATTER_NO = re.compile(rf"[{_LETTERS}]?\d{{8}}-[0-9A-Z]{{6}}(?![0-9A-Z])")
_TOO_LARGE = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
_PLAIN = "text/plain"
_ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii"})
MAX_BODY = 128 * 1024
"""Longest body of any request, in bytes; intake and attachments have their own limits."""


class Edge:
    """Wraps the whole application: names and times requests, keeps answers out of caches, gives errors one form.

    It is outermost because the server refuses an oversized body before any handler of ours runs.
    """

    def __init__(self, app: FastAPI) -> None:
        """Wrap an application."""
        self.app = app

    def serve(self, service: Service) -> None:
        """Give the application the parts that it serves with, and everything that it remembers of its own."""
        self._seconds = service.metrics.seconds
        self._is_secure = service.public_url.startswith("https://")
        state = self.app.state
        state.service = service
        state.readiness = health.ReadinessCheck()
        state.figures = health.StandingGauges()
        state.readings = figures.Readings()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # Never the caller's own id: its text would be in every log line.
        request_id = secrets.token_hex(8)
        # The facts of an earlier request on the same connection must not be in this one's log lines.
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        await self._serve(scope, receive, send, request_id)

    def end_streams(self) -> None:
        """End the live streams of figures, because the process ends."""
        self.app.state.readings.end()

    async def _serve(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        body = Body(scope, receive)
        if unreadable := _unreadable(scope):
            await body.throw_away()
            await errors.answer(unreadable)(scope, receive, send)
            return
        began, status, too_large = time.perf_counter(), 500, False

        async def send_on(message: Message) -> None:
            nonlocal status, too_large
            if message["type"] == "http.response.start":
                await body.throw_away()
                status = message["status"]
                headers = MutableHeaders(scope=message)
                too_large = status == _TOO_LARGE and headers["content-type"].startswith(_PLAIN)
                headers.setdefault("Cache-Control", "no-store")
                headers.setdefault("X-Content-Type-Options", "nosniff")
                if self._is_secure:
                    headers.setdefault("Strict-Transport-Security", _A_YEAR_BY_TLS)
                if headers.get("content-type", "").startswith("text/html"):
                    _protect(headers)
                headers["X-Request-Id"] = request_id
            if not too_large:
                await send(message)

        try:
            await self.app(scope, body.receive, send_on)
            if too_large:
                # The server refused the body in its own words. They were held back; answer in our form.
                told = await errors.tell(Request(scope), errors.too_large())
                await told(scope, body.receive, send_on)
        finally:
            endpoint = getattr(scope.get("route"), "name", "unknown")
            seconds = time.perf_counter() - began
            self._seconds.labels(endpoint=endpoint, status=str(status)).observe(seconds)


def _unreadable(scope: Scope) -> errors.Problem | None:
    """Return the refusal of a request that holds a NUL or an odd encoding, before anything else reads it."""
    if b"%00" in scope["raw_path"] + scope["query_string"]:
        return errors.nul()
    return None if _is_readable(Headers(scope=scope)) else errors.charset()


def _is_readable(headers: Headers) -> bool:
    """Tell whether a body's encoding is UTF-8: a form in another encoding could hold what no text may."""
    kind = headers.get("content-type", "")
    if "charset" not in kind.lower():
        return True
    said = EmailMessage()
    said["content-type"] = kind.encode("ascii", "replace").decode()
    return (said.get_content_charset() or "utf-8") in _ENCODINGS


_A_YEAR_BY_TLS = f"max-age={365 * 24 * 3600}"
_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
"""What a page may load: our own files only, and no script or style inside the page."""


def _protect(headers: MutableHeaders) -> None:
    """Add the headers that tell a browser what a page may do."""
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Content-Security-Policy", _POLICY)


async def name_the_matter(request: Request) -> None:
    """Name the request's matter in every log line; text that is not a matter number is never logged."""
    given = (request.path_params.get(name) for name in ("order_no", "duty_no", "task_id"))
    if found := _MATTER_NO.match(next(filter(None, given), "")):
        structlog.contextvars.bind_contextvars(**{f"{kind_of(found[0]).name}_no": found[0]})


def create_app(service: Service, *, tracer_provider: TracerProvider | None = None) -> Edge:
    """Build the application on the given parts; with a tracer provider it is traced."""
    edge = build(tracer_provider)
    edge.serve(service)
    return edge


def build(tracer_provider: TracerProvider | None = None) -> Edge:
    """Build routes and error answers; `Edge.serve` gives them their parts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service: Service = app.state.service
        # Runs beside the serving: orders are taken from the first moment, whatever the state of Temporal.
        telling = asyncio.create_task(health.tell_until_well(service.orders))
        yield
        telling.cancel()
        await asyncio.wait({telling})
        await service.close()
        if tracer_provider is not None:
            await asyncio.to_thread(tracer_provider.shutdown)

    app = FastAPI(
        title="Dingdan",
        summary="Orders of a sub-district: placed by channels, decided by staff, tracked by residents.",
        version="1",
        openapi_url="/api/v1/openapi.json",
        # The framework's own viewer loads from the Internet, which an office's network may not reach.
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        max_body_size=MAX_BODY,
        telemetry={
            "tracing": tracer_provider is not None,
            "tracer_provider": tracer_provider,
            # One span per request; calls to Temporal have their own spans.
            "operation_spans": False,
            # By default it would log the texts of errors, and count beside `/metrics`.
            "logs": False,
            "metrics": False,
            "auto_configure": False,
        },
    )
    errors.install(app, as_page=problem_page)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]  # as FastAPI's documentation says
    api = APIRouter(prefix="/api/v1", dependencies=[Depends(name_the_matter)])
    for router in (
        intake.router,
        attachments.router,
        orders.router,
        tasks.router,
        duties.router,
        directory.router,
        resident.router,
    ):
        api.include_router(router)
    app.include_router(api)
    for pages in (
        static,
        viewer,
        elder,
        signin,
        oidc,
        inbox,
        task,
        new,
        dispatch,
        search,
        order,
        meetings,
        figures,
        operations,
        home,
        ordering,
        following,
    ):
        app.include_router(pages.router)
    # At the root for probes and scrapers, and under the API's prefix for programs that know only that address.
    app.include_router(health.router)
    app.include_router(health.router, prefix="/api/v1", include_in_schema=False)
    check_doors(app.routes, beside=[app.openapi_url or ""])
    return Edge(app)


def _document(app: FastAPI) -> dict[str, Any]:
    """Build the OpenAPI document once, with the schemas that error answers refer to."""
    if not app.openapi_schema:
        document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        document["components"]["schemas"].update(errors.schemas())
        app.openapi_schema = document
    return app.openapi_schema


def from_settings(settings: Settings) -> Edge:
    """Build the application as the settings say.

    Raises:
        AnotherSecretKey: the store uses another secret key.
        SchemaMismatch: the database is not at this version.
        UnknownPolicy: there is no such policy version.
    """
    logging.configure(settings.log_format)
    # A thread in a transaction releases the interpreter at every statement. By default a busy event loop
    # returns it only after 5 ms, while every other writer waits for the thread's lock.
    sys.setswitchinterval(_SWITCH_SECONDS)
    book = newest(settings.policy)
    store = Store(settings.database_url, pool_size=settings.threads)
    schema.check(store.engine)
    secret = settings.secret_key.get_secret_value()
    secret_key.check(store, secret)
    tracer_provider = tracing.configure("dingdan-api")
    return create_app(
        Service(
            store=store,
            files=FileStore(settings.attachments_dir),
            orders=temporal.Orders(
                interceptors=tracing.interceptors(tracer_provider), seal=SignalSeal(secret)
            ),
            secret=secret,
            policy=book.version,
            public_url=settings.public_url,
            threads=settings.threads,
            profile=PROFILES[settings.password_profile],
            provider=_provider(settings),
            hotline=settings.hotline,
            temporal_ui=settings.temporal_ui_url,
        ),
        tracer_provider=tracer_provider,
    )


def _provider(settings: Settings) -> Provider | None:
    if settings.oidc_issuer is None:
        return None
    if (claim := settings.oidc_username_claim) in CHANGED_BY_PEOPLE:
        _log.warning("username_may_be_changed", claim=claim, hint="see DINGDAN_OIDC_USERNAME_CLAIM")
    return Provider(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        returns_to=f"{settings.public_url}{RETURN_PATH}",
        username_claim=settings.oidc_username_claim,
    )


def from_environment() -> Edge:
    """Build the application from the environment."""
    return from_settings(read_settings())
