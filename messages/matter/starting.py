"""The start input that workflows of every kind of matter share."""

from abc import ABC, abstractmethod

from messages.matter.tasks import OfficeHold, OpenTask
from messages.wire import Wire


class MatterStart(Wire, ABC):
    """The start input of a matter: ids, codes and instants, never a person's data.

    `policy` is the version of the rules that the matter keeps. `first_task` is in the store already, with
    event number 1. `page` is the address of the matter's page, for readers of the Temporal UI. `seal_key` is
    the public half of the key by which the store seals signals; see `messages.seals`.
    """

    policy: str
    first_task: OpenTask
    page: str = ""
    holds: tuple[OfficeHold, ...] = ()
    seal_key: str | None = None

    @property
    @abstractmethod
    def matter_no(self) -> str:
        """The number of the matter."""
