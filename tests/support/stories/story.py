"""One matter's workflow inside this process, with simulated time: the SDK's instance, driven activation by activation.

There is no server and no worker: commands are answered here as these would. Timers fire when time is sent forward,
`record` calculates with the rules and keeps its input, and `deliver` always gets through.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.bridge.proto.activity_result import ActivityResolution, Success
from temporalio.bridge.proto.workflow_activation import (
    FireTimer,
    InitializeWorkflow,
    ResolveActivity,
    SignalWorkflow,
    WorkflowActivation,
    WorkflowActivationJob,
)
from temporalio.common import Priority, TypedSearchAttributes
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowRunner
from temporalio.worker._workflow_instance import WorkflowInstance, WorkflowInstanceDetails, _WorkflowLogicFlag

import worker
from domain.kinds import kind_of
from domain.office.first_directory import FIRST
from domain.order.policy import policy
from messages.kinds import wires_of
from messages.matter.outbox import Drained
from messages.matter.starting import MatterStart
from messages.message.delivery import Delivered
from messages.names import (
    COMPLETE_TASK,
    DELIVER,
    LOOK_UP,
    MATTERS,
    START_ORDERS,
    action_signal,
    workflow_id_of,
)
from messages.office.directory import LookedUp, LookUp, Routing, Vouched
from messages.order.step import MergeRefused, OrderStep
from store.order.reckoning import reckon_step
from tests.support.office import SEAL

_DEFINITIONS = {
    each.name: each for each in map(workflow._Definition.must_from_class, worker.WORKFLOWS) if each.name
}
_CONVERTER = pydantic_data_converter.payload_converter
ALL_FLAGS = frozenset(_WorkflowLogicFlag)
"""Every way in which the SDK may take up an activation; without flags it uses the older one, job by job."""
_EVENTS = {"fire_timer": 1, "signal_workflow": 1, "resolve_activity": 2}
_RECORDED = {"start_timer", "cancel_timer", "schedule_activity", "upsert_workflow_search_attributes"}
_LONGEST_ATTRIBUTE = 2_048
_MOMENT = timedelta(milliseconds=5)


class StoryBroke(AssertionError):
    """The workflow task failed."""


@dataclass(kw_only=True)
class Told:
    """The steps that `record` was given, in their order, and its answers; each of the kind's own type."""

    steps: list[Any] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Asked:
    """An activity that waits for its answer."""

    seq: int
    name: str
    given: Any


