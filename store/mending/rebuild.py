"""Writing a matter's rows again from what its histories recorded.

Assumes that histories were read whole: the rows are a function of them (ADR-0003). What they do not hold
stays as it is: the request with its texts, the requester, the texts of decisions, claims, the audit, and
the state of messages, so that nothing is ever sent twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, Table, bindparam, delete, insert, select, update

from domain.doors import Via
from domain.errors import DomainError
from domain.kinds import named
from domain.matter.judging import DecisionStatus
from messages.kinds import wires_of
from messages.matter.recorded import RecordedMatter, RecordedStep
from messages.matter.signals import CompleteTask
from messages.matter.starting import MatterStart
from messages.matter.step import MatterAnswer, Verdict
from store.matter.outbox import SIGNALS
from store.matter.recorded import abandon, digest_of
from store.matter.said.decisions import NotFound
from store.matter.said.settling import said_row, signalled
from store.matter.tables import LOST, decision, event, matter, message, outbox, record_entry, task
from store.mending.kinds import open_first_task, rows_of
from store.office.tables import staff

_TABLES = (matter, task, event, record_entry, decision, message, outbox)
"""The tables of every matter; those of its kind come beside them."""
_Key = tuple[str, int]


class RowGone(DomainError):
    """The matter's own row is gone, and with it what no history holds."""

    code = "row_gone"


class UnknownRun(DomainError):
    """The store holds steps of a run that Temporal does not know as one of this matter's."""

    code = "unknown_run"


