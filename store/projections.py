"""Writing what a step of an order produced: one transaction, once, in the order of the workflow.

Assumes that a step was recorded in history before it comes here, so that these rows are a function of
histories. A repeated step is answered as before; a step of an abandoned run changes nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from domain.deadlines import (
    Basis,
    Clock,
    ClockFacts,
    Rested,
    after_rests,
    clock,
    promise,
    round_promise,
)
from domain.directory import MAX_CODE
from domain.lifecycle import SYSTEM, TaskState
from domain.orders import OrderClass, Stage, Via
from domain.policy import PolicyBook
from domain.workdays import DueTime, WorkCalendar
from messages.directory import Routing
from messages.records import (
    ClockReading,
    ClockRequest,
    PromiseRequest,
    RecordAnswer,
    RecordStep,
)
from store.calendar import calendar_for
from store.decisions import UNFINISHED, lock_order, pending_on
from store.directory import routing_of
from store.holds import as_notice, hold_in_force
from store.joining import join, split
from store.office import insert_ignore
from store.settling import settle_verdicts
from store.tables import event, message, orders, record_entry, task


class StaleRun(Exception):
    """A step came from a run that an operator's reset has abandoned."""


class StepResult(StrEnum):
    """What became of a step."""

    NEW = "new"
    REPEATED = "repeated"
    PENDING = "pending"


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What a step did; `entered` and `finished` (kind and outcome) are known of a new one only."""

    answer: RecordAnswer
    result: StepResult
    entered: str | None = None
    finished: tuple[tuple[str, str], ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether it was this call that wrote it."""
        return self.result is StepResult.NEW


def write_step(connection: Connection, step: RecordStep, book: PolicyBook) -> Written:
    """Commit a step, or answer a repeated one as before; before an automatic step say what is pending.

    Raises:
        NotFound: there is no such order.
        StaleRun: the run was abandoned.
    """
    order = lock_order(connection, step.order_no)
    if (known := answered_before(connection, step)) is not None:
        return Written(answer=known, result=StepResult.REPEATED)
    _check_run(connection, order, step)
    if step.expiry is not None:
        pending = pending_on(connection, step.order_no)
        if pending:
            return Written(answer=RecordAnswer(pending=tuple(pending)), result=StepResult.PENDING)
        hold = None if step.order.held else as_notice(hold_in_force(connection, at=step.at))
        if hold is not None:
            return Written(answer=RecordAnswer(hold=hold), result=StepResult.PENDING)
    answer = reckon_step(connection, step, order.source_due_at, book)
    if step.route:
        answer = answer.model_copy(update={"routing": _routing(connection, step, order)})
    if step.merge is not None:
        answer = answer.model_copy(update={"merge_refused": join(connection, step, step.merge)})
    finished = _commit(connection, step, answer)
    if step.split is not None:
        split(connection, step, step.split)
    return Written(
        answer=answer,
        result=StepResult.NEW,
        entered=step.order.stage if step.order.stage != order.stage else None,
        finished=finished,
    )


def _routing(connection: Connection, step: RecordStep, order: Row[Any]) -> Routing:
    """Say who answers for an order as this step leaves it."""
    return routing_of(
        connection,
        category=step.order.category,
        community=order.community,
        unit=step.order.unit,
        now=step.at,
    )


def reapply_step(connection: Connection, step: RecordStep, answer: RecordAnswer) -> None:
    """Commit a step once more, from history: with the clocks that it was given then, not reckoned anew.

    Raises:
        NotFound: there is no such order.
        StaleRun: the run was abandoned.
    """
    _check_run(connection, lock_order(connection, step.order_no), step)
    _commit(connection, step, answer)


def _commit(connection: Connection, step: RecordStep, answer: RecordAnswer) -> tuple[tuple[str, str], ...]:
    """Write all that a step says; gives kind and outcome of the tasks that it finished."""
    vias = settle_verdicts(connection, _with_refused_merge(step, answer))
    finished = _write_tasks(connection, step, answer.clocks)
    _write_events(connection, step, vias)
    _write_messages(connection, step, answer)
    write_order(connection, step, answer)
    connection.execute(
        insert(record_entry).values(
            order_no=step.order_no, run_id=step.run_id, seq=step.seq, answer=answer.model_dump(mode="json")
        )
    )
    return finished


def _with_refused_merge(step: RecordStep, answer: RecordAnswer) -> RecordStep:
    """Let who wanted to join two orders know that the store refused it."""
    merge, reason = step.merge, answer.merge_refused
    if merge is None or reason is None:
        return step
    refused = {"applied": False, "code": "merge_refused", "reason": reason}
    verdicts = [
        each.model_copy(update=refused) if each.said.said_id == merge.said_id else each
        for each in step.verdicts
    ]
    return step.model_copy(update={"verdicts": tuple(verdicts)})


