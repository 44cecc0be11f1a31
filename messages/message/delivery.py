"""The delivery of a matter's messages: the request and its result."""

from messages.wire import Wire


class DeliverMessages(Wire):
    """Ask to send a matter's waiting messages, in sequence."""

    matter_no: str


class Delivered(Wire):
    """How many messages were sent, or only logged; `failed`: ids of those that a gateway refused for good."""

    sent: int
    failed: tuple[int, ...] = ()
    logged: int = 0

    @property
    def state(self) -> str:
        """The state shown for messages written before, if nothing more is known of each."""
        if self.failed:
            return "failed"
        return "logged" if self.logged and not self.sent else "sent"
