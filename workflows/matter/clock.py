"""The movable deadline: one wait, its reminder and its due time, both absolute.

Assumes that instants come from `record`, which reckons them once per cause; here they are only
compared with `workflow.now()`. Nothing left means due now, never a negative wait.
"""

from dataclasses import dataclass
from datetime import datetime

from messages.matter.step import ClockReading, ClockRequest, GivenWord


@dataclass(slots=True)
class Deadline:
    """When a wait is reminded of, if at all, and when it is due; unknown until `record` has answered.

    `asked` is what it was reckoned from, for whoever has to ask again; once it was shown and firm, that is its word,
    and it is never earlier. While it `stands_still` nothing follows from it: a verdict is awaited first.
    """

    reminds: bool = True
    due_at: datetime | None = None
    remind_at: datetime | None = None
    expired: bool = False
    is_provisional: bool = False
    asked: ClockRequest | None = None
    stands_still: bool = False

    def set(self, reading: ClockReading, *, at: datetime) -> None:
        """Take the instants that `record` gave; what has had its consequence has it once, unless it was cleared."""
        if self.expired:
            return
        if reading.due_at != self.due_at:
            self.remind_at = reading.remind_at if self.reminds else None
        self.due_at, self.is_provisional = reading.due_at, reading.is_provisional
        if self.asked is not None and not reading.is_provisional:
            word = GivenWord(at=reading.due_at, said_at=at)
            self.asked = self.asked.model_copy(update={"word": word})

    def clear(self) -> None:
        """Forget the instants: those of a new clock have been asked for."""
        self.due_at, self.remind_at, self.expired = None, None, False

    def reminder_is_due(self, now: datetime) -> bool:
        """Tell whether the owner is to be reminded; once, and not when it is due anyway."""
        return self._runs and self.remind_at is not None and self.remind_at <= now and not self.is_due(now)

    def is_due(self, now: datetime) -> bool:
        """Tell whether the limit has passed and nobody has drawn the consequence yet."""
        return self._runs and self.due_at is not None and self.due_at <= now

    @property
    def next_at(self) -> datetime | None:
        """The nearest instant at which something is to be done, `None` once the limit has passed."""
        return (self.remind_at or self.due_at) if self._runs else None

    @property
    def _runs(self) -> bool:
        return not self.expired and not self.stands_still