def answered_before(connection: Connection, step: RecordStep) -> RecordAnswer | None:
    """Find the answer that a step was given when it was committed, `None` if it was not."""
    stored = connection.scalar(
        select(record_entry.c.answer).where(
            record_entry.c.order_no == step.order_no,
            record_entry.c.run_id == step.run_id,
            record_entry.c.seq == step.seq,
        )
    )
    return RecordAnswer.model_validate(stored) if stored is not None else None


def _check_run(connection: Connection, order: Row[Any], step: RecordStep) -> None:
    """Let a new run take over from one that was reset: its events replace those of the abandoned branch."""
    if order.run_id in {None, step.run_id}:
        return
    if order.recorded_at is not None and step.at < order.recorded_at:
        raise StaleRun(f"order {step.order_no}: a later run has taken over")
    abandon(
        connection,
        step.order_no,
        run_id=step.run_id,
        next_event=step.next_event,
        open_tasks=step.open_tasks,
        at=order.recorded_at or step.at,
    )


def abandon(
    connection: Connection,
    order_no: str,
    *,
    run_id: str,
    next_event: int,
    open_tasks: Collection[str],
    at: datetime,
) -> None:
    """Mark what other runs wrote from an event's number on; open are the tasks that this run has open.

    `at` is the last that was heard of the abandoned branch.
    """
    connection.execute(
        update(event)
        .where(event.c.order_no == order_no, event.c.run_id != run_id, event.c.seq >= next_event)
        .values(abandoned=True)
    )
    mine = task.c.order_no == order_no
    connection.execute(
        update(task)
        .where(mine, task.c.state.in_(UNFINISHED), task.c.task_id.not_in(open_tasks))
        .values(state=TaskState.SUPERSEDED, outcome="abandoned", closed_by=SYSTEM, closed_at=at)
    )
    connection.execute(
        update(task)
        .where(mine, task.c.state.not_in(UNFINISHED), task.c.task_id.in_(open_tasks))
        .values(state=TaskState.OPEN, outcome=None, closed_by=None, closed_at=None)
    )


def reckon_step(
    connection: Connection, step: RecordStep, cap: datetime | None, book: PolicyBook
) -> RecordAnswer:
    """Reckon what a step asks for, on the calendar in force at this moment; nothing is written."""
    asked = [each.since for each in (step.promise, *step.clocks) if each is not None]
    asked += [each.promise.since for each in step.clocks if each.promise is not None]
    if not asked:
        return RecordAnswer()
    calendar = calendar_for(connection, book, min(asked))
    promised = _promised(step.promise, cap, book, calendar)
    readings = {each.key: _read(each, cap, book, calendar) for each in step.clocks}
    return RecordAnswer(
        clocks={
            key: ClockReading(
                due_at=reading.due_at, remind_at=reading.remind_at, is_provisional=reading.is_provisional
            )
            for key, reading in readings.items()
        },
        promised_at=promised.at if promised else None,
        promise_is_provisional=bool(promised and promised.is_provisional),
    )


def _promised(
    request: PromiseRequest | None, cap: datetime | None, book: PolicyBook, calendar: WorkCalendar
) -> DueTime | None:
    """Reckon a promise; in the first round a limit set by a superior platform caps it."""
    if request is None:
        return None
    order_class = OrderClass(request.order_class) if request.order_class else None
    if request.given is not None:
        origin = DueTime(request.given)
    elif order_class is None:
        origin = round_promise(request.since, book, calendar)
    else:
        origin = promise(request.since, order_class, book, calendar)
    limit = book.class_limits[order_class or OrderClass.GENERAL]
    promised = after_rests(origin, _rests(request), limit, calendar)
    caps = (cap if request.is_capped else None, request.not_later_than)
    capped = [DueTime(each) for each in caps if each is not None]
    return min([promised, *capped], key=lambda due: due.at)


def _rests(request: PromiseRequest | ClockRequest) -> tuple[Rested, ...]:
    return tuple(Rested(each.began, each.ended) for each in request.rests)


def _read(request: ClockRequest, cap: datetime | None, book: PolicyBook, calendar: WorkCalendar) -> Clock:
    given = request.given
    if given is not None:
        given = min(given, cap) if request.is_capped and cap is not None else given
        given = max(given, request.not_before or given)
    return clock(
        ClockFacts(
            basis=Basis(request.basis),
            since=request.since,
            order_class=OrderClass(request.order_class) if request.order_class else None,
            promised=_promised(request.promise, cap, book, calendar),
            repetition=request.repetition,
            given=given,
            rests=_rests(request),
            floor_from=request.floor_from,
        ),
        book,
        calendar,
    )