class Story:
    """A matter that runs here; `now` moves by `forward`, and by a moment with every activation.

    Only an order can be played without a store. With the worker's own sandbox as `runner`, the state cannot be read.
    """

    runner: WorkflowRunner = UnsandboxedWorkflowRunner()

    def __init__(
        self,
        start: MatterStart,
        *,
        flags: frozenset[_WorkflowLogicFlag] = ALL_FLAGS,
        now: datetime | None = None,
    ) -> None:
        """Start it when its first task was opened or later; `flags` say how the SDK takes up an activation's jobs."""
        # Each kind has facts of its own, which a story asks for by name.
        self.start: Any = start.model_copy(update={"seal_key": SEAL.public_key})
        self.wires = wires_of(start.matter_no)
        self.flags = flags
        self.now = self._began = now or start.first_task.opened_at
        self.told = Told()
        self.ended = False
        self.lookups = 0
        self.events = 2
        self._signals = 0
        self._jobs: list[WorkflowActivationJob] = []
        self._come_up(f"run of {start.matter_no}")
        first = InitializeWorkflow(
            workflow_type=MATTERS[kind_of(start.matter_no).name],
            workflow_id=workflow_id_of(start.matter_no),
            arguments=_CONVERTER.to_payloads([self.start]),
        )
        self._jobs.append(WorkflowActivationJob(initialize_workflow=first))
        self.settle()

    def _come_up(self, run_id: str) -> None:
        """Start with an instance that has received nothing."""
        self.run_id = run_id
        self._timers: dict[int, datetime] = {}
        self._activities: list[Asked] = []
        info = _info(self.start.matter_no, self._began, run_id)
        self._instance = asyncio.run(_instance(info, self.flags, self.runner))

    @property
    def status(self) -> Any:
        """Return the matter's status, as the query does."""
        return self._instance._object.status()  # type: ignore[attr-defined]

    @property
    def state(self) -> Any:
        """Return the matter's state."""
        return self._instance._object.case.state  # type: ignore[attr-defined]

    @property
    def details(self) -> str:
        """Return the details that operators see."""
        return str(self._instance._current_details)  # type: ignore[attr-defined]

    @property
    def next_timer(self) -> datetime | None:
        """Return when the next timer fires; `None` if there is no timer."""
        return min(self._timers.values(), default=None)

    def decide(self, payload: Any, *, by_hand: bool = False) -> None:
        """Signal a decision with any content, to be taken up with the next activation."""
        self._signal(COMPLETE_TASK, payload if by_hand else self._sealed(payload))

    def act(self, payload: Any, *, by_hand: bool = False) -> None:
        """Signal an action with any content."""
        self._signal(action_signal(self.start.matter_no), payload if by_hand else self._sealed(payload))

    def _signal(self, name: str, payload: Any) -> None:
        self.send(name, *_CONVERTER.to_payloads([payload]))

    def _sealed(self, payload: Any) -> Any:
        """Seal a payload as the store would; anything but an object bears no seal."""
        if not isinstance(payload, dict):
            return payload
        return {**payload, "seal": SEAL.sign(self.start.matter_no, payload)}

    def forward(self, by: timedelta) -> None:
        """Send time forward, and fire each timer on the way."""
        until = self.now + by
        while not self.ended and self.next_timer is not None and self.next_timer <= until:
            self.now = max(self.now, self.next_timer)
            due = sorted(seq for seq, at in self._timers.items() if at <= self.now)
            for seq in due:
                del self._timers[seq]
                self._jobs.append(WorkflowActivationJob(fire_timer=FireTimer(seq=seq)))
            self.settle()
        self.now = max(self.now, until)

    def settle(self) -> None:
        """Let it run until it waits again for people or time."""
        self.step()
        while self._activities and not self.ended:
            self.step()

    def step(self) -> None:
        """Run one activation: first the signals, then the answers of activities."""
        if self.ended:
            return
        asked, self._activities = self._activities, []
        self.lookups += sum(each.name == LOOK_UP for each in asked)
        for each in asked:
            self._jobs.append(resolved(each.seq, self._answer(each.name, each.given)))
        self.now += _MOMENT
        # Three events for the workflow task (scheduled, started, completed), and those of each job.
        self.events += 3 + sum(_EVENTS.get(str(job.WhichOneof("variant")), 0) for job in self._jobs)
        activation = WorkflowActivation(run_id=self.run_id, jobs=self._jobs, history_length=self.events)
        activation.timestamp.FromDatetime(self.now.replace(tzinfo=None))
        self._jobs = []
        self._activate(activation)

    def _activate(self, activation: WorkflowActivation) -> None:
        done = self._instance.activate(activation)
        if done.HasField("failed"):
            raise StoryBroke(done.failed.failure.message + done.failed.failure.stack_trace)
        at = activation.timestamp.ToDatetime(UTC)
        for command in done.successful.commands:
            self.events += int(command.WhichOneof("variant") in _RECORDED)
            self._obey(command, at)

    def _obey(self, command: Any, at: datetime) -> None:
        match command.WhichOneof("variant"):
            case "start_timer":
                wait = command.start_timer.start_to_fire_timeout.ToTimedelta()
                self._timers[command.start_timer.seq] = at + wait
            case "cancel_timer":
                self._timers.pop(command.cancel_timer.seq, None)
            case "schedule_activity":
                asked = command.schedule_activity
                types: dict[str, type] = {self.wires.record: self.wires.step, LOOK_UP: LookUp}
                given = None
                if (type_ := types.get(asked.activity_type)) is not None:
                    given = _CONVERTER.from_payloads(list(asked.arguments), [type_])[0]
                self._activities.append(Asked(asked.seq, asked.activity_type, given))
            case "upsert_workflow_search_attributes":
                for (
                    name,
                    value,
                ) in command.upsert_workflow_search_attributes.search_attributes.indexed_fields.items():
                    if len(value.data) > _LONGEST_ATTRIBUTE:
                        raise StoryBroke(f"the server terminates the workflow: {name} is too long")
            case "complete_workflow_execution":
                self.ended = True
            case "fail_workflow_execution" as failed:
                raise StoryBroke(failed)

    def _answer(self, name: str, given: Any) -> Any:
        if name == DELIVER:
            return Delivered(sent=1)
        if name == START_ORDERS:
            return Drained(started=0, signalled=0, waiting=0)
        if name == LOOK_UP:
            return LookedUp(vouched=Vouched.by(FIRST, given))
        step: OrderStep = given
        # The short book runs by the wall, so no calendar is read and no database is needed.
        answer = reckon_step(None, step, None, policy(step.policy))  # type: ignore[arg-type]
        if step.route:
            answer = answer.model_copy(update={"routing": self._routing(step)})
        if step.merge is not None:
            answer = answer.model_copy(
                update={"merge_refused": MergeRefused(code="merge_refused", reason="nothing is joined here")}
            )
        self.told.steps.append(step)
        self.told.answers.append(answer)
        return answer

    def _routing(self, step: OrderStep) -> Routing:
        community = self.start.community
        return Routing.of(FIRST, category=step.facts.category, community=community, unit=step.facts.unit)

    def send(self, name: str, *payloads: Payload, **headers: Payload) -> None:
        """Signal anything that the server lets pass."""
        self._signals += 1
        signal = SignalWorkflow(
            signal_name=name, input=payloads, headers=headers, originating_event_id=self._signals
        )
        self._jobs.append(WorkflowActivationJob(signal_workflow=signal))


