"""The case: the only way to change an order.

Assumes one coroutine, the story's. The steps change the order by these methods, and wait behind `answer`, the
one door.
"""

from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow

from workflows.matter.door import Door
from workflows.matter.judge import Judge
from workflows.matter.ledger import Ledger
from workflows.matter.opening import open_task
from workflows.matter.signals import Reader
from workflows.matter.state import Answer, Decided, HumanTask, Wait
from workflows.order import visibility
from workflows.order.asking import Asking
from workflows.order.course import OrderCourse
from workflows.order.rules import THE_OFFICES, OrderRules
from workflows.order.state import Rest, State, Stood, Window
from workflows.order.status import status

with workflow.unsafe.imports_passed_through():
    from domain.matter.tasks import SYSTEM, TaskState
    from domain.office.directory import OFFICES
    from domain.office.responsibility import Owner, handler
    from domain.office.words import OrderClass, Tier
    from domain.order.deadlines import Basis
    from domain.order.events import EventName
    from domain.order.lifecycle import TASKS, TaskKind, withheld
    from domain.order.policy import policy
    from domain.order.templates import Template, reply_for
    from domain.order.words import Ending, Stage
    from messages.matter.step import ClockRequest, GivenWord, PromiseRequest
    from messages.names import REQUESTER
    from messages.office.directory import Routing, UnitFacts
    from messages.order.step import LeadingStands
    from messages.order.workflow import OrderStatus, StartOrder


