"""Writing what a step of a duty produced: one transaction, once, in the order of the workflow.

Assumes that a step was recorded in history before it comes here, so that these rows are a function of histories.
"""

from collections.abc import Callable

from sqlalchemy import Connection, bindparam, update

from domain.duty.policy import DutyBook
from domain.kinds import DUTY_TABLES
from messages.duty.step import DutyFacts, DutyStep
from messages.matter.step import MatterAnswer, MatterFacts
from store.duty.issues import link_again, place_issues
from store.duty.reckoning import reckon_duty_step
from store.duty.said import lock_duty
from store.duty.tables import duty
from store.matter.recorded import answered_before, remember, take_over
from store.matter.said.settling import settle_verdicts
from store.matter.step import StepResult, Written, write_events, write_matter, write_message, write_tasks
from store.matter.waiting import in_the_way
from store.office.office_lock import reading_the_office
from store.order.joined.telling import hear_tellings


def write_duty_step(
    connection: Connection,
    step: DutyStep,
    book: DutyBook,
    *,
    order_policy: str,
    phone_keys: Callable[[str], tuple[str, ...]],
    takes_over: str | None = None,
) -> Written[MatterAnswer]:
    """Commit a step, or answer a repeated one as before.

    If anything is pending before an automatic step, commit nothing and return what is pending. `order_policy`: the
    policy version of the orders that a meeting brings. `takes_over`: the run that the step's own run has replaced, as
    Temporal says.

    Raises:
        NotFound: there is no such duty.
        OtherRun: the rows are another run's.
        StepDiffers: another step was committed under its number.
    """
    row = lock_duty(connection, step.matter_no, *reading_the_office(connection))
    if (known := answered_before(connection, step, MatterAnswer)) is not None:
        return Written(answer=known, result=StepResult.REPEATED)
    take_over(connection, row, step, takes_over=takes_over)
    if step.expiry is not None:
        hear_tellings(connection, step.matter_no, now=step.at)
        if (waits := in_the_way(connection, step)) is not None:
            return Written(answer=waits, result=StepResult.PENDING)
    answer = reckon_duty_step(connection, step, book)
    finished = _commit(connection, step, answer)
    if step.issues is not None:
        parts = place_issues(connection, step, step.issues, policy=order_policy, phone_keys=phone_keys)
        answer = answer.model_copy(update={"parts": parts})
    remember(connection, step, answer)
    stage = step.facts.stage
    return Written(
        answer=answer,
        result=StepResult.NEW,
        entered=stage if stage != row.stage else None,
        finished=finished,
    )


def reapply_duty_step(connection: Connection, step: DutyStep, answer: MatterAnswer) -> None:
    """Commit a step again from history, with the clocks that it was given then; nothing is computed again.

    Raises:
        NotFound: there is no such duty.
    """
    row = lock_duty(connection, step.matter_no)
    take_over(connection, row, step, takes_over=row.run_id)
    _commit(connection, step, answer)
    link_again(connection, step.matter_no, answer.parts)
    remember(connection, step, answer)


def _commit(connection: Connection, step: DutyStep, answer: MatterAnswer) -> tuple[tuple[str, str], ...]:
    """Write all that a step says, and return the kind and outcome of each task that it finished."""
    vias = settle_verdicts(connection, step, DUTY_TABLES)
    finished = write_tasks(connection, step, answer.clocks)
    write_events(connection, step, vias)
    for written in step.messages:
        write_message(connection, step, written, for_matter=step.matter_no)
    write_duty(connection, step)
    return finished


def write_duty(connection: Connection, step: DutyStep) -> None:
    """Show the duty as it stands after a step."""
    facts: DutyFacts = step.facts
    write_matter(connection, step, facts)
    shown = facts.model_dump(exclude=set(MatterFacts.model_fields))
    connection.execute(_SHOW, {"of": step.matter_no, **shown})


_SHOW = update(duty).where(duty.c.duty_no == bindparam("of"))
