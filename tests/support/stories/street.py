"""Several matters in one office, inside this process: one store, one clock, one outbox, one gateway.

Requests and decisions come in by the API's own functions, `Reconcile`'s own drain sends the rest, and the real courier
delivers. Temporal and the message provider are simulated here, with two faults: away, and done without an answer.
"""

import asyncio
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from temporalio.worker._workflow_instance import _WorkflowLogicFlag

import worker
from activities.matter.reconcile import OutboxDrain
from activities.message.deliver import Courier
from domain.doors import Via
from domain.duty.periods import period_at
from domain.duty.policy import duty_book_beside
from domain.order.words import Stage
from gateways.messaging.protocol import GatewayRefused, GatewayUnavailable, Message
from messages.matter.outbox import StartMatter
from messages.matter.signals import CompleteTask, MatterAction, Said
from messages.matter.starting import MatterStart
from messages.names import workflow_id_of
from runtime.temporal import OrderGone, TemporalAway
from store.database import Store
from store.deciding import submit_decision
from store.duty.opening import open_duties
from store.duty.rows import WHOLE_DUTY
from store.duty.tables import duty
from store.matter import outbox, tables
from store.matter.said.decisions import Actor, NotEntitled, NotFound, Refused, Submitted, TaskDone
from store.matter.tables import matter
from store.office.people import Staff, all_staff
from store.order import intake
from store.order.rows import WHOLE
from store.order.said import decisions
from store.order.tables import orders, telling
from tests.support.office import new_order
from tests.support.stories.hosted import Clock, Hosted, Written
from tests.support.stories.story import ALL_FLAGS

_ROUND = timedelta(seconds=31)
"""After this time every waiting row of the outbox may be sent."""


class Provider:
    """A message provider that recognises a repeated key; it may be away, refuse, or accept without answering."""

    reaches_people = True

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.accepted: dict[str, Message] = {}
        self.accepted_at: dict[str, datetime] = {}
        self.refused: dict[str, Message] = {}
        self.unanswered: set[str] = set()
        self.away = 0
        self.drops = 0
        self.refuses = 0

    def send(self, message: Message) -> None:
        if self.away:
            self.away -= 1
            raise GatewayUnavailable
        if self.refuses and message.key not in self.accepted:
            self.refuses -= 1
            assert message.key not in self.refused, "I11: what was refused is not sent again"
            self.refused[message.key] = message
            raise GatewayRefused
        self.accepted.setdefault(message.key, message)
        self.accepted_at.setdefault(message.key, self._clock.now)
        if self.drops:
            self.drops -= 1
            self.unanswered.add(message.key)
            raise GatewayUnavailable


class Server:
    """Temporal as the outbox and the API see it: it starts once, keeps signals, and forgets ended orders."""

    def __init__(self, street: "Street") -> None:
        self._street = street
        self.starting: dict[str, tuple[MatterStart, list[Any]]] = {}
        self.away = 0
        self.drops = 0

    async def start(self, asked: StartMatter) -> None:
        self._come()
        start = worker.INPUTS[asked.workflow_type].model_validate(asked.input)
        assert isinstance(start, MatterStart)
        number = start.matter_no
        assert asked.workflow_id == workflow_id_of(number)
        if number not in self._street.running:
            self.starting.setdefault(number, (start, []))
        self._go()

    async def complete_task(self, matter_no: str, said: CompleteTask) -> None:
        self.signal(matter_no, said)

    async def act(self, matter_no: str, said: MatterAction) -> None:
        self.signal(matter_no, said)

    async def client(self) -> None:
        raise TemporalAway

    def signal(self, matter_no: str, said: Said) -> None:
        self._come()
        run = self._street.running.get(matter_no)
        if matter_no in self.starting:
            self.starting[matter_no][1].append(said)
        elif run is None or run.ended:
            raise OrderGone
        else:
            run.take(said)
        self._go()

    def _come(self) -> None:
        if self.away:
            self.away -= 1
            raise TemporalAway

    def _go(self) -> None:
        if self.drops:
            self.drops -= 1
            raise TemporalAway