class Case:
    """One order: its state, the changes to it, and its wait."""

    def __init__(self, start: StartOrder) -> None:
        """Begin where the intake left the order: the first task is open."""
        self.start = start
        self.state = State.of(start)
        self.book = policy(start.policy)
        self._asking = Asking(start, self.state)
        self._ledger = Ledger(
            start.order_no,
            start.policy,
            self.state,
            self._asking,
            shown=visibility.shown_at_start(start),
        )
        self.reader = Reader(start.order_no, start.seal_key, THE_OFFICES)
        rules = OrderRules(start.order_no, self.state, self._asking, self._ledger, self.book)
        self.judge = Judge(start.order_no, self.state, self._ledger, rules, self.reader)
        course = OrderCourse(self.state, self._asking, self._ledger)
        self._door = course.door = Door(self.state, self._ledger, self.judge, course)

    def not_by(self, proposal: Decided) -> tuple[str, ...]:
        """Return the staff barred from a review: the proposer, and in a later round the last reviewer."""
        before = self.state.reviewed_by if self.state.round > 1 else None
        return (proposal.said.actor, *((before,) if before else ()))

    # Changes that the story makes to an order.

    def enter(self, stage: Stage) -> None:
        """Enter a stage."""
        self.state.stage = stage

    def note(self, type_: EventName, *, actor: str = SYSTEM, **data: Any) -> int:
        """Write an event, in the past tense, and return its number."""
        return self._ledger.event(type_, actor=actor, data=data)

    def write(self, recipient: str, template: Template, *, text_of: str | None = None, **data: Any) -> None:
        """Write a message; its text, if any, is that of the decision named."""
        self._ledger.write(recipient, template, text_of=text_of, **data)

    def begin(
        self,
        kind: TaskKind,
        basis: Basis,
        owner: Owner,
        *,
        repetition: int = 1,
        after: timedelta = timedelta(0),
        not_by: tuple[str, ...] = (),
        on_duty: bool = False,
        **clock: Any,
    ) -> HumanTask:
        """Open a task, now or after a delay.

        `clock` holds further facts for its clock: see `ClockRequest`.
        """
        task = open_task(
            self.start.order_no,
            self.state,
            TASKS[kind],
            owner,
            after=after,
            withheld=self._withheld(kind),
            not_by=not_by,
        )
        self._ledger.opened(task, on_duty=on_duty)
        self._ask_for_clock(task, basis, since=task.opened_at, repetition=repetition, **clock)
        return task

    def restart(self, task: HumanTask, basis: Basis, **clock: Any) -> None:
        """Give an open task a new clock, from now on."""
        task.deadline.clear()
        self._ask_for_clock(task, basis, **clock)

    def go_on(
        self, task: HumanTask, clock: ClockRequest | None, *, stood_from: datetime, **more: Any
    ) -> None:
        """Give an open task its clock back, moved by the time that it stood still until now."""
        if clock is None:
            return
        task.deadline.clear()
        moved = clock.rested(stood_from, workflow.now())
        task.deadline.asked = moved.model_copy(update={"key": task.key, **more})
        self._ledger.clock(task.deadline.asked)

    def offer_anew(self, task: HumanTask) -> None:
        """Update the outcomes that an open task offers, and whether it rests."""
        task.withheld = self._withheld(TaskKind(task.kind))
        self._ledger.changed(task, TaskState.WAITING if self.state.rest else TaskState.OPEN)

    def supersede(self, *tasks: HumanTask) -> None:
        """Close tasks that no longer need to be finished."""
        self._ledger.supersede(*tasks)

    def categorise(self, category: str | None) -> None:
        """Set a better category, if one is given, and ask the store which units answer for it."""
        if category is not None and category != self.state.category:
            self.state.category = category
            self._asking.route()

    def classify(self, order_class: OrderClass, *, rule: str) -> None:
        """Classify the order; in the first round this makes the promise, counted from receipt."""
        state = self.state
        former, state.order_class = state.order_class, order_class
        if state.round == 1:
            self._asking.promise(
                PromiseRequest(
                    since=state.round_began_at,
                    order_class=order_class,
                    rests=tuple(state.rests),
                    is_capped=True,
                    **(self._promised_before(former, order_class) if former else {}),
                )
            )
        self.note(EventName.ORDER_CLASSIFIED, order_class=order_class, category=state.category, rule=rule)

    def _promised_before(self, former: OrderClass, order_class: OrderClass) -> dict[str, Any]:
        """Return what a new class keeps of the promise.

        A class with more time keeps all of it; one with less keeps only an extension; urgent keeps not even
        that.
        """
        state = self.state
        word = state.promise.word if state.promise and order_class.takes_longer_than(former) else None
        if order_class is OrderClass.URGENT:
            state.extended = None
        return {"word": word, "floor_from": workflow.now(), "was": state.promised_at}

    def class_anew(self, work: HumanTask, order_class: OrderClass) -> None:
        """Give work another class: its clock begins again, and with a longer class it never ends earlier."""
        former, asked = self.state.order_class, work.deadline.asked
        self.state.reclassified = True
        self.classify(order_class, rule="requested")
        needs_more = former is not None and order_class.takes_longer_than(former)
        word = asked.word if asked is not None and needs_more else None
        self.restart(work, Basis.PROMISE, repetition=self.state.round, word=word)

    @property
    def routing(self) -> Routing:
        """The units that answer for the order, as the store said last."""
        return self.state.routing

    async def route(self) -> Routing:
        """Record, and return the units that answer now; signals that arrive meanwhile stay in the inbox."""
        self._asking.route()
        await self._door.flush()
        return self.routing

    def handler_of(self, unit: str) -> Owner:
        """Return the owner of work in a unit that a signal named or routing found."""
        known = self._facts(unit)
        return handler(unit, known.tier, by_liaison=known.by_liaison)

    @property
    def worker(self) -> Owner:
        """The owner of work on this order: its unit, at the tier at which it acts."""
        state = self.state
        return handler(state.unit, state.tier, by_liaison=self._facts(state.unit).by_liaison)

    def hand_to(self, unit: str, tier: Tier) -> None:
        """Make a unit the lead; the requests of its predecessor do not count against it."""
        state = self.state
        # The next routing may name other units, so the facts about the lead are kept here.
        state.units[unit] = self._facts(unit)
        state.unit, state.tier, state.lead = unit, tier, unit
        state.requested.clear()

    def assign(
        self, unit: str, *, rule: str, passed_over: tuple[str, ...] = (), is_accepted: bool = True
    ) -> None:
        """Make a unit responsible, and tell the resident the promise."""
        self.hand_to(unit, self._facts(unit).tier)
        vacant: dict[str, Any] = {"passed_over": list(passed_over)} if passed_over else {}
        self.note(EventName.ORDER_DISPATCHED, unit=unit, tier=self.state.tier, rule=rule, **vacant)
        if is_accepted:
            self.write(REQUESTER, Template.ACCEPTED, unit=unit)

    def _facts(self, unit: str) -> UnitFacts:
        """Return the facts about a unit: one vouched for, one that routing found, or an office itself."""
        routed = (*self.routing.ladder, *((self.routing.lead,) if self.routing.lead else ()))
        known = self.state.units | {each.code: each for each in routed}
        return UnitFacts(code=unit, tier=OFFICES[unit]) if unit in OFFICES else known[unit]

    def split(self, decided: Decided) -> None:
        """Make orders of the further parts that a decision names; this one goes on with the first."""
        self.state.is_split = True
        self._asking.split(decided.said.decision_id)
        self.note(EventName.ORDER_SPLIT, actor=decided.said.actor)
        self.offer_anew(decided.task)

    def extend(self, work: HumanTask, until: datetime) -> None:
        """Grant an extension: it never makes the promise or the unit's time end earlier.

        The limit of a superior platform caps both. The promises of orders that joined are extended with them.
        """
        state, asked = self.state, work.deadline.asked
        state.extended = GivenWord(at=until, said_at=workflow.now())
        later = [each for each in state.joined if each.at > until]
        if len(later) < len(state.joined) and state.promised_at is not None and state.promised_at < until:
            state.joined = (state.extended, *later)
        if state.promise is not None:
            self._asking.promise(state.promise)
        self.restart(
            work,
            Basis.GIVEN,
            given=until,
            word=asked.word if asked else None,
            promise=state.promise_at(workflow.now()),
            repetition=state.round,
        )

    def work_clock(self, *, since: datetime) -> ClockRequest:
        """Return the clock of work that would have begun at an instant."""
        return ClockRequest(
            key="",
            basis=Basis.PROMISE,
            since=since,
            order_class=self.state.order_class,
            promise=self.state.promise_at(since),
            repetition=self.state.round,
        )

    def stood(self, work: HumanTask, *, at: datetime) -> Stood:
        """Return the clock that stands still from an instant on, or since the beginning of a rest or hold."""
        rest, hold, asked = self.state.rest, self.state.hold, work.deadline.asked
        if rest is not None:
            return Stood(rest.began, rest.clock)
        if hold is not None and asked is not None:
            at = min(at, max(hold.since, asked.runs_from))
        return Stood(at, asked)

    def rest(self, work: HumanTask, *, until: datetime | None, since: datetime) -> None:
        """Rest work until an instant, or without one for as long as the resident may take to answer."""
        deadline = work.deadline
        stood = self.stood(work, at=since)
        rest = Rest(began=stood.began, clock=stood.clock, asks=until is None, is_late=deadline.expired)
        deadline.clear()
        deadline.stands_still = True
        self._ledger.forget_clock(work.key)
        self.state.rest = rest
        basis = Basis.ASK_RESIDENT if until is None else Basis.GIVEN
        rest.deadline.asked = ClockRequest(key=rest.key, basis=basis, since=workflow.now(), given=until)
        self._ledger.clock(rest.deadline.asked)
        self.offer_anew(work)

    def resume(self, work: HumanTask) -> None:
        """Resume work after a rest: its due time moves by the length of the rest.

        Work that was late before has the minimum remainder, so that it does not miss one limit twice.
        """
        rest = self.state.rest
        if rest is None:
            return
        self.end_rest()
        work.deadline.stands_still = False
        floor = {"floor_from": workflow.now()} if rest.is_late else {}
        self.go_on(work, rest.clock, stood_from=rest.began, **floor)
        self.offer_anew(work)

    def end_rest(self) -> None:
        """End a rest, if there is one: the promise moves by its length, and by a hold until it began."""
        state = self.state
        rest, state.rest = state.rest, None
        if rest is None:
            return
        self._ledger.forget_clock(rest.key)
        if state.hold is not None:
            self._asking.rested(state.hold.since, min(state.hold.until, rest.began))
        self._asking.rested(rest.began, workflow.now())

    def breach(self, work: HumanTask, *, at: datetime) -> None:
        """Record once that the unit missed its limit; its result still counts."""
        deadline, hold = work.deadline, self.state.hold
        due_at = deadline.due_at
        if due_at is None or deadline.expired or at < due_at or (hold is not None and hold.since <= due_at):
            return
        deadline.expired = True
        self.state.overdue = True
        self._ledger.keep(self._ledger.limit_passed(work))

    def end(self, ending: Ending, decided: Decided) -> None:
        """Set the order's ending and the decision behind it; the reply takes its text from that decision."""
        self.state.ending = ending
        self.state.stood = None
        self.state.handled_by = decided.said.actor
        self.state.answered_by = decided.said.decision_id

    def reply(self) -> None:
        """Answer the resident with the text of the decision that ended the work."""
        self.note(EventName.ORDER_REPLIED, ending=self.state.ending)
        self.write(REQUESTER, reply_for(str(self.state.ending)), text_of=self.state.answered_by)

    def rework(self) -> None:
        """Begin another round with the last lead unit; past the cap it is supervised, and the last."""
        state = self.state
        state.reworks += 1
        self._next_round("rework")
        if state.reworks > self.book.rework_cap:
            state.counts_only = True
            state.supervised_from_start = True

    def reopen(self) -> None:
        """Begin another round, because the order was reopened within the window."""
        self.state.reopened = True
        self._next_round("reopened")

    def withdraw(self) -> None:
        """End the order early, because the resident takes it back."""
        self._end_early(Ending.WITHDRAWN)

    def merge(self, leading: str) -> None:
        """Make the order wait for the answer of its leading order; no task of its own stays open."""
        self._end_early(Ending.MERGED)
        self.state.merged_into = leading
        self.enter(Stage.JOINED)
        self.note(EventName.ORDER_MERGED, leading=leading)
        self.write(REQUESTER, Template.MERGED, leading=leading)

    async def leading(self) -> LeadingStands:
        """Record, and return how the leading order stands; new signals stay in the inbox."""
        self._asking.leading()
        return (await self._door.flush()).leading or LeadingStands(answered=True)

    def status(self) -> OrderStatus:
        """Return how the order stands, for the query."""
        return status(self.start, self.state)

    def _end_early(self, ending: Ending) -> None:
        """Set the ending, end a rest, and close every open task."""
        state = self.state
        self.end_rest()
        state.request = None
        self.supersede(*state.open_tasks.values())
        state.ending = ending

    def _next_round(self, cause: str) -> None:
        self.state.begin_round(workflow.now())
        self._asking.promise(PromiseRequest(since=workflow.now()))
        self.note(EventName.ROUND_BEGAN, cause=cause, round=self.state.round)

    def window(self) -> Window:
        """Open the reopening window."""
        window = self.state.window = Window()
        window.deadline.asked = ClockRequest(key=window.key, basis=Basis.WINDOW, since=workflow.now())
        self._ledger.clock(window.deadline.asked)
        return window

    async def answer(self, *waits: Wait) -> Answer:
        """Wait until one of these is decided, its limit passes, or an action changes the course.

        Raises:
            Withdrawn: the resident took the order back.
        """
        return await self._door.answer(*waits)

    async def settle(self) -> None:
        """Record the rest and wait for the messages to go out; no task is open any more."""
        await self._door.settle()

    def _withheld(self, kind: TaskKind) -> frozenset[str]:
        book = self.book
        return withheld(
            kind, self.state.progress, extension_cap=book.extension_cap, return_cap=book.return_cap
        )

    def _ask_for_clock(
        self, task: HumanTask, basis: Basis, *, since: datetime | None = None, **more: Any
    ) -> None:
        if basis is Basis.PROMISE:
            more["promise"] = self.state.promise_at(workflow.now())
        task.deadline.asked = ClockRequest(
            key=task.key,
            basis=basis,
            since=since or workflow.now(),
            order_class=self.state.order_class or self.state.suggested_class,
            **more,
        )
        self._ledger.clock(task.deadline.asked)