class AheadOfHistory(DomainError):
    """The store holds steps that the history, as it was read, does not."""

    code = "ahead_of_history"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rebuilt:
    """The result of a rebuild: how many rows differed, by table; none if the matter was whole.

    `lost` names what no history holds, `sent_again` the decisions that the workflow has not heard.
    """

    matter_no: str
    steps: int
    changed: Mapping[str, int]
    lost: tuple[str, ...] = ()
    sent_again: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say the result in one line."""
        differed = ", ".join(f"{count} in {name}" for name, count in self.changed.items())
        line = f"{self.matter_no}: {self.steps} step(s), " + (
            f"rows that differed: {differed}" if differed else "whole"
        )
        if self.sent_again:
            line += f"; wait to be signalled again: {', '.join(self.sent_again)}"
        return line + (f"; cannot be written again: {', '.join(self.lost)}" if self.lost else "")


def rebuild(
    connection: Connection, recorded: RecordedMatter, *, behind: bool = False, dry_run: bool = False
) -> Rebuilt:
    """Write a matter's rows again; a matter that is whole is not touched.

    If the store has a step that the history lacks, it may have been recorded since the history was read: read it again.
    With `behind` the history is taken as it is, since Temporal itself was restored from an earlier time.

    Raises:
        RowGone: the matter is not in the store any more.
        UnknownRun: the store has rows of a run without a history; they would be lost.
        AheadOfHistory: the store holds a later step.
    """
    matter_no = recorded.start.matter_no
    rows = rows_of(matter_no)
    try:
        order = rows.lock(connection, matter_no)
    except NotFound:
        raise RowGone(
            f"{named(matter_no)} has no row in the store, and no history holds what people wrote in it: "
            "restore the row from a backup of the store, then rebuild it"
        ) from None
    committed = _committed(connection, recorded, behind=behind)
    before = _rows(connection, matter_no)
    with connection.begin_nested() as attempt:
        lost = _missing_texts(connection, recorded, committed)
        sent_again = _take_back(connection, order, recorded.start, committed)
        for each, answer in committed:
            rows.reapply(connection, each.step, answer)
        _return_from_abandoned(connection, recorded, committed)
        _keep_what_is_ours(connection, matter_no, before, committed)
        changed = _differences(before, _rows(connection, matter_no))
        if dry_run or not changed:
            attempt.rollback()
    return Rebuilt(
        matter_no=matter_no,
        steps=len(committed),
        changed=changed,
        lost=lost,
        sent_again=sent_again,
    )


def _committed(
    connection: Connection, recorded: RecordedMatter, *, behind: bool
) -> list[tuple[RecordedStep, MatterAnswer]]:
    """Pick the steps that were committed, each with the answer that it was given.

    A step that is under way may have been committed already: then the store has its answer.
    """
    matter_no = recorded.start.matter_no
    rows = connection.execute(select(record_entry).where(record_entry.c.matter_no == matter_no)).all()
    answers_as = wires_of(matter_no).answer
    stored: dict[_Key, MatterAnswer] = {
        (row.run_id, row.seq): answers_as.model_validate(row.answer) for row in rows
    }
    foreign = {run_id for run_id, _ in stored} - set(recorded.runs)
    if foreign:
        raise UnknownRun(
            f"{named(matter_no)}: Temporal has no history of run {', '.join(sorted(foreign))}, whose steps the "
            "store holds; nothing was changed"
        )
    later = stored.keys() - {(each.step.run_id, each.step.seq) for each in recorded.steps}
    digests = {(row.run_id, row.seq): row.digest for row in rows}
    for each in recorded.steps:
        key = each.step.run_id, each.step.seq
        # Another step was committed under this number: Temporal was restored from earlier, and has done it again.
        if digests.get(key) not in {None, digest_of(each.step)}:
            later.add(key)
            del stored[key]
    if later and not behind:
        raise AheadOfHistory(
            f"{named(matter_no)}: the store holds {len(later)} step(s) that the history lacks"
        )
    answers = [
        (each, each.answer or stored.get((each.step.run_id, each.step.seq))) for each in recorded.steps
    ]
    return [(each, answer) for each, answer in answers if answer and not (answer.pending or answer.hold)]


def _take_back(
    connection: Connection,
    order: Row[Any],
    start: MatterStart,
    committed: Sequence[tuple[RecordedStep, MatterAnswer]],
) -> tuple[str, ...]:
    """Take a matter back to its beginning, and return the decisions that have to be sent again."""
    matter_no = start.matter_no
    rows = rows_of(matter_no)
    is_later = (event.c.run_id != rows.first_run) | (event.c.seq > 1)
    connection.execute(delete(event).where(event.c.matter_no == matter_no, is_later))
    connection.execute(delete(task).where(task.c.matter_no == matter_no))
    connection.execute(delete(record_entry).where(record_entry.c.matter_no == matter_no))
    rows.write_first(connection, order, start)
    open_first_task(connection, start)
    rows.show_at_first(connection, start)
    return _take_verdicts_back(connection, matter_no, {each.said.said_id for each in _verdicts(committed)})


def _take_verdicts_back(connection: Connection, matter_no: str, judged: set[str]) -> tuple[str, ...]:
    """Set decisions back to pending for the steps to settle again, and return those that no step has judged.

    The rows of operators' signals are deleted: the steps make them again, whole.
    """
    mine = decision.c.matter_no == matter_no
    connection.execute(
        delete(decision).where(mine, decision.c.fingerprint.is_(None), decision.c.decision_id.in_(judged))
    )
    unheard = list(
        connection.scalars(
            select(decision.c.decision_id)
            .where(
                mine,
                decision.c.status != DecisionStatus.PENDING,
                decision.c.decision_id.not_in(judged),
                decision.c.code.is_distinct_from("order_archived"),
            )
            .order_by(decision.c.decision_id)
        )
    )
    connection.execute(
        update(decision)
        .where(mine, decision.c.decision_id.in_({*judged, *unheard}))
        .values(status=DecisionStatus.PENDING, code=None, reason=None, settled_at=None)
    )
    sent = connection.execute(
        select(outbox.c.id, outbox.c.payload).where(
            outbox.c.matter_no == matter_no, outbox.c.kind.in_(SIGNALS), outbox.c.done_at.is_not(None)
        )
    ).all()
    again = [
        row.id for row in sent if (row.payload.get("decision_id") or row.payload.get("action_id")) in unheard
    ]
    connection.execute(update(outbox).where(outbox.c.id.in_(again)).values(done_at=None, result=None))
    return tuple(unheard)


def _missing_texts(
    connection: Connection,
    recorded: RecordedMatter,
    committed: Sequence[tuple[RecordedStep, MatterAnswer]],
) -> tuple[str, ...]:
    """Name the data that no history holds, and give a decision whose row is gone a row without texts."""
    matter_no = recorded.start.matter_no
    lost = rows_of(matter_no).lost(connection, recorded.start)
    known = set(connection.scalars(select(decision.c.decision_id).where(decision.c.matter_no == matter_no)))
    by_operators = signalled(connection, matter_no)
    for verdict in _verdicts(committed):
        said_id = verdict.said.said_id
        if said_id in known or said_id in by_operators or verdict.said.decided_at is None:
            continue
        known.add(said_id)
        connection.execute(insert(decision).values(**_row_without_texts(connection, matter_no, verdict)))
        if verdict.said.stored:
            lost.append(f"the texts of decision {said_id}")
    return tuple(lost)


def _row_without_texts(connection: Connection, matter_no: str, verdict: Verdict) -> dict[str, Any]:
    """Make the row of a signalled decision; its fingerprint lets no repeated request pass for it."""
    said = verdict.said
    is_staff = connection.scalar(select(staff.c.username).where(staff.c.username == said.actor)) is not None
    by_staff = is_staff or isinstance(said, CompleteTask)
    return {
        **said_row(matter_no, said.said_id, verdict),
        "via": Via.STAFF if by_staff else Via.RESIDENT,
        "texts": {},
        "comment": None,
        "fingerprint": LOST,
        "decided_at": said.decided_at,
    }


def _return_from_abandoned(
    connection: Connection,
    recorded: RecordedMatter,
    committed: Sequence[tuple[RecordedStep, MatterAnswer]],
) -> None:
    """Show the present run's state, if a reset has abandoned the last steps and this run has recorded none itself."""
    if not committed or not committed[-1][0].abandoned:
        return
    start, run_id, at = recorded.start, recorded.runs[-1], committed[-1][0].step.at
    still = [(each.step, answer) for each, answer in committed if not each.abandoned]
    rows, matter_no = rows_of(start.matter_no), start.matter_no
    rows.show_at_first(connection, start)
    if not still:
        first = {start.first_task.task_id}
        abandon(connection, matter_no, run_id=run_id, next_event=2, open_tasks=first, at=at)
        return
    last, _ = still[-1]
    open_tasks = set(last.open_tasks) - {each.task_id for each in last.closed}
    next_event = max((each.seq for step, _ in still for each in step.events), default=1) + 1
    abandon(connection, matter_no, run_id=run_id, next_event=next_event, open_tasks=open_tasks, at=at)
    rows.show(connection, last, [answer for _, answer in still])
    connection.execute(
        update(matter).where(matter.c.matter_no == matter_no).values(recorded_seq=next_event - 1)
    )


