"""What the histories of matters hold: the recorded inputs from which rows can be written again.

Assumes the client's own converter, and that `record` is an ordinary activity, so that each of its inputs
stands in the history before it ran (ADR-0003).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC
from enum import StrEnum
from typing import TypeVar

from temporalio.api.common.v1 import Payloads, WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client
from temporalio.service import RPCError

from domain.errors import DomainError
from messages import names
from messages.kinds import wires_of
from messages.matter.recorded import RecordedMatter, RecordedStep
from messages.matter.starting import MatterStart
from messages.matter.step import MatterStep
from messages.message.delivery import Delivered
from runtime.temporal import TemporalAway, is_unknown

_Value = TypeVar("_Value")
_CALL_LIMIT = 10.0
_TAIL = 60


class NoHistory(DomainError):
    """Temporal has no history of a matter, or has forgotten one of its runs."""

    code = "no_history"


class RunStanding(StrEnum):
    """How the workflow of a matter stands; `ended_by_force` is terminated, cancelled or failed."""

    RUNNING = "running"
    COMPLETED = "completed"
    ENDED_BY_FORCE = "ended_by_force"
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tail:
    """The end of a matter's history: the last step that was committed, `None` if there was none yet.

    `under_way` is a later step whose end is not in the history. `fails`: the workflow task that was tried
    last did not succeed. `length`: how many events the history has.
    """

    standing: RunStanding
    step: MatterStep | None = None
    under_way: MatterStep | None = None
    fails: bool = False
    length: int = 0


async def read_matter(client: Client, matter_no: str) -> RecordedMatter:
    """Read all that a matter's runs have recorded: first the runs that a reset has left, then the present one.

    Raises:
        NoHistory: Temporal does not know the matter, or has forgotten a run of it.
        TemporalAway: it refused or did not answer.
    """
    workflow_id = names.workflow_id_of(matter_no)
    with _answering(f"matter {matter_no}"):
        described = await _soon(client.get_workflow_handle(workflow_id).describe())
    present = described.run_id or ""
    runs: dict[str, _Run] = {}
    await _read_with_bases(client, matter_no, present, runs)
    start = runs[present].start
    if start is None:
        raise NoHistory(f"matter {matter_no}: its history has no beginning")
    still = {(each.step.run_id, each.step.seq) for each in runs[present].steps}
    steps: dict[tuple[str, int], RecordedStep] = {}
    for run in runs.values():
        for each in run.steps:
            key = each.step.run_id, each.step.seq
            # A reset carries the earlier steps over into the new run; one that was under way may have ended there.
            if key not in steps or steps[key].answer is None:
                steps[key] = replace(each, abandoned=key not in still)
    return RecordedMatter(start=start, runs=tuple(runs), steps=tuple(steps.values()))


async def read_tail(client: Client, matter_no: str) -> Tail:
    """Read a matter's history from its end back to the last step that was committed.

    Raises:
        TemporalAway: it refused or did not answer.
    """
    wires = wires_of(matter_no)
    standing: RunStanding | None = None
    fails: bool | None = None
    under_way: MatterStep | None = None
    length = 0
    completed: dict[int, Payloads] = {}
    try:
        async for event in _backwards(client, matter_no):
            length = length or event.event_id
            standing = standing or _ENDS.get(event.event_type, RunStanding.RUNNING)
            if fails is None and event.event_type in _TASK_ENDS:
                # A reset begins with a task that counts as failed, and names the run that it leaves.
                fails = _TASK_ENDS[event.event_type] and not (
                    event.workflow_task_failed_event_attributes.base_run_id
                )
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
                done = event.activity_task_completed_event_attributes
                completed[done.scheduled_event_id] = done.result
            elif _activity(event) == wires.record:
                given = event.activity_task_scheduled_event_attributes.input
                step = await _decode(client, given, wires.step)
                if event.event_id not in completed:
                    under_way = under_way or step
                    continue
                answer = await _decode(client, completed[event.event_id], wires.answer)
                if not answer.pending:
                    return Tail(
                        standing=standing, step=step, under_way=under_way, fails=bool(fails), length=length
                    )
    except NoHistory:
        return Tail(standing=RunStanding.MISSING)
    return Tail(
        standing=standing or RunStanding.MISSING, under_way=under_way, fails=bool(fails), length=length
    )


async def running_matters(client: Client) -> AsyncIterator[str]:
    """List the matters whose workflow runs.

    The list lags a little: look at the matter itself before drawing a conclusion.

    Raises:
        TemporalAway: it refused or did not answer.
    """
    types = ", ".join(f'"{each}"' for each in names.MATTERS.values())
    query = f'WorkflowType IN ({types}) AND ExecutionStatus = "Running"'
    with _answering("the list of matters"):
        async for each in client.list_workflows(query, page_size=200):
            if (matter_no := names.matter_no_of(each.id)) is not None:
                yield matter_no


class _Run:
    """One run's history, taken apart event by event."""

    def __init__(self, matter_no: str) -> None:
        self._wires = wires_of(matter_no)
        self.start: MatterStart | None = None
        self.bases: list[str] = []
        self.steps: list[RecordedStep] = []
        self._recording: dict[int, int] = {}
        self._delivering: dict[int, int] = {}

    async def take(self, client: Client, event: HistoryEvent) -> None:
        """Take from an event what rows are made of."""
        match event.event_type:
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
                given = event.workflow_execution_started_event_attributes.input
                self.start = await _decode(client, given, self._wires.start)
            case EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                # Only an operator's reset names the run that it leaves.
                if base := event.workflow_task_failed_event_attributes.base_run_id:
                    self.bases.append(base)
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                given = event.activity_task_scheduled_event_attributes.input
                if _activity(event) == self._wires.record:
                    self._recording[event.event_id] = len(self.steps)
                    step = await _decode(client, given, self._wires.step)
                    self.steps.append(RecordedStep(step=step, answer=None))
                elif _activity(event) == names.DELIVER:
                    # It sends what the steps before it wrote.
                    self._delivering[event.event_id] = len(self.steps)
            case EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
                await self._complete(client, event)
            case _:
                pass

    async def _complete(self, client: Client, event: HistoryEvent) -> None:
        done = event.activity_task_completed_event_attributes
        if (index := self._recording.get(done.scheduled_event_id)) is not None:
            answer = await _decode(client, done.result, self._wires.answer)
            self.steps[index] = replace(self.steps[index], answer=answer)
        elif (count := self._delivering.get(done.scheduled_event_id)) is not None:
            delivered = await _decode(client, done.result, Delivered)
            at = event.event_time.ToDatetime(UTC)
            for index, each in enumerate(self.steps[:count]):
                if each.answer is not None and each.delivered_at is None:
                    self.steps[index] = replace(each, delivered_at=at, delivered_as=delivered.state)


