"""The parts of a step of any matter (clocks, events, tasks, verdicts, messages), and of the answer to it."""

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from messages.matter.signals import AnySaid
from messages.matter.tasks import OfficeHold, RestTaken
from messages.wire import Wire


class GivenWord(Wire):
    """An instant that a person was given, and when; every rest since then moves it."""

    at: datetime
    said_at: datetime


class Reckoned(Wire):
    """The facts that every instant is computed from: its origin, its rests, and the words that were given.

    `since`: the origin. `began`: when the clock began to run, if not at its origin; what is owed in a period,
    for instance, is computed from the period's end, which lies ahead. `word`: the result is never earlier.
    `joined`: what orders that joined this one had been promised; the result is never later. `floor_from`: the
    unit has the minimum remainder from then on.
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
        """Return this with one more rest, less the part already counted; unchanged if nothing is left."""
        began = max(began, self.runs_from)
        if began >= ended:
            return self
        return self.model_copy(update={"rests": (*self.rests, RestTaken(began=began, ended=ended))})


class PromiseRequest(Reckoned):
    """Ask for a promise: by class from receipt, or for a later round from its start; then moved by its rests.

    `granted`: the instant that an extension granted. `is_capped`: the limit of a superior platform caps it.
    `was`: the promise before the order was classified again, at `floor_from`.
    """

    granted: GivenWord | None = None
    is_capped: bool = False
    was: datetime | None = None


class ClockRequest(Reckoned):
    """Ask `record` for a clock; `key` is a task id, `rest`, or `window` for the reopening window.

    `promise`: for work that serves the order's promise, that promise when the clock was asked for; a limit
    that caps it caps a `given` date too.
    """

    key: str
    basis: str
    promise: PromiseRequest | None = None
    repetition: int = 1
    given: datetime | None = None


class ClockReading(Wire):
    """A clock computed from the policy version and the calendar in force, in UTC.

    `is_provisional`: it counts a day of a year that is not announced yet.
    """

    due_at: datetime
    remind_at: datetime
    is_provisional: bool = False


class EventRecord(Wire):
    """One event of a matter's history, numbered 1..n without a gap; the intake writes number 1."""

    seq: int
    at: datetime
    type: str
    actor: str
    task_id: str | None = None
    said_id: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class TaskOpened(Wire):
    """A human task that a step opened; its clock is asked for under its id.

    `withheld`: outcomes that it does not offer now. `not_by`: the staff who may not decide it, because it is
    about their own work. `on_duty`: its clock does not wait for the office to open, so the officer on duty
    may decide it too.
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
    """An open task that rests, goes on, or offers other outcomes; while it rests, it shows no clock."""

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
    """The verdict on a decision or action; it carries the signal, in case the store has no row for it."""

    said: AnySaid
    applied: bool
    at: datetime
    code: str | None = None
    reason: str | None = None


class MessageWritten(Wire):
    """A message to be sent: a template with codes; `text_of` names the decision whose text is its body.

    `only_if_firm`: written only if no year that the promise of the same step counts over is still to be
    announced. `only_if_after`: written only if that promise is later than this instant.
    """

    event_seq: int
    recipient: str
    template: str
    data: dict[str, Any] = Field(default_factory=dict)
    text_of: str | None = None
    only_if_firm: bool = False
    only_if_after: datetime | None = None


class MatterFacts(Wire):
    """A matter of any kind as it stands after a step, for its row."""

    stage: str
    tier: str
    unit: str
    escalations: int = 0
    overdue: bool = False
    held: bool = False


class MatterStep(Wire):
    """One step of a matter; idempotent by `(matter_no, run_id, seq)`. Each kind adds its own facts and questions.

    With `expiry` (a task id, or the key of a clock without a task) the step is automatic. If a decision or
    action is pending on the matter in the store, `record` then commits nothing and hands that back in the
    answer.
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
    """The answer of `record` to a step of any kind.

    `clocks`: those asked for, by key. `pending`: the decisions and actions that go before an automatic step.
    `hold`: the hold of the office that forbids the automatic step. `parts`: the orders that the step has
    made.
    """

    clocks: dict[str, ClockReading] = Field(default_factory=dict)
    pending: tuple[AnySaid, ...] = ()
    hold: OfficeHold | None = None
    parts: tuple[str, ...] = ()
