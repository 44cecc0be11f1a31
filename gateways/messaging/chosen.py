"""Which gateway of messages this installation has."""

from gateways.messaging.console import ConsoleMessenger
from gateways.messaging.protocol import Messenger


def messenger() -> Messenger:
    """Give the gateway that sends; so far there is none but the log."""
    return ConsoleMessenger()
