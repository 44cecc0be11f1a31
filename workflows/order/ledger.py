"""What a step produced, buffered until the next wait and committed by one `record`.

Assumes that only the order's own coroutine records: one `record` at a time, each awaited. What is
noted while one is under way (by the courier, or by a signal that came) is taken with the next.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from workflows import options
from workflows.order import visibility
from workflows.order.state import HumanTask, State

with workflow.unsafe.imports_passed_through():
    from activities.matter.reconcile import OutboxDrain
    from activities.message.deliver import Courier
    from activities.order.record import Recorder
    from domain.matter.tasks import TaskState
    from domain.order.events import EventName
    from domain.order.templates import Template
    from messages.matter.outbox import StartOrders
    from messages.matter.step import (
        ClockRequest,
        EventRecord,
        GivenWord,
        MessageWritten,
        PromiseRequest,
        TaskChanged,
        TaskClosed,
        TaskOpened,
        Verdict,
    )
    from messages.matter.tasks import RestTaken
    from messages.message.delivery import DeliverMessages
    from messages.names import REQUESTER
    from messages.office.directory import LookedUp, LookUp
    from messages.order.step import MergeRequest, OrderAnswer, OrderFacts, OrderStep, SplitRequest
    from messages.order.workflow import StartOrder


class Ledger:
    """The buffer of one order and its way into the store."""

    def __init__(self, start: StartOrder, state: State) -> None:
        """Begin empty: event number 1 and the first task are the intake's."""
        self._start = start
        self._state = state
        self._shown: Mapping[str, Any] = visibility.shown_at_start(start)
        self._carrying: asyncio.Task[None] | None = None
        self._starting: asyncio.Task[None] | None = None
        self._more_to_deliver = False
        self._undelivered: list[dict[str, Any]] = []
        self._written = self.facts()
        self._clear()
        workflow.set_current_details(visibility.details(start, state))

    def _clear(self) -> None:
        self._events: list[EventRecord] = []
        self._opened: list[TaskOpened] = []
        self._changed: dict[str, TaskChanged] = {}
        self._closed: list[TaskClosed] = []
        self._verdicts: list[Verdict] = []
        self._messages: list[MessageWritten] = []
        self._clocks: list[ClockRequest] = []
        self._promise: PromiseRequest | None = None
        self._merge: MergeRequest | None = None
        self._withdrawn = False
        self._split: SplitRequest | None = None
        self._route = False
        self._asks_leading = False

    @property
    def is_empty(self) -> bool:
        """Whether everything is recorded: what happened, what is asked for, and how the order stands by itself."""
        return not (
            self._undelivered
            or self._events
            or self._opened
            or self._changed
            or self._closed
            or self._verdicts
            or self._messages
            or self._clocks
            or self._promise
            or self._merge
            or self._split
            or self._route
            or self._asks_leading
            or self._written != self.facts()
        )

    @property
    def verdicts(self) -> int:
        """How many verdicts the next record carries."""
        return len(self._verdicts)

    @property
    def is_delivering(self) -> bool:
        """Whether messages are on their way."""
        return self._carrying is not None and not self._carrying.done()

    def event(
        self,
        type_: EventName,
        *,
        actor: str,
        task_id: str | None = None,
        said_id: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> int:
        """Number an event, keep it for the next record, and return its number."""
        return self.keep(self.numbered(type_, actor=actor, task_id=task_id, said_id=said_id, data=data))

    def numbered(
        self,
        type_: EventName,
        *,
        actor: str,
        task_id: str | None = None,
        said_id: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> EventRecord:
        """Write the next event; its number is used once it is kept, or recorded by itself."""
        return EventRecord(
            seq=self._state.seq + 1,
            at=workflow.now(),
            type=type_,
            actor=actor,
            task_id=task_id,
            said_id=said_id,
            data={key: value for key, value in (data or {}).items() if value is not None},
        )

    def keep(self, event: EventRecord) -> int:
        """Keep an event for the next record, and return its number."""
        self._state.seq = event.seq
        self._events.append(event)
        return event.seq

    def opened(self, task: TaskOpened) -> None:
        """Keep a task that was opened."""
        self._opened.append(task)

    def changed(self, task: HumanTask, state: TaskState) -> None:
        """Show that an open task rests, goes on, or offers other outcomes than before."""
        self._changed[task.task_id] = TaskChanged(
            task_id=task.task_id, state=state, withheld=tuple(sorted(task.withheld))
        )

    def close(self, task: HumanTask, state: TaskState, outcome: str, actor: str) -> None:
        """Close a task. It is taken out at once: whatever is said of it from here on is late."""
        at = workflow.now()
        closed = TaskClosed(task_id=task.task_id, state=state, outcome=outcome, actor=actor, at=at)
        self._state.finish(closed, f"{outcome} by {actor} at {at:%Y-%m-%d %H:%M:%S}Z")
        self._closed.append(closed)
        self.forget_clock(task.task_id)
        self._changed.pop(task.task_id, None)

    def forget_clock(self, key: str) -> None:
        """Ask no more for a clock."""
        self._clocks = [clock for clock in self._clocks if clock.key != key]

    def verdict(self, verdict: Verdict) -> None:
        """Keep what became of a decision or action."""
        self._verdicts.append(verdict)

    def write(
        self,
        recipient: str,
        template: Template,
        *,
        text_of: str | None = None,
        only_if_firm: bool = False,
        only_if_after: datetime | None = None,
        **data: Any,
    ) -> None:
        """Write a message; its text, if any, is that of the decision named."""
        self._messages.append(
            MessageWritten(
                event_seq=self._state.seq,
                recipient=recipient,
                template=template,
                data=data,
                text_of=text_of,
                only_if_firm=only_if_firm,
                only_if_after=only_if_after,
            )
        )

    def clock(self, request: ClockRequest) -> None:
        """Ask for a clock; a later request for the same key replaces an earlier one."""
        self.forget_clock(request.key)
        self._clocks.append(request)

    def promise(self, request: PromiseRequest) -> None:
        """Ask for a promise to be reckoned."""
        state = self._state
        request = request.model_copy(update={"granted": state.extended, "joined": state.joined})
        self._promise = state.promise = request

    def rested(self, began: datetime, ended: datetime) -> None:
        """Count a rest against the promise, now or once there is one; what is counted already is not again."""
        began = max(began, self._state.runs_from)
        if began >= ended:
            return
        rest = RestTaken(began=began, ended=ended)
        self._state.rests.append(rest)
        if (promise := self._state.promise) is not None:
            self.promise(promise.rested(began, ended))

    def merge(self, request: MergeRequest) -> None:
        """Ask the store to join the order to another one."""
        self._merge = request

    def withdraw(self) -> None:
        """Say that the requester takes the order back; the store knows whether others wait for the same."""
        self._withdrawn = True

    def split(self, decision_id: str) -> None:
        """Ask the store to make orders of what a decision names."""
        rests = tuple(self._state.rests)
        self._split = SplitRequest(decision_id=decision_id, page=self._start.page, rests=rests)

    def route(self) -> None:
        """Ask the store who answers for the order as it stands."""
        self._route = True

    def ask_leading(self) -> None:
        """Ask the store how the order stands that this one was joined to."""
        self._asks_leading = True

    async def look_up(self, asked: LookUp) -> LookedUp:
        """Ask the store about signals without its seal."""
        return await workflow.execute_activity_method(
            Recorder.look_up,
            asked,
            start_to_close_timeout=options.RECORD.start_to_close,
            schedule_to_close_timeout=options.RECORD.schedule_to_close,
            retry_policy=options.RECORD.retry,
            summary="what the store knows of a signal typed by hand",
        )

    def bring_forward(self, at: datetime) -> None:
        """Answer when an order that joined this one was promised, and let the unit know.

        What is later and was said before is never the earlier one again, since rests only move it on. Which of the
        others is, only the store can reckon while clocks stand still.
        """
        state = self._state
        earlier = [each for each in state.joined if each.at < at]
        said = GivenWord(at=at, said_at=workflow.now())
        state.joined = (*earlier, said)[: options.JOINED_COUNTED]
        if state.promise is not None:
            self.promise(state.promise)
        for task in state.open_tasks.values():
            deadline = task.deadline
            asked = deadline.asked = _not_later(deadline.asked, state.joined)
            is_running = deadline.due_at is not None and not deadline.expired
            if is_running and asked is not None and asked.promise is not None:
                self.clock(asked)
        if state.rest is not None:
            state.rest.clock = _not_later(state.rest.clock, state.joined)
        if state.stood is not None:
            state.stood = replace(state.stood, clock=_not_later(state.stood.clock, state.joined))

    def reckon_again(self, *, changed_from: datetime | None = None) -> None:
        """Ask anew for every instant that rested on a year not announced: once, since it is announced now.

        `changed_from`: for firm ones too that lie after a day which was changed; their word stands, so they only gain.
        """
        state, now = self._state, workflow.now()

        def is_touched(instant: datetime) -> bool:
            return changed_from is not None and instant > max(changed_from, now)

        promise, promised_at, is_owed = state.promise, state.promised_at, state.ending is None
        if promise is not None and state.promise_is_provisional:
            self.promise(promise)
            if is_owed:
                self.write(REQUESTER, Template.PROMISE_CONFIRMED, only_if_firm=True)
        elif promise is not None and promised_at is not None and is_owed and is_touched(promised_at):
            self.promise(promise)
            self.write(REQUESTER, Template.PROMISE_MOVED, only_if_after=promised_at)
        for wait in state.clocks:
            deadline = wait.deadline
            if deadline.asked is None or deadline.due_at is None or deadline.expired:
                continue
            if deadline.is_provisional or is_touched(deadline.due_at):
                self.clock(deadline.asked)

    async def flush(self) -> OrderAnswer:
        """Record what is buffered, take over the clocks, and send what was written."""
        # The courier may fail while another step is being recorded: only here do its failures get numbers.
        while self._undelivered:
            self.event(EventName.MESSAGES_UNDELIVERED, actor="system", data=self._undelivered.pop(0))
        asked_at = workflow.now()
        step = self._step(asked_at)
        self._clear()
        self._written = step.facts
        answer = await self._record(step, summary=", ".join(event.type for event in step.events[:4]))
        self._state.hear_promise(answer, at=asked_at)
        self._state.hear_routing(answer.routing)
        if answer.parts:
            self._starting = asyncio.create_task(self._start_parts(answer.parts))
        if step.messages or answer.parts:
            self._deliver()
        return answer

    async def expire(
        self, key: str, event: EventRecord, closed: TaskClosed | None, facts: OrderFacts
    ) -> OrderAnswer:
        """Record an automatic step of its own, unless the store has something pending against it.

        The state is not touched: what happened is known only when the answer is there. It also says who answers now,
        since nobody is there to choose.
        """
        step = OrderStep(
            **self._head(workflow.now()),
            facts=facts,
            events=(event,),
            closed=(closed,) if closed else (),
            route=True,
            expiry=key,
        )
        answer = await self._record(step, summary=f"{event.type}: {key}")
        if not answer.pending and answer.hold is None:
            self._written = facts
        return answer

    def show(self) -> None:
        """Bring search attributes and the words for operators up to date: one upsert, if anything changed."""
        now = visibility.shown(self._state)
        changed = {name: value for name, value in now.items() if self._shown.get(name) != value}
        if changed:
            workflow.upsert_search_attributes(visibility.updates(changed))
            self._shown = now
        self.tell_operators()

    def tell_operators(self) -> None:
        """Bring the words for operators up to date; this is no command."""
        workflow.set_current_details(visibility.details(self._start, self._state))

    def facts(self, **changes: Any) -> OrderFacts:
        """Give the order as it stands, with changes that are not made yet."""
        state = self._state
        facts = OrderFacts(
            stage=state.stage,
            ending=state.ending,
            round=state.round,
            tier=state.tier,
            unit=state.unit,
            order_class=state.order_class,
            category=state.category,
            escalations=state.escalations,
            overdue=state.overdue,
            reclassified=state.reclassified,
            reopened=state.reopened,
            held=state.hold is not None,
            handled_by=state.handled_by,
            merged_into=state.merged_into,
            requester_left=state.requester_left,
        )
        return facts.model_copy(update=changes)

    def _head(self, now: datetime) -> dict[str, Any]:
        self._state.records += 1
        return {
            "matter_no": self._start.order_no,
            "run_id": workflow.info().run_id,
            "seq": self._state.records,
            "at": now,
            "policy": self._start.policy,
            "open_tasks": tuple(self._state.open_tasks),
            "next_event": self._events[0].seq if self._events else self._state.seq + 1,
        }

    def _step(self, now: datetime) -> OrderStep:
        return OrderStep(
            **self._head(now),
            facts=self.facts(),
            events=tuple(self._events),
            opened=tuple(self._opened),
            changed=tuple(self._changed.values()),
            closed=tuple(self._closed),
            verdicts=tuple(self._verdicts),
            messages=tuple(self._messages),
            clocks=tuple(self._clocks),
            promise=self._promise,
            merge=self._merge,
            withdrawn=self._withdrawn,
            split=self._split,
            route=self._route,
            asks_leading=self._asks_leading,
        )

    async def _record(self, step: OrderStep, *, summary: str) -> OrderAnswer:
        return await workflow.execute_activity_method(
            Recorder.record,
            step,
            start_to_close_timeout=options.RECORD.start_to_close,
            schedule_to_close_timeout=options.RECORD.schedule_to_close,
            retry_policy=options.RECORD.retry,
            summary=summary[:200],
        )

    async def _start_parts(self, order_nos: tuple[str, ...]) -> None:
        """Start what was made of this order, beside its wait; should it fail, `Reconcile` does."""
        with suppress(ActivityError):
            await workflow.execute_activity_method(
                OutboxDrain.start,
                StartOrders(order_nos=order_nos),
                start_to_close_timeout=options.START_ORDERS.start_to_close,
                schedule_to_close_timeout=options.START_ORDERS.schedule_to_close,
                retry_policy=options.START_ORDERS.retry,
                summary="orders that were made of this one",
            )

    def _deliver(self) -> None:
        """Send beside the wait, one activity at a time; a new one follows if more was written meanwhile."""
        self._more_to_deliver = True
        if not self.is_delivering:
            self._carrying = asyncio.create_task(self._carry())

    async def _carry(self) -> None:
        while self._more_to_deliver:
            self._more_to_deliver = False
            try:
                delivered = await workflow.execute_activity_method(
                    Courier.deliver,
                    DeliverMessages(order_no=self._start.order_no),
                    start_to_close_timeout=options.DELIVER.start_to_close,
                    schedule_to_close_timeout=options.DELIVER.schedule_to_close,
                    retry_policy=options.DELIVER.retry,
                    summary="messages to people",
                )
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                # Its time is used up: the desk is told, the order goes on.
                self._undelivered.append({"reason": "gateway_away"})
            else:
                if delivered.failed:
                    self._undelivered.append({"messages": list(delivered.failed)})


def _not_later(clock: ClockRequest | None, joined: tuple[GivenWord, ...]) -> ClockRequest | None:
    """Let a clock that serves the promise be due when other residents were promised an answer."""
    if clock is None or clock.promise is None:
        return clock
    return clock.model_copy(update={"joined": joined})
