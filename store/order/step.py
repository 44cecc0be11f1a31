"""Writing what a step of an order produced: one transaction, once, in the order of the workflow.

Assumes that a step was recorded in history before it comes here, so that these rows are a function of histories. A
repeated step is answered as before; a step of an abandoned run changes nothing (`store/matter/recorded.py`).
"""

from typing import Any

from sqlalchemy import Connection, Row, bindparam, update

from domain.kinds import ORDER_TABLES
from domain.office.directory import MAX_CODE
from domain.order.policy import PolicyBook
from domain.order.templates import Template
from domain.order.words import Ending, Stage
from messages.matter.step import MatterFacts, MessageWritten
from messages.names import REQUESTER
from messages.office.directory import Routing
from messages.order.step import OrderAnswer, OrderFacts, OrderStep
from store.matter.recorded import answered_before, remember, take_over
from store.matter.said.settling import settle_verdicts
from store.matter.step import StepResult, Written, write_events, write_matter, write_message, write_tasks
from store.matter.waiting import in_the_way
from store.office.directory import routing_of
from store.office.office_lock import reading_the_office
from store.order.joined.joining import answers_to, join, leading_stands, tell_waiting, told
from store.order.joined.leading import waiting
from store.order.joined.splitting import split
from store.order.joined.telling import hear_tellings
from store.order.message.outgoing import drop
from store.order.reckoning import reckon_step
from store.order.said.decisions import lock_order
from store.order.tables import orders


def write_step(
    connection: Connection, step: OrderStep, book: PolicyBook, *, takes_over: str | None = None
) -> Written[OrderAnswer]:
    """Commit a step, or answer a repeated one as before.

    If anything is pending before an automatic step, commit nothing and return what is pending. `takes_over`: the run
    whose rows are there and that the step's own run has replaced, as Temporal says.

    Raises:
        NotFound: there is no such order.
        OtherRun: the rows are another run's.
        StepDiffers: another step was committed under its number.
    """
    order = lock_order(connection, step.matter_no, *reading_the_office(connection))
    if (known := answered_before(connection, step, OrderAnswer)) is not None:
        return Written(answer=known, result=StepResult.REPEATED)
    take_over(connection, order, step, takes_over=takes_over)
    if step.expiry is not None:
        hear_tellings(connection, step.matter_no, now=step.at)
        if (waits := in_the_way(connection, step)) is not None:
            answer = OrderAnswer(pending=waits.pending, hold=waits.hold)
            return Written(answer=answer, result=StepResult.PENDING)
    answer = reckon_step(connection, step, order.source_due_at, book)
    answer = answer.model_copy(update=_decided(connection, step, order))
    finished = _commit(connection, step, answer)
    tell_waiting(connection, step)
    if step.split is not None:
        answer = answer.model_copy(update={"parts": split(connection, step, step.split)})
    remember(connection, step, answer)
    stage = _as_decided(step, answer).stage
    return Written(
        answer=answer,
        result=StepResult.NEW,
        entered=stage if stage != order.stage else None,
        finished=finished,
    )


def _decided(connection: Connection, step: OrderStep, order: Row[Any]) -> dict[str, Any]:
    """Answer what only the store knows: by the other orders and the directory as they are now."""
    said: dict[str, Any] = {}
    if step.route:
        said["routing"] = _routing(connection, step, order)
    if step.merge is not None:
        said["merge_refused"] = join(connection, step, step.merge)
        said["answers"] = answers_to(connection, step.matter_no)
    if step.withdrawn:
        said["goes_on"] = order.stage != Stage.JOINED and bool(waiting(connection, step.matter_no))
    if step.asks_leading:
        said["leading"] = leading_stands(connection, step.matter_no)
    if any(each.recipient == REQUESTER for each in step.messages):
        said["told"] = told(connection, order, step)
    return said


def _routing(connection: Connection, step: OrderStep, order: Row[Any]) -> Routing:
    """Find which unit answers for an order as this step leaves it."""
    return routing_of(
        connection,
        category=step.facts.category,
        community=order.community,
        unit=step.facts.unit,
        now=step.at,
    )


def reapply_step(connection: Connection, step: OrderStep, answer: OrderAnswer) -> None:
    """Commit a step again from history, with the clocks that it was given then; nothing is computed again.

    Raises:
        NotFound: there is no such order.
    """
    order = lock_order(connection, step.matter_no)
    take_over(connection, order, step, takes_over=order.run_id)
    _commit(connection, step, answer)
    remember(connection, step, answer)


