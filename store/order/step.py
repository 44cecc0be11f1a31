"""Writing what a step of an order produced: one transaction, once, in the order of the workflow.

Assumes that a step was recorded in history before it comes here, so that these rows are a function of histories. A
repeated step is answered as before; a step of an abandoned run changes nothing (`store/matter/recorded.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from domain.doors import Via
from domain.matter.tasks import SYSTEM, TaskState
from domain.office.directory import MAX_CODE
from domain.order.policy import PolicyBook
from domain.order.templates import Template
from domain.order.words import Ending, Stage
from messages.matter.step import ClockReading, MessageWritten
from messages.names import REQUESTER
from messages.office.directory import Routing
from messages.order.step import OrderFacts, RecordAnswer, RecordStep
from store.database import insert_ignore
from store.matter.holding import as_notice, hold_in_force
from store.matter.recorded import answered_before, digest_of, take_over
from store.message.outgoing import drop
from store.office.directory import routing_of
from store.office.office_lock import reading_the_office
from store.order.joined.joining import answers_to, join, leading_stands, tell_waiting, told
from store.order.joined.leading import waiting
from store.order.joined.splitting import split
from store.order.joined.telling import hear_tellings
from store.order.reckoning import reckon_step
from store.order.said.decisions import lock_order
from store.order.said.settling import settle_verdicts
from store.order.said.unheard import pending_on
from store.tables import event, message, orders, record_entry, task


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


def write_step(
    connection: Connection, step: RecordStep, book: PolicyBook, *, takes_over: str | None = None
) -> Written:
    """Commit a step, or answer a repeated one as before; before an automatic step say what is pending.

    `takes_over`: the run whose rows are there and whose place the step's own has taken, as Temporal says.

    Raises:
        NotFound: there is no such order.
        OtherRun: the rows are another run's.
        StepDiffers: what was committed under its number says something else.
    """
    order = lock_order(connection, step.order_no, *reading_the_office(connection))
    if (known := answered_before(connection, step)) is not None:
        return Written(answer=known, result=StepResult.REPEATED)
    take_over(connection, order, step, takes_over=takes_over)
    if step.expiry is not None:
        hear_tellings(connection, step.order_no, now=step.at)
        pending = pending_on(connection, step.order_no)
        if pending:
            return Written(answer=RecordAnswer(pending=tuple(pending)), result=StepResult.PENDING)
        hold = None if step.order.held else hold_in_force(connection, at=step.at)
        if hold is not None:
            return Written(answer=RecordAnswer(hold=as_notice(hold)), result=StepResult.PENDING)
    answer = reckon_step(connection, step, order.source_due_at, book)
    answer = answer.model_copy(update=_decided(connection, step, order))
    finished = _commit(connection, step, answer)
    tell_waiting(connection, step)
    if step.split is not None:
        answer = answer.model_copy(update={"parts": split(connection, step, step.split)})
    _remember(connection, step, answer)
    stage = _as_decided(step, answer).stage
    return Written(
        answer=answer,
        result=StepResult.NEW,
        entered=stage if stage != order.stage else None,
        finished=finished,
    )


def _decided(connection: Connection, step: RecordStep, order: Row[Any]) -> dict[str, Any]:
    """Answer what only the store can say, by the other orders and the directory as they are now."""
    said: dict[str, Any] = {}
    if step.route:
        said["routing"] = _routing(connection, step, order)
    if step.merge is not None:
        said["merge_refused"] = join(connection, step, step.merge)
        said["answers"] = answers_to(connection, step.order_no)
    if step.withdrawn:
        said["goes_on"] = order.stage != Stage.JOINED and bool(waiting(connection, step.order_no))
    if step.asks_leading:
        said["leading"] = leading_stands(connection, step.order_no)
    if any(each.recipient == REQUESTER for each in step.messages):
        said["told"] = told(connection, order, step)
    return said


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
    """
    order = lock_order(connection, step.order_no)
    take_over(connection, order, step, takes_over=order.run_id)
    _commit(connection, step, answer)
    _remember(connection, step, answer)


