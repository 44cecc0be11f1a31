"""The protocol of a messaging gateway."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class GatewayUnavailable(Exception):
    """The provider is away or too slow: try again."""


class GatewayRefused(Exception):
    """The provider refuses this message, now and later."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A message in plain words.

    `key` is the same whenever the message is sent again, so that the provider can drop a repetition.
    """

    key: str
    order_no: str
    recipient: str
    template: str
    words: str
    contact: Mapping[str, str]


class Messenger(Protocol):
    """Sends one message. Without `reaches_people` no person gets it, and pages do not show it as sent."""

    reaches_people: bool

    def send(self, message: Message) -> None:
        """Send; returning means that the provider has it.

        Raises:
            GatewayUnavailable: try again.
            GatewayRefused: never try again.
        """
