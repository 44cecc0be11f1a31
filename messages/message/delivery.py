"""The delivery of a matter's messages: what is asked for, and what became of it."""

from messages.wire import Wire


class DeliverMessages(Wire):
    """Send a matter's messages that still wait, in sequence."""

    matter_no: str


class Delivered(Wire):
    """How many messages went out, or to the log alone; `failed`: the ids of those that a gateway refused for good."""

    sent: int
    failed: tuple[int, ...] = ()
    logged: int = 0

    @property
    def state(self) -> str:
        """How they are shown that were written before, if nothing else is known of each."""
        if self.failed:
            return "failed"
        return "logged" if self.logged and not self.sent else "sent"
