"""What the workflow of every kind of matter is started with."""

from abc import ABC, abstractmethod

from messages.matter.tasks import OfficeHold, OpenTask
from messages.wire import Wire


class MatterStart(Wire, ABC):
    """The start input of a matter: ids, codes and instants, never a person's data.

    `policy` is the version of the rules that it keeps. `first_task` stands in the store already, with event number 1;
    `page` is the address of the matter's page, for people who look at the Temporal UI. `seal_key`: the public half of
    the key under which the store hands over what people say; see `messages.seals`.
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