class Street:
    """The office, its orders and its meetings."""

    def __init__(
        self, store: Store, *, now: datetime, book: str, flags: frozenset[_WorkflowLogicFlag] = ALL_FLAGS
    ) -> None:
        self.store = store
        self.flags = flags
        self.clock = Clock(now=now)
        self.book = book
        self.provider = Provider(self.clock)
        self.server = Server(self)
        self._loop = asyncio.Runner()
        self.running: dict[str, Hosted] = {}
        self.placed: list[str] = []
        self.known: list[str] = []
        self._courier = Courier(store, self.provider, lambda: self.now)
        self._drain = OutboxDrain(store, self.server, lambda: self.now, inputs=worker.INPUTS)  # type: ignore[arg-type]
        with store.read() as connection:
            self.staff: list[Staff] = list(all_staff(connection, now=now))
        self._said = 0
        self.on_record: Callable[[Written], None] = lambda _: None

    @property
    def now(self) -> datetime:
        return self.clock.now

    def next_id(self, what: str) -> str:
        self._said += 1
        return f"{what}-{self._said}"

    # What people do.

    def place(self, **changes: Any) -> str:
        """Take a request in twice with one key, like a client that got no answer and asks again."""
        order = new_order(key=uuid.UUID(int=len(self.placed) + 1).hex, **changes)
        numbers = [self._place(order) for _ in range(2)]
        assert numbers[0] == numbers[1], "I2, I4: one key, one order"
        self.placed.append(numbers[0])
        return numbers[0]

    def _place(self, order: intake.NewOrder) -> str:
        with self.store.write() as connection:
            placed = intake.place_order(
                connection,
                order,
                now=self.now,
                policy_version=self.book,
                desk="http://office.example",
            )
        return str(placed.receipt.order_no)

    def open_period(self, community: str) -> str | None:
        """Open the meeting that a community owes in the present period; `None` if it is open already."""
        book = duty_book_beside(self.book)
        period = period_at(self.now, book.rhythm)
        with self.store.write() as connection:
            opened = open_duties(
                connection, [community], period, book, page="http://office.example", now=self.now
            )
        return next(iter(opened.duty_nos), None)

    def decide(self, task_id: str, outcome: str, fields: dict[str, Any], staff: Staff) -> Submitted | None:
        """Keep a decision; `None` if it was refused at the door."""
        try:
            with self.store.write() as connection:
                return submit_decision(
                    connection,
                    task_id=task_id,
                    decision_id=self.next_id("decision"),
                    outcome=outcome,
                    fields=fields,
                    comment=None,
                    staff=staff,
                    now=self.now,
                )
        except (Refused, NotEntitled, TaskDone, NotFound):
            return None

    def act(
        self, order_no: str, action: str, fields: dict[str, Any], by: Staff | None = None
    ) -> Submitted | None:
        """Keep an action of staff or of the resident; `None` if it was refused at the door."""
        via = Via.STAFF if by else Via.RESIDENT
        actor = Actor(name=by.username if by else "resident", via=via, staff=by)
        try:
            with self.store.write() as connection:
                return decisions.submit_action(
                    connection,
                    order_no=order_no,
                    action_id=self.next_id("action"),
                    action=action,
                    fields=fields,
                    actor=actor,
                    now=self.now,
                )
        except (Refused, NotEntitled):
            return None

    def send_in(self, submitted: Submitted | None, how: str) -> None:
        """Signal after the commit; `later` means that the process died and `Reconcile` finds the row."""
        if how != "later":
            self.send(submitted)

    def send(self, submitted: Submitted | None) -> None:
        """Signal after the commit, as the API does; a signal that does not get through is left to `Reconcile`."""
        if submitted is None or submitted.said is None or submitted.outbox_id is None:
            return
        matter_no, row = submitted.row.matter_no, submitted.outbox_id
        with self.store.read() as connection:
            if outbox.must_wait(connection, matter_no, row, now=self.now):
                return
        try:
            self.server.signal(matter_no, submitted.said)
        except (TemporalAway, OrderGone):
            return
        with self.store.write() as connection:
            outbox.mark_sent(connection, [row], now=self.now)

    # What happens by itself.

    def forward(self, by: timedelta) -> None:
        """Send time forward and fire each timer on the way, with rounds of `Reconcile` while rows wait."""
        until = self.now + by
        while (nearest := self.next_instant(until)) is not None:
            self.clock.now = max(self.now, nearest)
            self.turn()
        self.clock.now = max(self.now, until)
        self.turn()

    def next_instant(self, until: datetime) -> datetime | None:
        """Find the next instant, up to `until`, at which something happens by itself."""
        timers = [each.next_timer for each in self.running.values() if not each.ended and each.next_timer]
        coming = [*timers, *([self.now + _ROUND] if self.backlog else [])]
        return min((each for each in coming if each <= until), default=None)

    def turn(self) -> None:
        """Run a round of `Reconcile`, fire due timers, and let every matter go on until it waits."""
        if self.backlog:
            self._loop.run(self._drain.drain())
        self.begin_matters()
        for run in list(self.running.values()):
            run.fire()
            run.retry()
            run.settle()

    def begin_matters(self) -> None:
        """Let a worker take up the started workflows."""
        for start, signals in list(self.server.starting.values()):
            run = Hosted(
                self.store,
                start,
                self.clock,
                self._courier,
                self.on_record,
                book=self.book,
                flags=self.flags,
            )
            self.running[start.matter_no] = run
            for said in signals:
                run.take(said)
        self.server.starting.clear()

    def quiet(self) -> None:
        """Bring everything to rest: end all faults, and send, hear and deliver everything that waits."""
        self.provider.away = self.provider.drops = self.provider.refuses = 0
        self.server.away = self.server.drops = 0
        for _ in range(20):
            self.turn()
            if not self.backlog and all(each.is_quiet for each in self.running.values()):
                return
            self.clock.now += _ROUND
        raise AssertionError(f"I12, I18: {self.backlog} rows of the outbox wait for ever")

    def to_the_next_limit(self) -> None:
        """Let time pass until something happens by itself."""
        waiting = [each for each in self.running.values() if not each.ended]
        # A joined order waits for its leading order.
        timers = [each.next_timer for each in waiting if each.next_timer or each.state.stage != Stage.JOINED]
        assert all(timers), "I7: an open matter that nothing would ever wake"
        self.clock.now = max([self.now, *([min(each for each in timers if each)] if timers else [])])
        self.turn()

    def close(self) -> None:
        """Remove every matter from memory."""
        self._loop.close()
        for run in self.running.values():
            run.evict()

    @property
    def backlog(self) -> int:
        """Count the tellings and outbox rows that are not done, including rows that were set aside."""
        with self.store.read() as connection:
            return sum(
                connection.scalar(select(func.count()).where(each.c.done_at.is_(None))) or 0
                for each in (tables.outbox, telling)
            )

    def rows(self) -> dict[str, Any]:
        """Return the orders as the store shows them, by number."""
        with self.store.read() as connection:
            return {
                row.order_no: row for row in connection.execute(select(matter, orders).select_from(WHOLE))
            }

    def meetings(self) -> dict[str, Any]:
        """Return the meetings as the store shows them, by number."""
        with self.store.read() as connection:
            return {
                row.duty_no: row for row in connection.execute(select(matter, duty).select_from(WHOLE_DUTY))
            }

    def numbers(self) -> list[str]:
        """List all orders in the sequence in which they appeared; new parts of a split come last, by description."""
        found = self.rows()
        fresh = sorted(found.keys() - set(self.known), key=lambda each: found[each].description)
        self.known += fresh
        return self.known
