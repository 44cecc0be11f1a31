"""What a step of every kind of matter has: clocks, events, tasks, verdicts, messages, and the same in its answer."""

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from messages.matter.signals import AnySaid
from messages.matter.tasks import OfficeHold, RestTaken
from messages.wire import Wire


class GivenWord(Wire):
    """An instant that somebody was given, and when: what rests since then moves it."""

    at: datetime
    said_at: datetime


class Reckoned(Wire):
    """What every instant is reckoned from: its origin, its rests, and what was said of it.

    `began`: when it began to run, where that is not its origin: the end of a period lies ahead of what is owed in it.
    `word`: never earlier. `joined`: what orders that joined this one had been promised: never later. `floor_from`: a
    minimum remainder from then.
    """

    since: datetime
    began: datetime | None = None
    order_class: str | None = None
    rests: tuple[RestTaken, ...] = ()
    word: GivenWord | None = None
    joined: tuple[GivenWord, ...] = ()
    floor_from: datetime | None = None

    @property
    def runs_from(self) -> datetime:
        """Since when it has run without a rest."""
        began = self.began or self.since
        return max(began, self.rests[-1].ended) if self.rests else began

    def rested(self, began: datetime, ended: datetime) -> Self:
        """Count one rest more; of what is counted already only what is left, and then nothing is the same."""
        began = max(began, self.runs_from)
        if began >= ended:
            return self
        return self.model_copy(update={"rests": (*self.rests, RestTaken(began=began, ended=ended))})


class PromiseRequest(Reckoned):
    """A promise to be reckoned: by class from receipt, or for a later round from its start; then moved by its rests.

    `granted`: by an extension. `is_capped`: by a limit that a superior platform set. `was`: what it promised before it
    was classed anew, at `floor_from`.
    """

    granted: GivenWord | None = None
    is_capped: bool = False
    was: datetime | None = None


class ClockRequest(Reckoned):
    """A clock to be reckoned by `record`; `key` is a task id, `rest`, or `window` for the reopening window.

    `promise`: what the order promised when the clock was asked for, of work that serves it; a limit that caps it caps a
    `given` date too.
    """

    key: str
    basis: str
    promise: PromiseRequest | None = None
    repetition: int = 1
    given: datetime | None = None


class ClockReading(Wire):
    """A clock as reckoned from the policy version and the calendar in force, UTC.

    `is_provisional`: a day of a year that is not announced yet was counted.
    """

    due_at: datetime
    remind_at: datetime
    is_provisional: bool = False


class EventRecord(Wire):
    """One event of a matter's history; numbered 1..n without a gap, number 1 is the intake's."""

    seq: int
    at: datetime
    type: str
    actor: str
    task_id: str | None = None
    said_id: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class TaskOpened(Wire):
    """A human task that a step opened; its clock is asked for under its id.

    `withheld`: outcomes that it does not offer now. `not_by`: who may not decide it, being about their own work.
    `on_duty`: its clock does not wait for the office to open, and the officer on duty may decide it too.
    """

    task_id: str
    kind: str
    unit: str
    tier: str
    role: str
    opened_at: datetime
    withheld: tuple[str, ...] = ()
    not_by: tuple[str, ...] = ()
    on_duty: bool = False


class TaskChanged(Wire):
    """An open task that rests or goes on, or offers other outcomes than before; at rest its clock shows nothing."""

    task_id: str
    state: str
    withheld: tuple[str, ...] = ()


class TaskClosed(Wire):
    """A human task that a step closed: `done` with an outcome, or `superseded`."""

    task_id: str
    state: str
    outcome: str
    actor: str
    at: datetime


class Verdict(Wire):
    """What became of a decision or action; carries what was said, for the case that no row stands behind it."""

    said: AnySaid
    applied: bool
    at: datetime
    code: str | None = None
    reason: str | None = None


class MessageWritten(Wire):
    """A message to be sent: a template with codes; `text_of` names the decision whose text is its body.

    `only_if_firm`: not if the promise that the same step asks for rests on a year that is not announced.
    `only_if_after`: not unless that promise is later than an instant.
    """

    event_seq: int
    recipient: str
    template: str
    data: dict[str, Any] = Field(default_factory=dict)
    text_of: str | None = None
    only_if_firm: bool = False
    only_if_after: datetime | None = None


class MatterFacts(Wire):
    """A matter as it stands after a step: what its row shows, whatever its kind."""

    stage: str
    tier: str
    unit: str
    escalations: int = 0
    overdue: bool = False
    held: bool = False


class MatterStep(Wire):
    """One step of a matter; idempotent by `(matter_no, run_id, seq)`. Each kind adds its own facts and questions.

    With `expiry` (a task id, or the key of a clock that no task has) the step is an automatic one: if anything is
    pending on the matter in the store, nothing is committed and the answer hands it back.
    """

    matter_no: str
    run_id: str
    seq: int
    at: datetime
    policy: str
    facts: MatterFacts
    open_tasks: tuple[str, ...] = ()
    next_event: int = 1
    events: tuple[EventRecord, ...] = ()
    opened: tuple[TaskOpened, ...] = ()
    changed: tuple[TaskChanged, ...] = ()
    closed: tuple[TaskClosed, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    messages: tuple[MessageWritten, ...] = ()
    clocks: tuple[ClockRequest, ...] = ()
    expiry: str | None = None


class MatterAnswer(Wire):
    """What `record` says to a step of any kind: the clocks asked for, by key; what is pending before an automatic step.

    `hold`: instead of an automatic step, since the office holds its clocks. `parts`: the orders that were made of it.
    """

    clocks: dict[str, ClockReading] = Field(default_factory=dict)
    pending: tuple[AnySaid, ...] = ()
    hold: OfficeHold | None = None
    parts: tuple[str, ...] = ()
