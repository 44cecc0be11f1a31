"""What a messaging gateway is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class GatewayUnavailable(Exception):
    """The provider is away or too slow: try again."""


class GatewayRefused(Exception):
    """The provider does not take this message, and will not take it later."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A message in plain words; `key` is the same whenever it is sent again, for the provider's deduplication."""

    key: str
    order_no: str
    recipient: str
    template: str
    words: str
    contact: Mapping[str, str]


class Messenger(Protocol):
    """Sends one message. `reaches_people`: else it tells nobody, and what it took is not shown as sent."""

    reaches_people: bool

    def send(self, message: Message) -> None:
        """Send; returning means that the provider has it.

        Raises:
            GatewayUnavailable: try again.
            GatewayRefused: never try again.
        """
