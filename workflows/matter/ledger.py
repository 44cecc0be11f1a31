"""The products of a step, buffered until the next wait and committed by one `record`.

Assumes that only the matter's own coroutine records: one `record` at a time, each awaited. The courier or a
signal may add to the buffer while one is under way; the next `record` takes that along.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from workflows import options
from workflows.matter import visibility
from workflows.matter.state import Expiry, HumanTask, MatterState, Wait

with workflow.unsafe.imports_passed_through():
    from activities.matter.confirming import Confirmer
    from activities.matter.reconcile import OutboxDrain
    from activities.message.deliver import Courier
    from domain.matter.events import MatterEvent
    from domain.matter.tasks import SYSTEM, TaskState
    from messages.matter.outbox import StartOrders
    from messages.matter.step import (
        ClockRequest,
        EventRecord,
        MatterAnswer,
        MatterFacts,
        MatterStep,
        MessageWritten,
        TaskChanged,
        TaskClosed,
        TaskOpened,
        Verdict,
    )
    from messages.message.delivery import DeliverMessages
    from messages.office.directory import LookedUp, LookUp

Step = TypeVar("Step", bound=MatterStep)
Answer = TypeVar("Answer", bound=MatterAnswer)


def is_touched(instant: datetime, *, changed_from: datetime | None) -> bool:
    """Tell whether a future instant lies after a changed day of the calendar."""
    return changed_from is not None and instant > max(changed_from, workflow.now())


class Recording(Protocol[Step, Answer]):
    """The part of a kind of matter in each step: its facts, its requests to the store, and the answers."""

    @property
    def is_empty(self) -> bool:
        """Whether it has no request to the store."""

    def facts(self) -> MatterFacts:
        """Return the matter as it stands."""

    def step(self, said: Mapping[str, Any], *, is_automatic: bool) -> Step:
        """Build a step from the common parts and this kind's requests, and forget the requests."""

    async def record(self, step: Step, summary: str) -> Answer:
        """Have the store commit a step."""

    def hear(self, answer: Answer, *, at: datetime) -> None:
        """Take in the store's answer to a step that was sent at an instant."""

    def attributes(self) -> Mapping[str, Any]:
        """Return the search attributes as they should be now."""

    def details(self) -> str:
        """Say in Markdown how the matter stands, for operators."""


