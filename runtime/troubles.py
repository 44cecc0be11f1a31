"""What Temporal says about orders that seem stuck: for operators, and to look at only.

Assumes that Temporal's list lags a little and holds more than one run of an order: so each order in it is looked at by
itself. The text of a failure stays where it is, since it may hold anything.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from messages import names
from runtime.temporal import answering, is_unknown

MOST: Final = 50
_AT_ONCE: Final = 8
_LIMIT: Final = timedelta(seconds=5)
_TYPES: Final = ", ".join(f'"{each}"' for each in names.MATTERS.values())
_OF_MATTERS: Final = f"WorkflowType IN ({_TYPES})"
_BY_FORCE: Final = f'{_OF_MATTERS} AND ExecutionStatus IN ("Failed", "Terminated", "Canceled", "TimedOut")'
_REPORTED: Final = f'{_OF_MATTERS} AND ExecutionStatus = "Running" AND TemporalReportedProblems IS NOT NULL'
_RECONCILES: Final = f'WorkflowType = "{names.RECONCILE}" AND ExecutionStatus = "Running"'


class Trouble(StrEnum):
    """What is wrong with an order's workflow."""

    MISSING = "missing"
    ENDED = "ended"
    ENDED_BY_FORCE = "ended_by_force"
    TASK_FAILS = "task_fails"
    STEP_FAILS = "step_fails"


@dataclass(frozen=True, kw_only=True, slots=True)
class Troubled:
    """An order whose workflow does not go on; `since` is unknown if the workflow is missing."""

    order_no: str
    trouble: Trouble
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Workflows:
    """The workflows that seem to be in trouble, and how many `Reconcile` run: `reconciles` has to be one."""

    troubled: tuple[Troubled, ...]
    reconciles: int


async def look(client: Client, suspects: Sequence[str]) -> Workflows:
    """Look at the suspected orders and at those that Temporal itself names.

    Raises:
        TemporalAway: it refused or did not answer in time.
    """
    with answering():
        async with asyncio.timeout(_LIMIT.total_seconds()):
            reconciles = await client.count_workflows(_RECONCILES)
            named = [*await _listed(client, _BY_FORCE), *await _reported(client)]
            turn = asyncio.Semaphore(_AT_ONCE)
            looked = await asyncio.gather(
                *(_look(client, order_no, turn) for order_no in dict.fromkeys([*suspects, *named]))
            )
    return Workflows(troubled=tuple(each for each in looked if each), reconciles=reconciles.count)


async def _reported(client: Client) -> list[str]:
    """List the orders whose task fails; servers before 1.30 do not know this query, and give an empty list."""
    try:
        return await _listed(client, _REPORTED)
    except RPCError as error:
        if error.status is not RPCStatusCode.INVALID_ARGUMENT:
            raise
        return []


async def _listed(client: Client, query: str) -> list[str]:
    found = [
        names.matter_no_of(each.id) async for each in client.list_workflows(query, page_size=MOST, limit=MOST)
    ]
    return [order_no for order_no in found if order_no is not None]


async def _look(client: Client, order_no: str, turn: asyncio.Semaphore) -> Troubled | None:
    async with turn:
        try:
            described = await client.get_workflow_handle(names.workflow_id_of(order_no)).describe()
        except RPCError as error:
            if not is_unknown(error):
                raise
            return Troubled(order_no=order_no, trouble=Trouble.MISSING)
    seen = _trouble_of(described)
    return Troubled(order_no=order_no, trouble=seen[0], since=seen[1]) if seen else None


def _trouble_of(described: WorkflowExecutionDescription) -> tuple[Trouble, datetime | None] | None:
    if described.status is WorkflowExecutionStatus.COMPLETED:
        return Trouble.ENDED, described.close_time
    if described.status is not WorkflowExecutionStatus.RUNNING:
        return Trouble.ENDED_BY_FORCE, described.close_time
    raw = described.raw_description
    if raw.pending_workflow_task.attempt > 1:
        return Trouble.TASK_FAILS, raw.pending_workflow_task.original_scheduled_time.ToDatetime(UTC)
    failing = [each for each in raw.pending_activities if each.attempt > 1]
    if failing:
        return Trouble.STEP_FAILS, min(each.scheduled_time.ToDatetime(UTC) for each in failing)
    return None
