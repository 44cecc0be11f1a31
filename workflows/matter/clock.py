"""The movable deadline: one wait, its reminder and its due time, both absolute.

Assumes that instants come from `record`, which computes them once for each cause; here they are only compared
with `workflow.now()`. No time left means due now, never a negative wait.
"""

from dataclasses import dataclass
from datetime import datetime

from messages.matter.step import ClockReading, ClockRequest, GivenWord


@dataclass(slots=True)
class Deadline:
    """The reminder, if any, and the due time of a wait; unknown until `record` has answered.

    `asked`: the facts that it was computed from, for a later request. A due time that was shown and is firm
    becomes its word there, and it is never earlier than that. While it `stands_still`, it has no consequence:
    a verdict is awaited first.
    """

    reminds: bool = True
    due_at: datetime | None = None
    remind_at: datetime | None = None
    expired: bool = False
    is_provisional: bool = False
    asked: ClockRequest | None = None
    stands_still: bool = False

    def set(self, reading: ClockReading, *, at: datetime) -> None:
        """Take the instants from `record`, unless the limit has had its consequence and was not cleared."""
        if self.expired:
            return
        if reading.due_at != self.due_at:
            self.remind_at = reading.remind_at if self.reminds else None
        self.due_at, self.is_provisional = reading.due_at, reading.is_provisional
        if self.asked is not None and not reading.is_provisional:
            word = GivenWord(at=reading.due_at, said_at=at)
            self.asked = self.asked.model_copy(update={"word": word})

    def clear(self) -> None:
        """Forget the instants, since a new clock has been asked for."""
        self.due_at, self.remind_at, self.expired = None, None, False

    def reminder_is_due(self, now: datetime) -> bool:
        """Tell whether to remind the owner now: once, and not when the wait is due anyway."""
        return self._runs and self.remind_at is not None and self.remind_at <= now and not self.is_due(now)

    def is_due(self, now: datetime) -> bool:
        """Tell whether the limit has passed and has had no consequence yet."""
        return self._runs and self.due_at is not None and self.due_at <= now

    @property
    def next_at(self) -> datetime | None:
        """The next instant at which the clock needs a look; `None` once its limit had its consequence."""
        return (self.remind_at or self.due_at) if self._runs else None

    @property
    def _runs(self) -> bool:
        return not self.expired and not self.stands_still
