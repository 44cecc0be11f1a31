"""For operations: is the process alive, is it ready, what are its figures."""

import time
from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from api.service import Service, ServiceDep
from store import outbox
from store.database import StoreUnavailable

router = APIRouter(tags=["operations"])
_FRESH_SECONDS = 2.0


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
            await service.read(lambda connection: connection.exec_driver_sql("SELECT 1"))
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


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(service: ServiceDep) -> Response:
    """Give the figures in Prometheus' text form."""
    rows, oldest = await service.read(outbox.backlog)
    service.metrics.outbox_rows.set(rows)
    service.metrics.outbox_oldest.set((service.now() - oldest).total_seconds() if oldest else 0)
    return Response(generate_latest(service.metrics.registry), media_type=CONTENT_TYPE_LATEST)
