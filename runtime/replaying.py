"""Replaying the histories of all running workflows with this version's code, before it is rolled out.

Assumes a replayer with the worker's own workflows, sandbox and interceptors. Nothing is changed: a history is read, and
run here against the commands that it holds.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from temporalio.client import Client, WorkflowExecution
from temporalio.worker import Replayer

from messages import names
from runtime.temporal import answering

_AT_ONCE = 4
_LONGEST_REASON = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    """The result of replaying one workflow; `broke` says why it would stand still under this code."""

    workflow_id: str
    broke: str | None = None


async def replay_running(client: Client, replayer: Replayer) -> AsyncIterator[Replayed]:
    """Replay every running matter and `Reconcile`, a few at a time.

    Raises:
        TemporalAway: it refused or did not answer.
    """
    types = ", ".join(f'"{each}"' for each in (*names.MATTERS.values(), names.RECONCILE))
    query = f'ExecutionStatus = "Running" AND WorkflowType IN ({types})'
    batch: list[WorkflowExecution] = []
    with answering():
        async for each in client.list_workflows(query, page_size=200):
            batch.append(each)
            if len(batch) == _AT_ONCE:
                for replayed in await _replay(client, replayer, batch):
                    yield replayed
                batch = []
        for replayed in await _replay(client, replayer, batch):
            yield replayed


async def _replay(client: Client, replayer: Replayer, batch: list[WorkflowExecution]) -> list[Replayed]:
    async def one(each: WorkflowExecution) -> Replayed:
        handle = client.get_workflow_handle(each.id, run_id=each.run_id)
        result = await replayer.replay_workflow(await handle.fetch_history(), raise_on_replay_failure=False)
        failure = result.replay_failure
        return Replayed(workflow_id=each.id, broke=str(failure)[:_LONGEST_REASON] if failure else None)

    return list(await asyncio.gather(*(one(each) for each in batch)))