def _commit(connection: Connection, step: RecordStep, answer: RecordAnswer) -> tuple[tuple[str, str], ...]:
    """Write all that a step says, and return kind and outcome of the tasks that it finished."""
    vias = settle_verdicts(connection, _with_refused_merge(step, answer))
    finished = _write_tasks(connection, step, answer.clocks)
    _write_events(connection, step, vias)
    _write_messages(connection, step, answer)
    if step.withdrawn:
        drop(connection, step.order_no)
    write_order(connection, step, answer)
    return finished


def _remember(connection: Connection, step: RecordStep, answer: RecordAnswer) -> None:
    """Keep the answer, for a step that is repeated."""
    connection.execute(
        insert(record_entry).values(
            order_no=step.order_no,
            run_id=step.run_id,
            seq=step.seq,
            digest=digest_of(step),
            answer=answer.model_dump(mode="json"),
        )
    )


def _with_refused_merge(step: RecordStep, answer: RecordAnswer) -> RecordStep:
    """Let who wanted to join two orders know that the store refused it."""
    merge, why = step.merge, answer.merge_refused
    if merge is None or why is None:
        return step
    refused = {"applied": False, "code": why.code, "reason": why.reason}
    verdicts = [
        each.model_copy(update=refused) if each.said.said_id == merge.said_id else each
        for each in step.verdicts
    ]
    return step.model_copy(update={"verdicts": tuple(verdicts)})


def _write_tasks(
    connection: Connection, step: RecordStep, clocks: Mapping[str, ClockReading]
) -> tuple[tuple[str, str], ...]:
    """Open and close tasks, and return kind and outcome of those that were closed."""
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
        if not _is_written(written, answer):
            continue
        for for_order in _whose(written, step.order_no, answer):
            insert_ignore(
                connection,
                message,
                {
                    **written.model_dump(exclude={"only_if_firm", "only_if_after"}),
                    "order_no": step.order_no,
                    "for_order": for_order,
                    "run_id": step.run_id,
                    "state": "pending",
                    "created_at": step.at,
                },
            )


def _whose(written: MessageWritten, order_no: str, answer: RecordAnswer) -> tuple[str, ...]:
    """Name the orders whose residents a message is for; a question goes to the own one alone, unless they have left."""
    if written.recipient != REQUESTER or (written.template == Template.ASKED and order_no in answer.told):
        return (order_no,)
    return answer.told


def _as_decided(step: RecordStep, answer: RecordAnswer) -> OrderFacts:
    """Give the order as a step leaves it with what the store has decided in it; the next step says the same."""
    changes: dict[str, Any] = {}
    if step.merge is not None and answer.merge_refused is None:
        changes = {
            "stage": Stage.JOINED,
            "ending": Ending.MERGED,
            "merged_into": step.merge.leading_order_no,
        }
    if step.withdrawn:
        # What ends leads nobody from here on.
        changes = {"requester_left": True} if answer.goes_on else {"ending": Ending.WITHDRAWN}
    return step.order.model_copy(update=changes)


def _is_written(written: MessageWritten, answer: RecordAnswer) -> bool:
    """Say whether a message is true of the promise that the same step was given."""
    if written.only_if_firm and answer.promise_is_provisional:
        return False
    after, promised_at = written.only_if_after, answer.promised_at
    return after is None or (promised_at is not None and promised_at > after)


_NOBODYS = ("rest", "window")
"""Clocks that no task has: they are shown once, and stay as long as the order rests or is closed."""


def write_order(connection: Connection, step: RecordStep, answer: RecordAnswer) -> None:
    """Show the order as it stands after a step, and after what the store has decided in it."""
    facts = _as_decided(step, answer).model_dump()
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
