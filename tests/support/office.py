"""An office under test: orders are placed and decided as the API does it, and looked at."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.common import MetricMeter
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

import worker
from activities.matter.reconcile import OutboxDrain
from demo.office import seed_office
from domain.doors import Via
from domain.office.responsibility import may_decide
from domain.office.words import Role
from domain.order.lifecycle import TaskKind
from gateways.messaging.protocol import GatewayRefused, GatewayUnavailable, Message
from messages.matter.signals import CompleteTask
from messages.names import COMPLETE_TASK, ORDER_ACTION, STATUS, workflow_id_of
from messages.order.starting import starting
from messages.order.workflow import OrderArchived, OrderStatus, StartOrder
from runtime.sealing import SignalSeal
from runtime.temporal import Orders
from store.calendar import calendar_seed
from store.database import Store
from store.deciding import submit_decision
from store.matter.said.decisions import Actor, Submitted
from store.office.people import Staff, all_staff, find_staff
from store.order import intake
from store.order.said import decisions

SEAL = SignalSeal("a secret of the tests, long enough for a key")
"""The seal under which these offices hand signals over."""
PATIENCE = timedelta(seconds=60)
"""How long a test waits for an expected result: a busy machine is no fault, and a long limit costs nothing."""


def now() -> datetime:
    """Return the wall clock's time: tests of processes run in real time."""
    return datetime.now(UTC)


def seed(store: Store) -> None:
    """Put the demo office into a store."""
    seed_office(store, now=now())
    with store.write() as connection:
        calendar_seed.seed(connection, now=now())


def new_order(**changes: Any) -> intake.NewOrder:
    """Build a request; unnamed fields get ordinary values."""
    values: dict[str, Any] = {
        "client_id": "demo-hotline",
        "key": uuid.uuid4().hex,
        "fingerprint": "0" * 64,
        "channel": "hotline",
        "kind": "complaint",
        "subject": "占道废弃车辆",
        "description": "路边停放多辆废弃车辆，长期无人处理。",
        "source_reference": None,
        "source_due_at": None,
        "confidential": False,
        "received_by": None,
        "category": "noise",
    }
    where: dict[str, Any] = {"community": "community-03"}
    where |= {each.name: changes.pop(each.name) for each in fields(intake.OrderPlace) if each.name in changes}
    asks = intake.OrderRequester(**changes.pop("requester", {"phone": "000-0000"}))
    return intake.NewOrder(**{**values, **changes}, requester=asks, place=intake.OrderPlace(**where))


def seconds_between(earlier: str, later: str) -> float:
    """Subtract two instants as the store shows them."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def at(text: str) -> datetime:
    """Read an instant as the store shows it."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def passes(instant: str) -> None:
    """Wait until an instant of the store has passed."""
    left = at(instant) - now()
    await asyncio.sleep(max(left, timedelta(0)).total_seconds() + 0.3)


