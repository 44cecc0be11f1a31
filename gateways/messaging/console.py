"""The console gateway: it logs that a message would have gone out."""

import structlog

from gateways.messaging.protocol import Message

_log = structlog.get_logger("messages")


class ConsoleMessenger:
    """Writes order, recipient and template to the log; never the words nor the contact, which are personal."""

    reaches_people = False

    def send(self, message: Message) -> None:
        """Log the message."""
        _log.info(
            "message_logged",
            order_no=message.order_no,
            recipient=message.recipient,
            template=message.template,
            characters=len(message.words),
            reachable=bool(message.contact) or message.recipient != "requester",
        )
