"""Settling verdicts: the row of a decision or action is settled, or made if an operator signalled it.

Assumes the transaction of the step that holds the verdicts.
"""

from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from domain.doors import Via
from domain.matter.judging import DecisionStatus
from domain.matter.tasks import Field, FieldType, Tables
from domain.text import clean
from messages.matter.signals import CompleteTask, Said
from messages.matter.step import MatterStep, Verdict
from store.auditing import audit, audited
from store.matter.said.decisions import Subject
from store.matter.tables import decision, task


def settle_verdicts(connection: Connection, step: MatterStep, tables: Tables) -> dict[str, Via]:
    """Settle the rows of decisions and actions; one without a row came from an operator and gets one.

    Return the door by which each came, by id.
    """
    vias: dict[str, Via] = {}
    for verdict in step.verdicts:
        said_id = verdict.said.said_id
        mine = {"of": said_id, "of_matter": step.matter_no}
        row = connection.execute(_KEPT, mine).one_or_none()
        if row is not None:
            as_kept = (row.task_id, row.name, row.actor) == _what_by_whom(verdict.said)
            # A refused signal comes without its fields.
            as_kept &= not verdict.applied or row.fields == verdict.said.fields
            vias[said_id] = Via(row.via) if as_kept else Via.OPERATOR
            if row.status == DecisionStatus.PENDING:
                settled = _settled(verdict) if as_kept else _overtaken(verdict)
                connection.execute(_SETTLE, mine | settled)
            continue
        vias[said_id] = Via.OPERATOR
        connection.execute(
            insert(decision).values(
                **said_row(
                    step.matter_no,
                    said_id,
                    verdict,
                    fields=_fields_of(connection, step, verdict.said, tables),
                )
            )
        )
        if said_id in signalled(connection, step.matter_no):
            continue
        data = {"decision_id": said_id, "applied": verdict.applied}
        audited(connection, verdict.said.actor, Via.OPERATOR, "signalled", step.matter_no, data, verdict.at)
    for said_id in {each.said_id for each in step.events if each.said_id} - vias.keys():
        kept = connection.execute(_KEPT, {"of": said_id, "of_matter": step.matter_no}).one_or_none()
        vias[said_id] = Via(kept.via) if kept else Via.OPERATOR
    return vias


_MINE = (decision.c.decision_id == bindparam("of")) & (decision.c.matter_no == bindparam("of_matter"))
_KEPT = select(
    decision.c.via,
    decision.c.status,
    decision.c.task_id,
    decision.c.name,
    decision.c.actor,
    decision.c.fields,
).where(_MINE)
_SETTLE = update(decision).where(_MINE)


def _what_by_whom(said: Said) -> tuple[str | None, str, str]:
    return said.task_id if isinstance(said, CompleteTask) else None, said.said_name, said.actor


def _overtaken(verdict: Verdict) -> dict[str, Any]:
    """Tell the sender of a row that a signal with its id said something else, and whether that was taken."""
    what = "was taken" if verdict.applied else "was refused"
    return {
        "status": DecisionStatus.REJECTED,
        "code": "overtaken_by_signal",
        "reason": f"a signal with this id said {verdict.said.said_name} by {verdict.said.actor}, and {what}",
        "settled_at": verdict.at,
    }


def _settled(verdict: Verdict) -> dict[str, Any]:
    return {
        "status": DecisionStatus.APPLIED if verdict.applied else DecisionStatus.REJECTED,
        "code": verdict.code,
        "reason": verdict.reason,
        "settled_at": verdict.at,
    }


def signalled(connection: Connection, matter_no: str) -> set[str]:
    """List the ids that operators signalled to a matter, as the audit has them."""
    rows = connection.scalars(
        select(audit.c.data).where(audit.c.matter_no == matter_no, audit.c.act == "signalled")
    )
    return {str(each["decision_id"]) for each in rows}


def _fields_of(connection: Connection, step: MatterStep, said: Said, tables: Tables) -> tuple[Field, ...]:
    """Find the fields of the outcome or action that was signalled.

    An operator may be faster than `record`: then the same step opens the task and closes it.
    """
    if not isinstance(said, CompleteTask):
        return tables.action_fields(said.action)
    kinds = {each.task_id: each.kind for each in step.opened}
    kind = kinds.get(said.task_id) or connection.scalar(
        select(task.c.kind).where(task.c.task_id == said.task_id)
    )
    outcome = tables.outcome(kind or "", said.outcome)
    return outcome.fields if outcome else ()


def said_row(
    matter_no: str, said_id: str, verdict: Verdict, *, fields: tuple[Field, ...] = ()
) -> dict[str, Any]:
    """Make the row of an operator's signal, with the texts that it held in these `fields`."""
    said = verdict.said
    by_task = isinstance(said, CompleteTask)
    name = verdict.said.said_name
    texts = {
        each.name: clean(str(said.fields.get(each.name) or said.comment or ""))
        for each in fields
        if each.type is FieldType.TEXT and (each.required or said.fields.get(each.name))
    }
    return {
        "decision_id": said_id,
        "matter_no": matter_no,
        "task_id": said.task_id if isinstance(said, CompleteTask) else None,
        "subject": Subject.TASK if by_task else Subject.MATTER,
        "name": name,
        "actor": said.actor,
        "via": Via.OPERATOR,
        "fields": said.fields,
        "texts": texts,
        "comment": clean(said.comment or "") or None,
        "fingerprint": None,
        "decided_at": verdict.at,
        **_settled(verdict),
    }
