"""For operations: whether the process is alive, whether it is ready, and its figures."""

import asyncio
import time
from typing import Literal

import structlog
from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from api.security import OpenDoor
from api.service import Service, ServiceDep
from runtime.temporal import MissingSearchAttributes, Orders, TemporalAway, WrongSearchAttribute
from store.database import StoreUnavailable
from store.figures.standing import standing
from store.matter import outbox

router = APIRouter(
    tags=["operations"], dependencies=[Depends(OpenDoor("probes and scrapers; nothing personal"))]
)
_FRESH_SECONDS = 2.0
_FIGURES_FRESH_SECONDS = 10.0
_NEXT_LOOK_SECONDS = 5.0
_log = structlog.get_logger("api")


class Readiness(BaseModel):
    """`degraded` still serves: orders and decisions are kept until Temporal can start orders.

    `reason` tells operators what is wrong and what to do.
    """

    status: Literal["ready", "degraded", "unavailable"]
    store: Literal["up", "down"]
    temporal: Literal["up", "down"]
    reason: str | None = None


class Liveness(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class ReadinessCheck:
    """Looks at the parts, at most every two seconds."""

    def __init__(self) -> None:
        """Start without a result."""
        self._seen: Readiness | None = None
        self._seen_at = 0.0

    async def look(self, service: Service) -> Readiness:
        """Return how ready the process is, from a look at most two seconds old."""
        if self._seen is None or time.monotonic() - self._seen_at > _FRESH_SECONDS:
            self._seen, self._seen_at = await self._look(service), time.monotonic()
        return self._seen

    @staticmethod
    async def _look(service: Service) -> Readiness:
        fault = await _fault_of(service.orders)
        temporal: Literal["up", "down"] = "down" if fault else "up"
        try:
            await service.look(lambda connection: connection.exec_driver_sql("SELECT 1"))
        except StoreUnavailable as error:
            return Readiness(status="unavailable", store="down", temporal=temporal, reason=str(error))
        return Readiness(status="degraded" if fault else "ready", store="up", temporal=temporal, reason=fault)


async def tell_until_well(orders: Orders) -> None:
    """Log why no order can be started and what to do, until orders can start; log nothing if all is well."""
    told: str | None = None
    while (fault := await _fault_of(orders)) is not None:
        if fault != told:
            _log.warning("orders_cannot_start", reason=fault)
            told = fault
        await asyncio.sleep(_NEXT_LOOK_SECONDS)
    if told is not None:
        _log.info("orders_can_start")


async def _fault_of(orders: Orders) -> str | None:
    """Return why no order can be started now; `None` if orders can start."""
    try:
        await orders.check()
    except (MissingSearchAttributes, TemporalAway, WrongSearchAttribute) as fault:
        return str(fault)
    return None


def _check_of(request: Request) -> ReadinessCheck:
    check = request.app.state.readiness
    assert isinstance(check, ReadinessCheck)  # noqa: S101 - narrows for the type checker
    return check


@router.get("/livez", response_model=Liveness)
async def livez() -> Liveness:
    """Answer that the process is alive."""
    return Liveness()


@router.get(
    "/readyz",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "The store is down"}},
)
async def readyz(request: Request, service: ServiceDep, response: Response) -> Readiness:
    """Say whether orders can be taken; with Temporal away or not set up, the status is `degraded`, still 200."""
    readiness = await _check_of(request).look(service)
    if readiness.status == "unavailable":
        response.status_code = 503
    return readiness


class StandingGauges:
    """Reads the store's figures at most every ten seconds, however many scrapers ask."""

    def __init__(self) -> None:
        """Start without figures."""
        self._read_at: float | None = None
        self._reading = asyncio.Lock()

    async def refresh(self, service: Service) -> None:
        """Bring the store's figures up to date, or hide them while it does not answer."""
        async with self._reading:
            if self._read_at is not None and time.monotonic() - self._read_at < _FIGURES_FRESH_SECONDS:
                return
            now = service.now()
            try:
                seen = await service.read(
                    lambda connection: (standing(connection, now=now), outbox.backlog(connection, now=now))
                )
            except StoreUnavailable:
                self._read_at = None
                service.metrics.hide()
                return
            service.metrics.show(*seen, now=now)
            self._read_at = time.monotonic()


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request, service: ServiceDep) -> Response:
    """Return the figures in Prometheus' text format; while the store is away, without the store's figures."""
    ready = await _check_of(request).look(service)
    for part in ("store", "temporal"):
        service.metrics.up.labels(part=part).set(getattr(ready, part) == "up")
    figures = request.app.state.figures
    assert isinstance(figures, StandingGauges)  # noqa: S101 - narrows for the type checker
    await figures.refresh(service)
    return Response(generate_latest(service.metrics.registry), media_type=CONTENT_TYPE_LATEST)
