"""The messaging gateway of this installation."""

from gateways.messaging.console import ConsoleMessenger
from gateways.messaging.protocol import Messenger


def messenger() -> Messenger:
    """Return the gateway that sends; so far there is only the log."""
    return ConsoleMessenger()
