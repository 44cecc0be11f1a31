"""For operations: is the process alive, is it ready, what are its figures."""

import asyncio
import time
from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from api.service import Service, ServiceDep
from store import outbox
from store.database import StoreUnavailable
from store.standing import standing

router = APIRouter(tags=["operations"])
_FRESH_SECONDS = 2.0
_FIGURES_FRESH_SECONDS = 10.0


class Readiness(BaseModel):
    """`degraded` still serves: orders and decisions are kept until Temporal is back."""

    status: Literal["ready", "degraded", "unavailable"]
    store: Literal["up", "down"]
    temporal: Literal["up", "down"]


class Liveness(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class ReadinessCheck:
    """Looks at the parts, at most every two seconds."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._seen: Readiness | None = None
        self._seen_at = 0.0

    async def look(self, service: Service) -> Readiness:
        """Say how ready the process is."""
        if self._seen is None or time.monotonic() - self._seen_at > _FRESH_SECONDS:
            self._seen, self._seen_at = await self._look(service), time.monotonic()
        return self._seen

    @staticmethod
    async def _look(service: Service) -> Readiness:
        temporal: Literal["up", "down"] = "up" if await service.orders.is_reachable() else "down"
        try:
            await service.look(lambda connection: connection.exec_driver_sql("SELECT 1"))
        except StoreUnavailable:
            return Readiness(status="unavailable", store="down", temporal=temporal)
        return Readiness(status="ready" if temporal == "up" else "degraded", store="up", temporal=temporal)


def _check_of(request: Request) -> ReadinessCheck:
    check = request.app.state.readiness
    assert isinstance(check, ReadinessCheck)  # noqa: S101 - narrows for the type checker
    return check


@router.get("/livez", response_model=Liveness)
async def livez() -> Liveness:
    """Say that the process lives."""
    return Liveness()


@router.get(
    "/readyz",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "The store is down"}},
)
async def readyz(request: Request, service: ServiceDep, response: Response) -> Readiness:
    """Say whether orders can be taken; Temporal away is `degraded`, still 200."""
    readiness = await _check_of(request).look(service)
    if readiness.status == "unavailable":
        response.status_code = 503
    return readiness


class Figures:
    """Reads how the office stands, at most every ten seconds however many ask."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._read_at: float | None = None
        self._reading = asyncio.Lock()

    async def refresh(self, service: Service) -> None:
        """Bring the figures of the store up to date, or hide them while it does not answer."""
        async with self._reading:
            if self._read_at is not None and time.monotonic() - self._read_at < _FIGURES_FRESH_SECONDS:
                return
            now = service.now()
            try:
                seen = await service.read(
                    lambda connection: (standing(connection, now=now), outbox.backlog(connection))
                )
            except StoreUnavailable:
                self._read_at = None
                service.metrics.hide()
                return
            service.metrics.show(*seen, now=now)
            self._read_at = time.monotonic()


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request, service: ServiceDep) -> Response:
    """Give the figures in Prometheus' text form; also while the store is away, then without its own."""
    ready = await _check_of(request).look(service)
    for part in ("store", "temporal"):
        service.metrics.up.labels(part=part).set(getattr(ready, part) == "up")
    figures = request.app.state.figures
    assert isinstance(figures, Figures)  # noqa: S101 - narrows for the type checker
    await figures.refresh(service)
    return Response(generate_latest(service.metrics.registry), media_type=CONTENT_TYPE_LATEST)