class Ledger(Generic[Step, Answer]):
    """The buffer of one matter and its way into the store."""

    def __init__(
        self,
        matter_no: str,
        policy: str,
        state: MatterState,
        recording: Recording[Step, Answer],
        *,
        shown: Mapping[str, Any],
    ) -> None:
        """Begin empty: the transaction that began the matter wrote event number 1 and the first task.

        `shown`: the search attributes that the starter set.
        """
        self._matter_no = matter_no
        self._policy = policy
        self._state = state
        self._recording = recording
        self._shown = shown
        self._carrying: asyncio.Task[None] | None = None
        self._starting: asyncio.Task[None] | None = None
        self._more_to_deliver = False
        self._undelivered: list[dict[str, Any]] = []
        self._written = recording.facts()
        self._clear()
        self.tell_operators()

    def _clear(self) -> None:
        self._events: list[EventRecord] = []
        self._opened: list[TaskOpened] = []
        self._changed: dict[str, TaskChanged] = {}
        self._closed: list[TaskClosed] = []
        self._verdicts: list[Verdict] = []
        self._messages: list[MessageWritten] = []
        self._clocks: list[ClockRequest] = []

    @property
    def is_empty(self) -> bool:
        """Whether everything is recorded: events, requests, and the facts of the matter."""
        return (
            not (
                self._undelivered
                or self._events
                or self._opened
                or self._changed
                or self._closed
                or self._verdicts
                or self._messages
                or self._clocks
            )
            and self._recording.is_empty
            and self._written == self._recording.facts()
        )

    @property
    def verdicts(self) -> int:
        """How many verdicts the next record carries."""
        return len(self._verdicts)

    @property
    def is_delivering(self) -> bool:
        """Whether messages are on their way."""
        return self._carrying is not None and not self._carrying.done()

    @property
    def is_at_work(self) -> bool:
        """Whether anything is under way beside the story: messages, or starts of orders that it has made."""
        return self.is_delivering or (self._starting is not None and not self._starting.done())

    def event(
        self,
        type_: StrEnum,
        *,
        actor: str,
        task_id: str | None = None,
        said_id: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> int:
        """Number an event, keep it for the next record, and return its number."""
        return self.keep(self.numbered(type_, actor=actor, task_id=task_id, said_id=said_id, data=data))

    def numbered(
        self,
        type_: StrEnum,
        *,
        actor: str,
        task_id: str | None = None,
        said_id: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> EventRecord:
        """Return the next event; its number is used once the event is kept, or recorded by itself."""
        return EventRecord(
            seq=self._state.seq + 1,
            at=workflow.now(),
            type=type_,
            actor=actor,
            task_id=task_id,
            said_id=said_id,
            data={key: value for key, value in (data or {}).items() if value is not None},
        )

    def limit_passed(self, task: HumanTask) -> EventRecord:
        """Return the event of a task's passed limit; its number is used once the event is kept."""
        return self.numbered(
            MatterEvent.LIMIT_PASSED, actor=SYSTEM, task_id=task.task_id, data=dict(task.limit)
        )

    def expiry_of(
        self, task: HumanTask, *, stays: bool = False, is_late: bool = False, is_told: bool = True
    ) -> Expiry:
        """Return what follows from a task's limit: it closes as expired, or `stays` open beside the next."""
        event = self.limit_passed(task)
        closed = TaskClosed(
            task_id=task.task_id, state=TaskState.DONE, outcome="expired", actor=SYSTEM, at=event.at
        )
        return Expiry(event=event, closed=None if stays else closed, is_late=is_late, is_told=is_told)

    def keep(self, event: EventRecord) -> int:
        """Keep an event for the next record, and return its number."""
        self._state.seq = event.seq
        self._events.append(event)
        return event.seq

    def opened(self, task: HumanTask, *, on_duty: bool = False) -> None:
        """Keep an opened task for the next record."""
        self._opened.append(
            TaskOpened(
                task_id=task.task_id,
                kind=task.kind,
                unit=task.unit,
                tier=task.tier,
                role=task.role,
                opened_at=task.opened_at,
                withheld=tuple(sorted(task.withheld)),
                not_by=task.not_by,
                on_duty=on_duty,
            )
        )

    def changed(self, task: HumanTask, state: TaskState) -> None:
        """Show that an open task rests, goes on, or offers other outcomes than before."""
        self._changed[task.task_id] = TaskChanged(
            task_id=task.task_id, state=state, withheld=tuple(sorted(task.withheld))
        )

    def close(self, task: HumanTask, state: TaskState, outcome: str, actor: str) -> None:
        """Close a task and take it out at once: every later signal about it is too late."""
        at = workflow.now()
        closed = TaskClosed(task_id=task.task_id, state=state, outcome=outcome, actor=actor, at=at)
        self._state.finish(closed, f"{outcome} by {actor} at {at:%Y-%m-%d %H:%M:%S}Z")
        self._closed.append(closed)
        self.forget_clock(task.task_id)
        self._changed.pop(task.task_id, None)

    def supersede(self, *tasks: HumanTask) -> None:
        """Close tasks that no longer need to be finished."""
        for task in tasks:
            self.close(task, TaskState.SUPERSEDED, "superseded", SYSTEM)

    def clock(self, request: ClockRequest) -> None:
        """Ask for a clock; a later request for the same key replaces an earlier one."""
        self.forget_clock(request.key)
        self._clocks.append(request)

    def forget_clock(self, key: str) -> None:
        """Drop the request for a clock."""
        self._clocks = [clock for clock in self._clocks if clock.key != key]

    def reckon_again(self, waits: Iterable[Wait], *, changed_from: datetime | None) -> None:
        """Ask again for every provisional instant, since the missing year has been announced.

        `changed_from`: ask also for firm instants after that changed day; their word stands, so they only
        gain time.
        """
        for wait in waits:
            deadline = wait.deadline
            if deadline.asked is None or deadline.due_at is None or deadline.expired:
                continue
            if deadline.is_provisional or is_touched(deadline.due_at, changed_from=changed_from):
                self.clock(deadline.asked)

    def verdict(self, verdict: Verdict) -> None:
        """Keep the verdict on a decision or action."""
        self._verdicts.append(verdict)

    def write(
        self,
        recipient: str,
        template: str,
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

    async def flush(self) -> Answer:
        """Record the buffer, take in the store's answer, and send the messages."""
        # The courier may fail while another step is being recorded: its failures get numbers only here.
        while self._undelivered:
            self.event(MatterEvent.MESSAGES_UNDELIVERED, actor=SYSTEM, data=self._undelivered.pop(0))
        asked_at = workflow.now()
        step = self._recording.step(self._said(asked_at), is_automatic=False)
        self._clear()
        self._written = step.facts
        answer = await self._recording.record(step, ", ".join(event.type for event in step.events[:4])[:200])
        self._recording.hear(answer, at=asked_at)
        if answer.parts:
            self._starting = asyncio.create_task(self._start_parts(answer.parts))
        if step.messages or answer.parts:
            self._deliver()
        return answer

    async def expire(self, key: str, expiry: Expiry) -> Answer:
        """Record an automatic step by itself, unless the store has a decision or action pending against it.

        The state stays as it is: only the answer tells what happened. The answer also says which units answer
        now, since no clerk chooses one.
        """
        facts = self._recording.facts().model_copy(update=expiry.changes)
        head = self._head(workflow.now())
        closed = (expiry.closed,) if expiry.closed else ()
        step = self._recording.step(
            {**head, "facts": facts, "events": (expiry.event,), "closed": closed, "expiry": key},
            is_automatic=True,
        )
        answer = await self._recording.record(step, f"{expiry.event.type}: {key}"[:200])
        if not answer.pending and answer.hold is None:
            self._written = facts
        return answer

    def hear(self, answer: Answer) -> None:
        """Take in the store's answer to an automatic step that was taken."""
        self._recording.hear(answer, at=workflow.now())

    async def look_up(self, asked: LookUp) -> LookedUp:
        """Ask the store about signals without its seal."""
        return await workflow.execute_activity_method(
            Confirmer.look_up,
            asked,
            start_to_close_timeout=options.RECORD.start_to_close,
            schedule_to_close_timeout=options.RECORD.schedule_to_close,
            retry_policy=options.RECORD.retry,
            summary="what the store knows of a signal typed by hand",
        )

    def show(self) -> None:
        """Update search attributes, by one upsert if any changed, and the details for operators."""
        now = self._recording.attributes()
        changed = {name: value for name, value in now.items() if self._shown.get(name) != value}
        if changed:
            workflow.upsert_search_attributes(visibility.updates(changed))
            self._shown = now
        self.tell_operators()

    def tell_operators(self) -> None:
        """Update the details for operators; this is no command in the history."""
        workflow.set_current_details(self._recording.details())

    def _said(self, now: datetime) -> dict[str, Any]:
        return {
            **self._head(now),
            "facts": self._recording.facts(),
            "events": tuple(self._events),
            "opened": tuple(self._opened),
            "changed": tuple(self._changed.values()),
            "closed": tuple(self._closed),
            "verdicts": tuple(self._verdicts),
            "messages": tuple(self._messages),
            "clocks": tuple(self._clocks),
        }

    def _head(self, now: datetime) -> dict[str, Any]:
        self._state.records += 1
        return {
            "matter_no": self._matter_no,
            "run_id": workflow.info().run_id,
            "seq": self._state.records,
            "at": now,
            "policy": self._policy,
            "open_tasks": tuple(self._state.open_tasks),
            "next_event": self._events[0].seq if self._events else self._state.seq + 1,
        }

    async def _start_parts(self, order_nos: tuple[str, ...]) -> None:
        """Start the orders that this matter has made, beside its wait, or leave them to `Reconcile`."""
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
        """Send messages beside the wait, one activity at a time, and another one if more were written."""
        self._more_to_deliver = True
        if not self.is_delivering:
            self._carrying = asyncio.create_task(self._carry())

    async def _carry(self) -> None:
        while self._more_to_deliver:
            self._more_to_deliver = False
            try:
                delivered = await workflow.execute_activity_method(
                    Courier.deliver,
                    DeliverMessages(matter_no=self._matter_no),
                    start_to_close_timeout=options.DELIVER.start_to_close,
                    schedule_to_close_timeout=options.DELIVER.schedule_to_close,
                    retry_policy=options.DELIVER.retry,
                    summary="messages to people",
                )
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                # The time for delivery is used up: an event tells the desk, and the matter goes on.
                self._undelivered.append({"reason": "gateway_away"})
            else:
                if delivered.failed:
                    self._undelivered.append({"messages": list(delivered.failed)})
