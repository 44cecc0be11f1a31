"""A matter among several: it shares one clock with them, its activities may need another try, its worker may die.

Its input is kept like a history, activation by activation: a restart replays all of it and must get to the same
place.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temporalio.bridge.proto.workflow_activation import (
    FireTimer,
    RemoveFromCache,
    UpdateRandomSeed,
    WorkflowActivation,
    WorkflowActivationJob,
)
from temporalio.worker._workflow_instance import _WorkflowLogicFlag

from activities.message.deliver import Courier
from gateways.messaging.protocol import GatewayUnavailable
from messages.matter.recorded import RecordedMatter, RecordedStep
from messages.matter.signals import Said
from messages.matter.starting import MatterStart
from messages.message.delivery import Delivered, DeliverMessages
from messages.names import DELIVER
from store.database import Store
from tests.support.stories.stored_story import StoredStory
from tests.support.stories.story import Asked, StoryBroke, resolved


class TryAgain(Exception):
    """An activity failed in a way that Temporal retries."""


@dataclass(kw_only=True)
class Clock:
    """The one clock of all orders."""

    now: datetime


@dataclass(kw_only=True)
class Written:
    """A step as the history holds it, of the kind's own type; `index` is that of the activation that asked for it.

    `abandoned`: a reset went back behind it.
    """

    seq: int
    index: int
    step: Any
    answer: Any
    abandoned: bool = False
    delivered_at: datetime | None = None
    delivered_as: str = "sent"


class Hosted(StoredStory):
    """A matter that is in the store already, run as a server and a worker would."""

    def __init__(
        self,
        store: Store,
        start: MatterStart,
        clock: Clock,
        courier: Courier,
        on_record: Callable[[Written], None],
        *,
        book: str,
        flags: frozenset[_WorkflowLogicFlag],
    ) -> None:
        """Prepare the matter, without an activation; `book` is that of the orders that it makes."""
        self.store = store
        self.book = book
        self.clock = clock
        self.courier = courier
        self.written: list[Written] = []
        self.runs: list[str] = []
        self.on_record = on_record
        self.twice = False
        self._said = 0
        self._history: list[WorkflowActivation] = []
        self._asked_in: dict[int, tuple[int, Asked]] = {}
        self._delayed: list[Asked] = []
        super(StoredStory, self).__init__(start, flags=flags)

    @property
    def now(self) -> datetime:
        """Return the time of the common clock."""
        return self.clock.now

    @now.setter
    def now(self, at: datetime) -> None:
        self.clock.now = max(at, self.clock.now)

    @property
    def matter_no(self) -> str:
        """Return its number."""
        return str(self.start.matter_no)

    @property
    def is_quiet(self) -> bool:
        """Tell whether nothing is under way."""
        return self.ended or not (self._jobs or self._activities or self._delayed)

    def take(self, said: Said) -> None:
        """Take a signal, to be heard with the next activation."""
        (self.decide if said.kind == "decision" else self.act)(said.model_dump(mode="json"))

    def fire(self) -> None:
        """Fire the due timers, together with the signals that came meanwhile."""
        for seq in sorted(seq for seq, at in self._timers.items() if at <= self.now):
            del self._timers[seq]
            self._jobs.append(WorkflowActivationJob(fire_timer=FireTimer(seq=seq)))

    def retry(self) -> None:
        """Try the failed activities again."""
        self._activities, self._delayed = [*self._activities, *self._delayed], []

    def restart(self) -> None:
        """Let another worker take the matter over: its replay of the history must reach the same state."""
        if self.ended:
            return
        before = self._place()
        self._come_up(self.run_id)
        self._replay(len(self._history))
        if self._place() != before:
            raise StoryBroke(f"{self.matter_no} is somewhere else after a restart: {before} {self._place()}")

    def reset(self, index: int) -> None:
        """Let an operator reset the matter to one of its activations: a new run does it again and goes on from there.

        As Temporal does it: signals that came later are sent again, everything else that came later is gone.
        """
        later = [
            job for each in self._history[index + 1 :] for job in each.jobs if job.HasField("signal_workflow")
        ]
        waiting = [job for job in self._jobs if job.HasField("signal_workflow")]
        first, self._history = list(self._history[index].jobs), self._history[:index]
        self._jobs = []
        for each in self.written:
            each.abandoned |= each.index >= index
        self._come_up(f"run {len(self.runs) + 1} of {self.matter_no}")
        self._replay(index)
        for job in first:
            self._forget(job)
        self._jobs = [*first, *later, *waiting]
        self.step()
        # What is done again draws the letters that it drew before; only later ones differ.
        seed = UpdateRandomSeed(randomness_seed=len(self.runs))
        self._jobs.insert(0, WorkflowActivationJob(update_random_seed=seed))
        self.settle()

    @property
    def activations(self) -> int:
        """Count the activations since its start."""
        return len(self._history)

    def recorded(self) -> RecordedMatter:
        """Return the content of its histories, as `runtime.histories` reads it."""
        steps = tuple(
            RecordedStep(
                step=each.step,
                answer=each.answer,
                abandoned=each.abandoned,
                delivered_at=each.delivered_at,
                delivered_as=each.delivered_as,
            )
            for each in self.written
        )
        return RecordedMatter(start=self.start, runs=tuple(self.runs), steps=steps)

    def step(self) -> None:
        """Run one activation, with the answers of the activities that have one."""
        if self.ended:
            return
        waiting, self._activities = self._activities, []
        for each in waiting:
            try:
                answer = self._do(each)
            except TryAgain:
                self._delayed.append(each)
            else:
                self._jobs.append(resolved(each.seq, answer))
        if self._jobs:
            super().step()

    def evict(self) -> None:
        """Remove the worker's copy from its cache as the SDK does: a merely forgotten copy disturbs others later."""
        gone = WorkflowActivationJob(remove_from_cache=RemoveFromCache())
        self._instance.activate(WorkflowActivation(run_id=self.run_id, jobs=[gone]))

    def _come_up(self, run_id: str) -> None:
        if self.runs:
            self.evict()
        super()._come_up(run_id)
        self._delayed = []
        if run_id not in self.runs:
            self.runs.append(run_id)

    def _activate(self, activation: WorkflowActivation) -> None:
        self._history.append(activation)
        super()._activate(activation)
        for each in self._activities:
            self._asked_in.setdefault(each.seq, (len(self._history) - 1, each))

    def _replay(self, count: int) -> None:
        kept, self._history = self._history, []
        self._asked_in = {seq: found for seq, found in self._asked_in.items() if found[0] < count}
        for each in kept[:count]:
            for job in each.jobs:
                self._forget(job)
            again = WorkflowActivation()
            again.CopyFrom(each)
            again.run_id, again.is_replaying = self.run_id, True
            # The history says in which way the SDK took up its jobs.
            again.available_internal_flags[:] = sorted(self.flags)
            self._activate(again)
        self._history = kept
        # The history holds each request as the run made it that asked.
        self._activities = [self._asked_in[each.seq][1] for each in self._activities]
        # Jobs that have come and wait for an activation were answered or have fired already.
        for job in self._jobs:
            self._forget(job)

    def _forget(self, job: WorkflowActivationJob) -> None:
        """Drop the timer or activity that a job of the history has fired or answered."""
        if job.HasField("fire_timer"):
            self._timers.pop(job.fire_timer.seq, None)
        elif job.HasField("resolve_activity"):
            seq = job.resolve_activity.seq
            self._activities = [each for each in self._activities if each.seq != seq]

    def _place(self) -> tuple[object, ...]:
        pending = sorted((each.seq, each.name) for each in (*self._activities, *self._delayed))
        return (str(self.status), sorted(self._timers.items()), pending)

    def _do(self, asked: Asked) -> Any:
        if asked.name == DELIVER:
            delivered = self._deliver()
            for each in self.written:
                if each.delivered_at is None and each.index < self._asked_in[asked.seq][0]:
                    each.delivered_at, each.delivered_as = self.now, delivered.state
            return delivered
        if asked.name != self.wires.record:
            return self._answer(asked.name, asked.given)
        known = len(self.told.steps)
        answer = self._answer(asked.name, asked.given)
        if self.twice:
            # The worker died after the commit: the step is recorded once more, and gets the same answer.
            again = self._answer(asked.name, asked.given)
            if not answer.pending and not answer.hold and again != answer:
                raise StoryBroke(f"{self.matter_no}: {answer} and then {again}")
            del self.told.steps[known + 1 :], self.told.answers[known + 1 :]
        written = Written(seq=asked.seq, index=self._asked_in[asked.seq][0], step=asked.given, answer=answer)
        if not any(each.step == asked.given for each in self.written):
            self.written.append(written)
            self.on_record(written)
        return answer

    def _deliver(self) -> Delivered:
        try:
            return self.courier.deliver(DeliverMessages(matter_no=self.matter_no))
        except GatewayUnavailable:
            raise TryAgain from None