def _keep_what_is_ours(
    connection: Connection,
    matter_no: str,
    before: Mapping[str, Mapping[Any, Mapping[str, Any]]],
    committed: Sequence[tuple[RecordedStep, MatterAnswer]],
) -> None:
    """Give claims back to their holders, and restore the state of messages that had gone out but lost their rows."""
    for (task_id,), row in before["task"].items():
        connection.execute(update(task).where(task.c.task_id == task_id).values(holder=row["holder"]))
    for each, _ in committed:
        if each.delivered_at is None:
            continue
        for written in each.step.messages:
            connection.execute(
                update(message)
                .where(
                    message.c.matter_no == matter_no,
                    message.c.run_id == each.step.run_id,
                    message.c.event_seq == written.event_seq,
                    message.c.id.not_in([key[0] for key in before["message"]]),
                )
                .values(state=each.delivered_as, sent_at=each.delivered_at)
            )


def _verdicts(committed: Sequence[tuple[RecordedStep, MatterAnswer]]) -> list[Verdict]:
    return [verdict for each, _ in committed for verdict in each.step.verdicts]


def _rows(connection: Connection, matter_no: str) -> dict[str, dict[Any, dict[str, Any]]]:
    return {table.name: _rows_of(connection, table, matter_no) for table in _tables(matter_no)}


def _tables(matter_no: str) -> dict[Table, Column[Any]]:
    """List the tables that hold a matter's rows, each with the column of its number."""
    kind = rows_of(matter_no)
    return {**{each: each.c.matter_no for each in _TABLES}, kind.own: kind.key, **kind.beside}


def _rows_of(connection: Connection, table: Table, matter_no: str) -> dict[Any, dict[str, Any]]:
    keys = [column.name for column in table.primary_key.columns]
    rows = connection.execute(_all_of(table, _tables(matter_no)[table]), {"matter_no": matter_no}).mappings()
    return {tuple(row[key] for key in keys): dict(row) for row in rows}


@cache
def _all_of(table: Table, number: Column[Any]) -> Select[Any]:
    return select(table).where(number == bindparam("matter_no"))


def _differences(
    before: Mapping[str, Mapping[Any, Any]], after: Mapping[str, Mapping[Any, Any]]
) -> dict[str, int]:
    counts = {
        name: sum(before[name].get(key) != after[name].get(key) for key in {*before[name], *after[name]})
        for name in before
    }
    return {name: count for name, count in counts.items() if count}