async def _instance(
    info: workflow.Info, flags: frozenset[_WorkflowLogicFlag], runner: WorkflowRunner
) -> WorkflowInstance:
    """Make the instance on a running loop, as the SDK does."""
    defn = _DEFINITIONS[info.workflow_type]
    runner.prepare_workflow(defn)
    return runner.create_instance(
        WorkflowInstanceDetails(
            payload_converter_factory=lambda: _CONVERTER,
            failure_converter_class=pydantic_data_converter.failure_converter_class,
            interceptor_classes=[cls for each in worker.INTERCEPTORS if (cls := _inbound(each)) is not None],
            defn=defn,
            info=info,
            randomness_seed=1,
            extern_functions={},
            disable_eager_activity_execution=True,
            worker_level_failure_exception_types=[],
            patch_activation_callback=None,
            last_completion_result=Payloads(),
            last_failure=None,
            default_workflow_logic_flags=flags,
        )
    )


def _inbound(interceptor: Any) -> Any:
    return (
        interceptor.workflow_interceptor_class(None)
        if hasattr(interceptor, "workflow_interceptor_class")
        else None
    )


def resolved(seq: int, answer: Any) -> WorkflowActivationJob:
    (payload,) = _CONVERTER.to_payloads([answer])
    result = ActivityResolution(completed=Success(result=Payload.FromString(payload.SerializeToString())))
    return WorkflowActivationJob(resolve_activity=ResolveActivity(seq=seq, result=result))


def _info(matter_no: str, now: datetime, run_id: str) -> workflow.Info:
    return workflow.Info(
        attempt=1,
        continued_run_id=None,
        cron_schedule=None,
        execution_timeout=None,
        first_execution_run_id=run_id,
        headers={},
        namespace="here",
        original_execution_run_id=run_id,
        parent=None,
        root=None,
        raw_memo={},
        retry_policy=None,
        run_id=run_id,
        run_timeout=None,
        search_attributes={},
        start_time=now.astimezone(UTC),
        workflow_start_time=now.astimezone(UTC),
        task_queue="here",
        task_timeout=timedelta(seconds=10),
        typed_search_attributes=TypedSearchAttributes.empty,
        workflow_id=workflow_id_of(matter_no),
        workflow_type=MATTERS[kind_of(matter_no).name],
        priority=Priority.default,
    )