async def _read_with_bases(client: Client, matter_no: str, run_id: str, runs: dict[str, _Run]) -> None:
    handle = client.get_workflow_handle(names.workflow_id_of(matter_no), run_id=run_id)
    with _answering(f"run {run_id} of matter {matter_no}"):
        history = await _soon(handle.fetch_history())
    run = _Run(matter_no)
    for event in history.events:
        await run.take(client, event)
    for base in run.bases:
        if base not in runs:
            await _read_with_bases(client, matter_no, base, runs)
    runs[run_id] = run


async def _backwards(client: Client, matter_no: str) -> AsyncIterator[HistoryEvent]:
    request = GetWorkflowExecutionHistoryReverseRequest(
        namespace=client.namespace,
        execution=WorkflowExecution(workflow_id=names.workflow_id_of(matter_no)),
        maximum_page_size=_TAIL,
    )
    while True:
        with _answering(f"matter {matter_no}"):
            # The SDK repeats the reading if a busy server gave it up.
            page = await _soon(
                client.workflow_service.get_workflow_execution_history_reverse(request, retry=True)
            )
        for event in page.history.events:
            yield event
        if not page.next_page_token:
            return
        request.next_page_token = page.next_page_token


def _activity(event: HistoryEvent) -> str:
    return event.activity_task_scheduled_event_attributes.activity_type.name


async def _decode(client: Client, payloads: Payloads, type_: type[_Value]) -> _Value:
    (value,) = await client.data_converter.decode(payloads.payloads, [type_])
    if not isinstance(value, type_):
        raise NoHistory(f"a history holds something other than a {type_.__name__}")
    return value


async def _soon(call: Awaitable[_Value]) -> _Value:
    async with asyncio.timeout(_CALL_LIMIT):
        return await call


@contextmanager
def _answering(what: str) -> Iterator[None]:
    """Separate what Temporal does not know from a Temporal that does not answer."""
    try:
        yield
    except RPCError as error:
        if is_unknown(error):
            raise NoHistory(f"{what}: Temporal has no history of it") from error
        raise TemporalAway(f"Temporal refused or did not answer ({error.message})") from error
    except (RuntimeError, TimeoutError, OSError) as error:
        raise TemporalAway("Temporal did not answer in time") from error


_ENDS: dict[int, RunStanding] = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: RunStanding.COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: RunStanding.ENDED_BY_FORCE,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: RunStanding.ENDED_BY_FORCE,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: RunStanding.ENDED_BY_FORCE,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: RunStanding.ENDED_BY_FORCE,
}
_TASK_ENDS: dict[int, bool] = {
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED: False,
    EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED: True,
    EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT: True,
}
"""How a workflow task ended, and whether that is a failure."""
