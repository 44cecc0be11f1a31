"""One order's workflow inside this process, as in `story`, on a real store and driven by the API's own functions."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from activities.duty.record import DutyRecorder
from activities.order.record import Recorder
from domain.doors import Via
from domain.office.responsibility import may_decide
from domain.office.words import Role
from messages.matter.outbox import Drained, StartMatter
from messages.matter.step import MatterAnswer
from messages.matter.tasks import TaskStatus
from messages.message.delivery import Delivered
from messages.names import DELIVER, LOOK_UP, RECORD, RECORD_DUTY, START_ORDERS
from messages.order.workflow import StartOrder
from store.database import Store
from store.deciding import submit_decision
from store.matter.said.confirming import looked_up
from store.matter.said.decisions import Actor, Submitted
from store.office.people import all_staff, find_staff
from store.order import intake
from store.order.joined.telling import tell_next
from store.order.said import decisions
from store.telling.holds import lift_hold, order_hold
from tests.support.office import new_order
from tests.support.stories.story import Story

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""A Monday at ten at the office, in an ordinary week."""


def hours(count: float) -> timedelta:
    """Return this number of hours."""
    return timedelta(hours=count)


class StoredStory(Story):
    """An order that runs here on the store; people's decisions and actions go through the functions of the API."""

    def __init__(
        self, store: Store, *, now: datetime = MONDAY, book: str = "seconds", **changes: Any
    ) -> None:
        """Place the order."""
        self.store = store
        self.book = book
        self._said = 0
        with store.write() as connection:
            placed = intake.place_order(
                connection,
                new_order(**changes),
                now=now,
                policy_version=book,
                desk="http://office.example",
            )
        assert placed.to_start is not None
        super().__init__(placed.to_start.start)

    @classmethod
    def part_of(cls, whole: "StoredStory") -> "StoredStory":
        """Start the one order that was split from another, as the workflow lets it start."""
        (row,) = whole.sql(
            "SELECT payload FROM outbox JOIN orders ON orders.order_no = outbox.matter_no"
            " WHERE orders.split_from = :no AND outbox.kind = 'start'",
            no=whole.order_no,
        )
        part = cls.__new__(cls)
        part.store, part.book, part._said = whole.store, whole.book, 0
        payload = StartMatter.model_validate_json(row["payload"])
        Story.__init__(part, StartOrder.model_validate(payload.input), now=whole.now)
        return part

    @property
    def order_no(self) -> str:
        """Return its number."""
        return str(self.start.order_no)

    def task(self, kind: str) -> TaskStatus:
        """Return the open task of a kind."""
        found: TaskStatus = next(each for each in self.status.tasks if each.kind == kind)
        return found

    def decide_task(
        self, kind: str, outcome: str, *, by: str | None = None, at: datetime | None = None, **fields: Any
    ) -> Submitted:
        """Decide the open task of a kind, and let the order hear it."""
        submitted = self.submit(kind, outcome, by=by, at=at, **fields)
        self.hear(submitted)
        return submitted

    def submit(
        self, kind: str, outcome: str, *, by: str | None = None, at: datetime | None = None, **fields: Any
    ) -> Submitted:
        """Keep a decision that has not reached the order yet."""
        task, now = self.task(kind), at or self.now
        with self.store.write() as connection:
            somebody = find_staff(connection, by, now=now) if by else None
            if somebody is None:
                somebody = next(
                    each
                    for each in all_staff(connection, now=now)
                    if may_decide(each.unit, each.roles, unit=task.unit, role=Role(task.role))
                )
            return submit_decision(
                connection,
                task_id=task.task_id,
                decision_id=self._next_id(),
                outcome=outcome,
                fields=fields,
                comment=None,
                staff=somebody,
                now=now,
            )

    def hear(self, submitted: Submitted) -> None:
        """Let a decision or action reach the order."""
        assert submitted.said is not None
        payload = submitted.said.model_dump(mode="json")
        (self.decide if submitted.said.kind == "decision" else self.act)(payload)
        self.settle()

    def order_action(self, action: str, *, by: str | None = None, **fields: Any) -> Submitted:
        """Act on the order as staff or as its resident, and let the order hear it."""
        submitted = self.keep_action(action, by=by, **fields)
        if submitted.said is not None:
            self.hear(submitted)
        return submitted

    def keep_action(self, action: str, *, by: str | None = None, **fields: Any) -> Submitted:
        """Keep an action that has not reached the order yet."""
        with self.store.write() as connection:
            staff = find_staff(connection, by, now=self.now) if by else None
            actor = Actor(name=by or "resident", via=Via.STAFF if staff else Via.RESIDENT, staff=staff)
            return decisions.submit_action(
                connection,
                order_no=self.order_no,
                action_id=self._next_id(),
                action=action,
                fields=fields,
                actor=actor,
                now=self.now,
            )

    def send_outbox(self) -> None:
        """Send this order's waiting signals of the outbox in one activation, as `Reconcile` may."""
        rows = self.sql(
            "SELECT id, payload FROM outbox WHERE matter_no = :no AND done_at IS NULL AND kind <> 'start'"
            " ORDER BY id",
            no=self.order_no,
        )
        for row in rows:
            with self.store.write() as connection:
                connection.execute(
                    text("UPDATE outbox SET done_at = created_at WHERE id = :id"), {"id": row["id"]}
                )
            payload = json.loads(row["payload"])
            (self.decide if payload["kind"] == "decision" else self.act)(payload)

    def hold(self, until: datetime, *, since: datetime | None = None) -> None:
        """Stop the office's clocks; the order hears it with the next activation."""
        with self.store.write() as connection:
            order_hold(
                connection,
                reason="暴雨",
                since=since,
                until=until,
                ordered_by="administrator-1",
                now=self.now,
            )
        self.be_told()

    def lift(self, number: int | None = None) -> None:
        """Let the clocks run again."""
        with self.store.write() as connection:
            lift_hold(connection, lifted_by="administrator-1", now=self.now, number=number)
        self.be_told()

    def be_told(self) -> None:
        """Send the office's tellings, to be heard with the next activation."""
        while tell_next(self.store, now=self.now):
            pass
        self.send_outbox()

    def sql(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Run a query on the store."""
        with self.store.read() as connection:
            return [dict(row) for row in connection.execute(text(statement), values).mappings()]

    @property
    def row(self) -> dict[str, Any]:
        """Return the order as the store shows it."""
        whole = "SELECT * FROM orders JOIN matter ON matter_no = order_no WHERE order_no = :no"
        return self.sql(whole, no=self.order_no)[0]

    @property
    def event_types(self) -> list[str]:
        """List the types of the recorded events."""
        return [event.type for step in self.told.steps for event in step.events]

    def templates(self) -> list[str]:
        """List the templates of the messages to its resident."""
        return [
            row["template"]
            for row in self.sql(
                "SELECT template FROM message WHERE matter_no = :no AND recipient = 'requester' ORDER BY id",
                no=self.order_no,
            )
        ]

    def to_work(self, unit: str = "street-urban-management", order_class: str = "general") -> TaskStatus:
        """Bring the order to a unit that works on it."""
        self.decide_task("first_contact", "refer", text="请办理")
        self.decide_task("classify", order_class, unit=unit)
        self.decide_task("acknowledge", "accept")
        return self.task("handle")

    @contextmanager
    def worker_away(self, until: datetime) -> Iterator[None]:
        """Let time pass without a worker: timers and the signals sent meanwhile are taken up together afterwards."""
        yield
        self.now = until

    def _next_id(self) -> str:
        self._said += 1
        return f"said-{self.order_no}-{self._said}"

    def _answer(self, name: str, given: Any) -> Any:
        if name == DELIVER:
            return Delivered(sent=1)
        if name == START_ORDERS:
            return Drained(started=0, signalled=0, waiting=0)
        if name == LOOK_UP:
            with self.store.look() as connection:
                return looked_up(connection, given)
        answer = self._records[name](given)
        self.told.steps.append(given)
        self.told.answers.append(answer)
        return answer

    @property
    def _records(self) -> Mapping[str, Callable[[Any], MatterAnswer]]:
        """The activities that commit the steps of each kind; the run that runs here is the present one."""

        def present_run(_: str) -> str:
            return self.run_id

        duties = DutyRecorder(self.store, policy=self.book, phone_keys=lambda _: (), present_run=present_run)
        return {RECORD: Recorder(self.store, present_run=present_run).record, RECORD_DUTY: duties.record}
