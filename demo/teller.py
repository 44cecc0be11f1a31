"""Telling a story over HTTP, as channels, staff and residents would do it."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx2

from demo.drawing import street
from demo.embedded import Installation
from domain.office.responsibility import may_decide
from domain.office.words import Role
from messages.names import COMPLETE_TASK, NAMESPACE, order_workflow_id

PATIENCE = timedelta(seconds=200)
"""How long a story may wait for its next turn: longer than an order that nobody touches needs."""


class StoryFailed(Exception):
    """A story did not go as told."""


@asynccontextmanager
async def patience(awaited: str) -> AsyncIterator[None]:
    """Bound a wait, and say what was awaited in vain.

    Raises:
        StoryFailed: it did not come.
    """
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            yield
    except TimeoutError:
        raise StoryFailed(f"after {PATIENCE.total_seconds():g} s still no {awaited}") from None


@dataclass(kw_only=True)
class Teller:
    """Plays channels, staff and residents against a running installation."""

    installation: Installation
    http: httpx2.AsyncClient
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    stamp: str = field(default_factory=lambda: f"{datetime.now(UTC):%H%M%S}-{uuid.uuid4().hex[:4]}")

    async def place(self, channel: str, body: Mapping[str, Any], *, pictures: int = 0) -> "Told":
        """Place an order as the channel's program does, with pictures of what is wrong."""
        client_id = next(name for name, its in self.installation.clients.items() if its == channel)
        bearer = self._bearer(self.installation.keys[client_id])
        attached = [await self._upload(bearer, is_cleared=False) for _ in range(pictures)]
        reference = f"demo-{self.stamp}-{uuid.uuid4().hex[:6]}"
        response = await self.http.post(
            "/api/v1/orders",
            json={"channel": channel, "source_reference": reference, "attachments": attached, **body},
            headers=bearer | {"Idempotency-Key": uuid.uuid4().hex},
        )
        placed = _read(response, 201)
        return Told(teller=self, order_no=placed["order_no"], tracking_code=placed["tracking_code"])

    async def get(self, path: str, username: str = "desk-1") -> Any:
        """Read as a member of staff."""
        return _read(await self.http.get(path, headers=self._bearer(self.installation.tokens[username])), 200)

    async def post(self, path: str, body: Mapping[str, Any], username: str) -> Any:
        """Write as a member of staff."""
        headers = self._bearer(self.installation.tokens[username]) | {"Idempotency-Key": uuid.uuid4().hex}
        return _read(await self.http.post(path, json=body, headers=headers), 200, 202)

    async def picture(self, username: str) -> str:
        """Send a picture of the work as a member of staff, and return its id."""
        return await self._upload(self._bearer(self.installation.tokens[username]), is_cleared=True)

    async def _upload(self, bearer: Mapping[str, str], *, is_cleared: bool) -> str:
        drawn = await asyncio.to_thread(street, number=next(self.numbers), is_cleared=is_cleared)
        files = {"file": ("street.jpg", drawn, "image/jpeg")}
        sent = await self.http.post("/api/v1/attachments", files=files, headers=bearer)
        return str(_read(sent, 201)["attachment_id"])

    def somebody_for(self, task: Mapping[str, Any]) -> str:
        """Name a member of staff who may decide a task."""
        unit, role = task["unit"], Role(task["role"])
        return next(
            each.username
            for each in self.installation.staff
            if may_decide(each.unit, each.roles, unit=unit, role=role) and each.username not in task["not_by"]
        )

    @staticmethod
    def _bearer(token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"}


@dataclass(kw_only=True)
class Told:
    """One order of a story, or a matter of another kind; `plural` names its kind in addresses."""

    teller: Teller
    order_no: str
    tracking_code: str
    plural: str = "orders"

    async def order(self) -> dict[str, Any]:
        """Read the order."""
        return dict(await self.teller.get(f"/api/v1/{self.plural}/{self.order_no}"))

    async def split_off(self) -> list["Told"]:
        """Find the orders that were split off from this one."""
        numbers = [each["order_no"] for each in (await self.teller.get("/api/v1/orders"))["items"]]
        found = [Told(teller=self.teller, order_no=number, tracking_code="") for number in numbers]
        return [each for each in found if (await each.order())["split_from"] == self.order_no]

    async def events(self) -> list[dict[str, Any]]:
        """Read its events."""
        return list((await self.teller.get(f"/api/v1/{self.plural}/{self.order_no}/events"))["items"])

    async def task(self, kind: str) -> dict[str, Any]:
        """Wait for an open task of a kind."""
        async with patience(f"{kind} in {self.order_no}"):
            while True:
                for each in (await self.order())["tasks"]:
                    if each["kind"] == kind:
                        return dict(each)
                await asyncio.sleep(0.2)

    async def decide(self, kind: str, outcome: str, **fields: Any) -> None:
        """Decide the open task of a kind as an entitled member of staff."""
        task = await self.task(kind)
        username = self.teller.somebody_for(task)
        answer = await self.teller.post(
            f"/api/v1/tasks/{task['task_id']}/decision?wait=10",
            {"outcome": outcome, "fields": fields},
            username,
        )
        async with patience(f"answer to {kind} {outcome} in {self.order_no}"):
            # Kept, but the order has not heard it yet: an order that was split off is started by `Reconcile`.
            while answer["status"] == "pending":
                await asyncio.sleep(0.5)
                answer = await self.teller.get(answer["href"], username)
        if answer["status"] != "applied":
            raise StoryFailed(f"{kind} {outcome}: {answer['status']} ({answer['reason']})")

    async def report(self, text: str, *, pictures: int = 0) -> None:
        """Let the unit report a result, the first of its pictures for the resident, and its reviewer approve."""
        username = self.teller.somebody_for(await self.task("handle"))
        ids = [await self.teller.picture(username) for _ in range(pictures)]
        await self.decide("handle", "report_result", text=text, for_resident=ids[:1], attachments=ids[1:])
        await self.decide("review", "approve")

    async def act(self, username: str, action: str, **fields: Any) -> None:
        """Act on the order as a member of staff."""
        body = {"action": action, "fields": fields}
        await self.teller.post(f"/api/v1/orders/{self.order_no}/actions", body, username)

    async def resident(self, path: str, body: Mapping[str, Any] | None = None) -> None:
        """Act as the resident, with the tracking code."""
        url = f"/api/v1/track/{self.tracking_code}/{path}"
        _read(await self.teller.http.post(url, json=body or {}), 202)

    async def reaches(self, *stages: str) -> None:
        """Wait until the order is at one of these stages."""
        async with patience(f"{' or '.join(stages)} {self.order_no}"):
            while (await self.order())["stage"] not in stages:  # noqa: ASYNC110 - another process sets it
                await asyncio.sleep(0.2)

    async def supervised(self, times: int, *, event: str = "SupervisionBegan") -> dict[str, Any]:
        """Wait until the order has been supervised so many times, as its events say, and return the open task."""
        async with patience(f"{event} number {times} in {self.order_no}"):
            while True:
                begun = [each for each in await self.events() if each["type"] == event]
                if len(begun) >= times:
                    return await self.task("supervise")
                await asyncio.sleep(0.5)


async def signal_by_cli(teller: Teller, order_no: str, payload: Mapping[str, Any]) -> None:
    """Signal as an operator does, with the Temporal CLI: the store has no row behind it."""
    process = await asyncio.create_subprocess_exec(
        str(teller.installation.temporal_cli),
        *("workflow", "signal", "--address", teller.installation.temporal_address, "--namespace", NAMESPACE),
        *("--workflow-id", order_workflow_id(order_no), "--name", COMPLETE_TASK),
        *("--input", json.dumps(payload, ensure_ascii=False)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    if process.returncode:
        raise StoryFailed(f"temporal workflow signal: {errors.decode(errors='replace').strip()[:300]}")


def _read(response: httpx2.Response, *expected: int) -> Any:
    if response.status_code not in expected:
        raise StoryFailed(
            f"{response.request.method} {response.request.url.path} answered {response.status_code}: "
            f"{response.text[:300]}"
        )
    return response.json()


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """A story, and how its order must end: `ends` are fields of the order."""

    title: str
    tell: Callable[[Teller], Awaitable[Told]]
    ends: Mapping[str, Any]


async def tell(story: Story, teller: Teller) -> Told:
    """Tell a story to its end, and check that it ended as expected.

    Raises:
        StoryFailed: it did not.
    """
    told = await story.tell(teller)
    await told.reaches("archived")
    order = await told.order()
    wrong = [
        f"{name} is {order[name]!r}, not {value!r}"
        for name, value in story.ends.items()
        if order[name] != value
    ]
    if wrong:
        raise StoryFailed(f"{told.order_no}: {'; '.join(wrong)}")
    return told
