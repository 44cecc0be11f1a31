"""The two signals by which people act on an order.

Permissive on purpose: a signal that fails to decode is dropped by the SDK without a word, so the
handlers take raw payloads and judge what they find.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from messages.directory import Vouched
from messages.wire import Wire

MAX_SIGNAL_BYTES = 32_768
"""Longest payload that is read: what one signal carries goes on into `record` and must fit there."""

Name = Annotated[str, Field(min_length=1, max_length=100)]
TaskId = Annotated[str, Field(min_length=1, max_length=64)]


class CompleteTask(Wire):
    """Finish a human task (`complete_task`).

    `stored` names the text fields that the store keeps with the row of `decision_id`; `decided_at` is
    that row's instant; `vouched` is what the directory says of the codes it names. A signal typed by hand has none
    of them.
    """

    kind: Literal["decision"] = "decision"
    task_id: TaskId
    decision_id: Name
    actor: Name
    outcome: Name
    fields: dict[str, Any] = Field(default_factory=dict)
    comment: str | None = None
    stored: tuple[str, ...] = ()
    decided_at: datetime | None = None
    vouched: Vouched | None = None

    @property
    def said_id(self) -> str:
        """The id by which it counts once."""
        return self.decision_id

    @property
    def said_name(self) -> str:
        """What was chosen."""
        return self.outcome


class OrderAction(Wire):
    """Do something that concerns the whole order (`order_action`)."""

    kind: Literal["action"] = "action"
    action_id: Name
    actor: Name
    action: Name
    fields: dict[str, Any] = Field(default_factory=dict)
    comment: str | None = None
    stored: tuple[str, ...] = ()
    decided_at: datetime | None = None
    vouched: Vouched | None = None

    @property
    def said_id(self) -> str:
        """The id by which it counts once."""
        return self.action_id

    @property
    def said_name(self) -> str:
        """What was chosen."""
        return self.action


Said = CompleteTask | OrderAction