def plain(value: Any) -> Any:
    """Return a value as SQLite keeps it, whichever database it comes from."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    if isinstance(value, bool):
        return int(value)
    return json.dumps(value) if isinstance(value, dict | list) else value


class RecordingMessenger:
    """A gateway that keeps its messages, and fails as often as a test asks."""

    reaches_people = True

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.away = 0
        self.refuses = False

    def send(self, message: Message) -> None:
        if self.refuses:
            raise GatewayRefused
        if self.away:
            self.away -= 1
            raise GatewayUnavailable
        self.sent.append(message)


@dataclass
class Office:
    """Drives the orders of a test."""

    store: Store
    orders: Orders
    client: Client
    policy: str
    queue: str = ""
    cache: int = worker.CACHED_ORDERS
    duties: str = "standard"
    messenger: RecordingMessenger = field(default_factory=RecordingMessenger)
    placed: list[str] = field(default_factory=list)

    def at_work(self, client: Client | None = None, *, meter: MetricMeter = MetricMeter.noop) -> Worker:
        """Build a worker for this office, as a context manager. Two workers need a client each."""
        return worker.build(
            client or self.client,
            self.store,
            self.messenger,
            threads=8,
            task_queue=self.queue,
            cache=self.cache,
            meter=meter,
            seal=SEAL,
            policy=self.duties,
        )

    async def replay(self) -> None:
        """Replay the history of every started order, as the worker would."""
        replayer = worker.replayer()
        for order_no in self.placed:
            await replayer.replay_workflow(await self.handle(order_no).fetch_history())

    def take(self, **changes: Any) -> StartOrder:
        """Take an order in, without starting it."""
        with self.store.write() as connection:
            placed = intake.place_order(
                connection,
                new_order(**changes),
                now=now(),
                policy_version=self.policy,
                desk="http://localhost",
            )
        assert placed.to_start is not None
        return placed.to_start.start

    async def place(self, **changes: Any) -> str:
        """Take an order in and start its workflow."""
        start = self.take(**changes)
        await self.start(start)
        return start.order_no

    async def start(self, start: StartOrder) -> None:
        """Start the workflow of an order that was taken in."""
        await self.orders.start(starting(start), limit=PATIENCE)
        self.placed.append(start.order_no)

    def handle(self, order_no: str) -> WorkflowHandle[Any, OrderArchived]:
        """Return the handle of the workflow of an order or another matter."""
        return self.client.get_workflow_handle(workflow_id_of(order_no), result_type=OrderArchived)

    async def status(self, order_no: str) -> OrderStatus:
        """Query the workflow's status."""
        status: OrderStatus = await self.handle(order_no).query(STATUS, result_type=OrderStatus)
        return status

    async def result(self, order_no: str) -> OrderArchived:
        """Wait for the order's end, and return its result."""
        return await asyncio.wait_for(self.handle(order_no).result(), PATIENCE.total_seconds())

    def rows(self, statement: str, **parameters: Any) -> list[dict[str, Any]]:
        """Read rows of the store."""
        with self.store.read() as connection:
            rows = connection.execute(text(statement), parameters).mappings().all()
        return [{name: plain(value) for name, value in row.items()} for row in rows]

    def events(self, order_no: str) -> list[dict[str, Any]]:
        """List the order's events."""
        return self.rows("SELECT * FROM event WHERE matter_no = :order_no ORDER BY seq", order_no=order_no)

    def order(self, order_no: str) -> dict[str, Any]:
        """Return the order's row and its matter's row as one."""
        whole = "SELECT * FROM orders JOIN matter ON matter_no = order_no WHERE order_no = :order_no"
        return self.rows(whole, order_no=order_no)[0]

    def tasks(self, order_no: str) -> list[dict[str, Any]]:
        """List the order's tasks."""
        return self.rows(
            "SELECT * FROM task WHERE matter_no = :order_no ORDER BY opened_at", order_no=order_no
        )

    async def task(self, order_no: str, kind: str) -> dict[str, Any]:
        """Wait until the store shows an open task of this kind, and return it."""

        def find() -> dict[str, Any] | None:
            found = [
                each for each in self.tasks(order_no) if each["kind"] == kind and each["state"] == "open"
            ]
            return found[0] if found else None

        task = await self.eventually(find, f"an open {kind} of {order_no}")
        return dict(task)

    async def stage(self, order_no: str, stage: str) -> None:
        """Wait until the store shows a stage."""
        await self.eventually(lambda: self.order(order_no)["stage"] == stage, f"{order_no} at {stage}")

    async def eventually(self, look: Any, what: str) -> Any:
        """Look again and again until there is a result, and return it."""
        async with asyncio.timeout(PATIENCE.total_seconds()):
            while not (seen := await asyncio.to_thread(look)):  # noqa: ASYNC110 - another process sets it
                await asyncio.sleep(0.03)
        assert seen, what
        return seen

    def member(self, unit: str, role: str) -> Staff:
        """Find a member of staff of a unit with a role."""
        with self.store.read() as connection:
            return next(
                each
                for each in all_staff(connection, now=now())
                if each.unit == unit and Role(role) in each.roles
            )

    def somebody_for(self, task: dict[str, Any]) -> Staff:
        """Find a member of staff who may decide a task."""
        unit, role, not_by = task["unit"], Role(task["role"]), json.loads(task["not_by"])
        with self.store.read() as connection:
            return next(
                each
                for each in all_staff(connection, now=now())
                if may_decide(each.unit, each.roles, unit=unit, role=role) and each.username not in not_by
            )

    def submit(
        self, task: dict[str, Any], outcome: str, *, by: str | None = None, **fields: Any
    ) -> Submitted:
        """Keep a decision as the API does, without the signal; `by` an entitled person unless one is named."""
        with self.store.write() as connection:
            return submit_decision(
                connection,
                task_id=task["task_id"],
                decision_id=uuid.uuid4().hex,
                outcome=outcome,
                fields=fields,
                comment=None,
                staff=self.named(by) if by else self.somebody_for(task),
                now=now(),
            )

    async def decide(self, order_no: str, kind: TaskKind, outcome: str, **fields: Any) -> str:
        """Decide the open task of this kind, first the row and then the signal; return the decision's id."""
        submitted = self.submit(await self.task(order_no, kind), outcome, **fields)
        await self.send(submitted)
        return submitted.row.decision_id

    async def send(self, submitted: Submitted) -> None:
        """Signal a kept decision or action; no page waits for it, so a busy server may take its time."""
        if isinstance(submitted.said, CompleteTask):
            await self.orders.complete_task(submitted.row.matter_no, submitted.said, limit=PATIENCE)
        elif submitted.said is not None:
            await self.orders.act(submitted.row.matter_no, submitted.said, limit=PATIENCE)

    def named(self, username: str) -> Staff:
        """Find a member of staff."""
        with self.store.read() as connection:
            found = find_staff(connection, username, now=now())
        assert found is not None
        return found

    def submit_action(self, order_no: str, action: str, *, by: str | None = None, **fields: Any) -> Submitted:
        """Keep an action of the resident or of a member of staff as the API does, without the signal."""
        actor = Actor(name="resident", via=Via.RESIDENT)
        if by is not None:
            actor = Actor(name=by, via=Via.STAFF, staff=self.named(by))
        with self.store.write() as connection:
            return decisions.submit_action(
                connection,
                order_no=order_no,
                action_id=uuid.uuid4().hex,
                action=action,
                fields=fields,
                actor=actor,
                now=now(),
            )

    async def act(self, order_no: str, action: str, *, by: str | None = None, **fields: Any) -> str:
        """Act on the order as the resident or `by` a member of staff, row and then signal; return the action's id."""
        submitted = self.submit_action(order_no, action, by=by, **fields)
        await self.send(submitted)
        return submitted.row.decision_id

    async def words(self, template: str, part: str = "") -> str:
        """Wait until a message of this template with `part` in its words went out, and return its words."""

        def find() -> str | None:
            sent = [each.words for each in self.messenger.sent if each.template == template]
            return next((words for words in sent if part in words), None)

        return str(await self.eventually(find, f"{template} with {part}"))

    async def drain(self) -> None:
        """Send all waiting rows of the outbox at once, as `Reconcile` does."""
        with self.store.write() as connection:
            connection.execute(text("UPDATE outbox SET next_at = created_at WHERE done_at IS NULL"))
        await ActivityEnvironment().run(OutboxDrain(self.store, self.orders, now, inputs=worker.INPUTS).drain)

    def forget_pending(self, connection: Connection, order_no: str) -> None:
        """Delete everything that is pending on an order, as if it had never been said."""
        for statement in (
            "DELETE FROM outbox WHERE matter_no = :no AND kind <> 'start'",
            "DELETE FROM decision WHERE matter_no = :no AND status = 'pending'",
        ):
            connection.execute(text(statement), {"no": order_no})

    async def signal(self, order_no: str, *payloads: Any, name: str = COMPLETE_TASK) -> None:
        """Signal as the Temporal UI and CLI do: without a row, with any payload."""
        await self.handle(order_no).signal(name, args=list(payloads))

    async def raw_action(self, order_no: str, **payload: Any) -> None:
        """Signal an action without a row."""
        await self.signal(order_no, payload, name=ORDER_ACTION)

    async def settled(self, decision_id: str) -> dict[str, Any]:
        """Wait until a decision is applied or rejected, and return its row."""

        def find() -> dict[str, Any] | None:
            rows = self.rows("SELECT * FROM decision WHERE decision_id = :id", id=decision_id)
            return rows[0] if rows and rows[0]["status"] != "pending" else None

        row = await self.eventually(find, f"decision {decision_id} settled")
        assert row is not None
        return dict(row)

    async def history(self, order_no: str) -> list[str]:
        """List the types of the history's events."""
        history = await self.handle(order_no).fetch_history()
        return [EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in history.events]

    async def eventually_async(self, look: Callable[[], Awaitable[list[str]]], what: str) -> None:
        """Ask again and again until the answer holds `what`."""
        async with asyncio.timeout(PATIENCE.total_seconds()):
            while what not in await look():  # noqa: ASYNC110 - another process sets it
                await asyncio.sleep(0.03)

    async def quiet(self, order_no: str) -> None:
        """Wait until the workflow has taken every recorded step: the store shows a step before the history does."""

        async def stands() -> list[str]:
            seen = (await self.handle(order_no).describe()).raw_description
            is_busy = seen.pending_activities or seen.HasField("pending_workflow_task")
            return [] if is_busy else ["quiet"]

        await self.eventually_async(stands, "quiet")

    async def ended_by_force(self, order_no: str) -> None:
        """Terminate the workflow as an operator does, once nothing of it is under way."""
        await self.quiet(order_no)
        await self.handle(order_no).terminate("an operator ended it")

    def types(self, order_no: str) -> list[str]:
        """List the types of the order's events."""
        return [each["type"] for each in self.events(order_no)]

    def data(self, order_no: str, type_: str) -> list[dict[str, Any]]:
        """List the data of the order's events of a type."""
        return [json.loads(each["data"]) for each in self.events(order_no) if each["type"] == type_]

    def at_event(self, order_no: str, type_: str) -> datetime:
        """Return the instant of the order's first event of a type."""
        return at(next(each["at"] for each in self.events(order_no) if each["type"] == type_))

    async def attributes(self, order_no: str) -> dict[str, Any]:
        """Read the search attributes."""
        described = await self.handle(order_no).describe()
        return {pair.key.name: pair.value for pair in described.typed_search_attributes}

    async def dispatched(self, unit: str = "street-urban-management", **changes: Any) -> str:
        """Place an order and bring it to the unit's `handle`."""
        order_no = await self.place(**changes)
        await self.assigned(order_no, unit)
        return order_no

    async def assigned(self, order_no: str, unit: str = "street-urban-management") -> None:
        """Bring an order that was just placed to the unit's `handle`."""
        await self.decide(order_no, TaskKind.FIRST_CONTACT, "refer", text="请派单")
        await self.decide(order_no, TaskKind.CLASSIFY, "general", unit=unit)
        await self.decide(order_no, TaskKind.ACKNOWLEDGE, "accept")
        await self.task(order_no, TaskKind.HANDLE)

    async def reported(self, order_no: str, text: str) -> None:
        """Let the unit report a result, and the reviewer approve it."""
        await self.decide(order_no, TaskKind.HANDLE, "report_result", text=text)
        await self.decide(order_no, TaskKind.REVIEW, "approve")

    async def called_back(self, order_no: str, **answers: str) -> None:
        """Call the resident back; the resident is satisfied unless `answers` say otherwise."""
        await self.decide(
            order_no, TaskKind.FOLLOW_UP, "reached", **{"solved": "yes", "satisfied": "yes", **answers}
        )