def _write_tasks(
    connection: Connection, step: RecordStep, clocks: Mapping[str, ClockReading]
) -> tuple[tuple[str, str], ...]:
    """Open and close tasks; gives kind and outcome of those that were closed."""
    for opened in step.opened:
        reading = clocks.get(opened.task_id)
        connection.execute(
            insert(task).values(
                **opened.model_dump(),
                order_no=step.order_no,
                state=TaskState.OPEN,
                due_at=reading.due_at if reading else None,
                remind_at=reading.remind_at if reading else None,
                is_provisional=bool(reading and reading.is_provisional),
            )
        )
    for changed in step.changed:
        shown: dict[str, Any] = {"state": changed.state, "withheld": list(changed.withheld)}
        if changed.state == TaskState.WAITING:
            shown |= {"due_at": None, "remind_at": None, "is_provisional": False}
        connection.execute(update(task).where(task.c.task_id == changed.task_id).values(**shown))
    fresh = {opened.task_id for opened in step.opened}
    for key, reading in clocks.items():
        if key not in fresh:
            connection.execute(
                update(task)
                .where(task.c.task_id == key)
                .values(
                    due_at=reading.due_at,
                    remind_at=reading.remind_at,
                    is_provisional=reading.is_provisional,
                )
            )
    finished = []
    for closed in step.closed:
        kind = connection.scalar(
            update(task)
            .where(task.c.task_id == closed.task_id)
            .values(state=closed.state, outcome=closed.outcome, closed_by=closed.actor, closed_at=closed.at)
            .returning(task.c.kind)
        )
        finished.append((str(kind), closed.outcome))
    return tuple(finished)


def _write_events(connection: Connection, step: RecordStep, vias: Mapping[str, Via]) -> None:
    if not step.events:
        return
    rows = [
        {
            "order_no": step.order_no,
            "run_id": step.run_id,
            "seq": each.seq,
            "at": each.at,
            "type": each.type,
            "actor": each.actor,
            "via": vias.get(each.said_id or "", Via.SYSTEM if each.actor == SYSTEM else Via.OPERATOR),
            "task_id": each.task_id,
            "data": {**each.data, **({"decision_id": each.said_id} if each.said_id else {})},
            "abandoned": False,
        }
        for each in step.events
    ]
    connection.execute(insert(event), rows)


def _write_messages(connection: Connection, step: RecordStep, answer: RecordAnswer) -> None:
    for written in step.messages:
        if written.only_if_firm and answer.promise_is_provisional:
            continue
        insert_ignore(
            connection,
            message,
            {
                **written.model_dump(exclude={"only_if_firm"}),
                "order_no": step.order_no,
                "run_id": step.run_id,
                "state": "pending",
                "created_at": step.at,
            },
        )


_NOBODYS = ("rest", "window")
"""Clocks that no task has: they are shown once, and stay as long as the order rests or is closed."""


def write_order(connection: Connection, step: RecordStep, answer: RecordAnswer) -> None:
    """Show the order as it stands after a step."""
    facts = step.order.model_dump()
    facts["class"] = facts.pop("order_class")
    if len(facts["handled_by"] or "") > MAX_CODE:
        # Typed by hand: no member of staff is called that.
        facts["handled_by"] = None
    if answer.promised_at is not None:
        facts["promised_at"] = answer.promised_at
        facts["promise_is_provisional"] = answer.promise_is_provisional
    tasks = connection.execute(
        select(task.c.due_at, task.c.is_provisional).where(
            task.c.order_no == step.order_no, task.c.state == TaskState.OPEN
        )
    ).all()
    # The present task's: the next limit to pass, since one that has passed has had its consequence.
    coming = [each.due_at for each in tasks if each.due_at and each.due_at > step.at]
    coming += [answer.clocks[key].due_at for key in _NOBODYS if key in answer.clocks]
    if coming or step.order.stage not in {Stage.PAUSED, Stage.CLOSED}:
        facts["due_at"] = min(coming, default=None)
    rests = any(each.is_provisional for each in tasks)
    facts["is_provisional"] = (
        True if rests else facts.get("promise_is_provisional", orders.c.promise_is_provisional)
    )
    if step.events:
        facts["recorded_seq"] = step.events[-1].seq
    connection.execute(
        update(orders)
        .where(orders.c.order_no == step.order_no)
        .values(**facts, run_id=step.run_id, recorded_at=step.at)
    )