def _commit(connection: Connection, step: OrderStep, answer: OrderAnswer) -> tuple[tuple[str, str], ...]:
    """Write all that a step says, and return the kind and outcome of each task that it finished."""
    vias = settle_verdicts(connection, _with_refused_merge(step, answer), ORDER_TABLES)
    finished = write_tasks(connection, step, answer.clocks)
    write_events(connection, step, vias)
    _write_messages(connection, step, answer)
    if step.withdrawn:
        drop(connection, step.matter_no)
    write_order(connection, step, answer)
    return finished


def _with_refused_merge(step: OrderStep, answer: OrderAnswer) -> OrderStep:
    """Turn the verdict on a join that the store refused into a refusal, so that its sender learns why."""
    merge, why = step.merge, answer.merge_refused
    if merge is None or why is None:
        return step
    refused = {"applied": False, "code": why.code, "reason": why.reason}
    verdicts = [
        each.model_copy(update=refused) if each.said.said_id == merge.said_id else each
        for each in step.verdicts
    ]
    return step.model_copy(update={"verdicts": tuple(verdicts)})


def _write_messages(connection: Connection, step: OrderStep, answer: OrderAnswer) -> None:
    for written in step.messages:
        if not _is_written(written, answer):
            continue
        for for_order in _whose(written, step.matter_no, answer):
            write_message(connection, step, written, for_matter=for_order)


def _whose(written: MessageWritten, order_no: str, answer: OrderAnswer) -> tuple[str, ...]:
    """Name the orders whose residents get a message; a question goes to this order's alone, unless they have left."""
    if written.recipient != REQUESTER or (written.template == Template.ASKED and order_no in answer.told):
        return (order_no,)
    return answer.told


def _as_decided(step: OrderStep, answer: OrderAnswer) -> OrderFacts:
    """Return the facts of an order after a step, with what the store has decided in it; the next step says the same."""
    changes: dict[str, Any] = {}
    if step.merge is not None and answer.merge_refused is None:
        changes = {
            "stage": Stage.JOINED,
            "ending": Ending.MERGED,
            "merged_into": step.merge.leading_order_no,
        }
    if step.withdrawn:
        # An order that ends leads no other from here on.
        changes = {"requester_left": True} if answer.goes_on else {"ending": Ending.WITHDRAWN}
    return step.facts.model_copy(update=changes)


def _is_written(written: MessageWritten, answer: OrderAnswer) -> bool:
    """Tell whether a message is true of the promise that the same step was given."""
    if written.only_if_firm and answer.promise_is_provisional:
        return False
    after, promised_at = written.only_if_after, answer.promised_at
    return after is None or (promised_at is not None and promised_at > after)


_SHOW = update(orders).where(orders.c.order_no == bindparam("of"))
_SHOW_AS_PROMISED = _SHOW.values(is_provisional=orders.c.promise_is_provisional)
_NOBODYS = ("rest", "window")
"""Clocks that no task has: they are shown once, and stay as long as the order rests or is closed."""


def write_order(connection: Connection, step: OrderStep, answer: OrderAnswer) -> None:
    """Show the order as it stands after a step, and after what the store has decided in it."""
    facts = _as_decided(step, answer)
    shown = facts.model_dump(exclude=set(MatterFacts.model_fields))
    shown["class"] = shown.pop("order_class")
    if len(facts.handled_by or "") > MAX_CODE:
        # Typed by hand: no member of staff is called that.
        shown["handled_by"] = None
    if answer.promised_at is not None:
        shown["promise_is_provisional"] = answer.promise_is_provisional
    rests = write_matter(
        connection,
        step,
        facts,
        promised_at=answer.promised_at,
        beside=[answer.clocks[key].due_at for key in _NOBODYS if key in answer.clocks],
        keeps_due=step.facts.stage in {Stage.PAUSED, Stage.CLOSED},
    )
    statement = _SHOW
    if rests:
        shown["is_provisional"] = True
    elif "promise_is_provisional" in shown:
        shown["is_provisional"] = shown["promise_is_provisional"]
    else:
        statement = _SHOW_AS_PROMISED
    connection.execute(statement, {"of": step.matter_no, **shown})
