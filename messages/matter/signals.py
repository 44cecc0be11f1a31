"""The two signals by which people act on a matter.

Permissive on purpose: the SDK silently drops a signal that fails to decode, so the handlers take raw payloads
and judge them. Every value that goes on into a column, an attribute or a list is bounded here.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from domain.matter.tasks import MAX_TEXT
from domain.text import is_visible
from messages.office.directory import Vouched
from messages.wire import Wire

MAX_SIGNAL_BYTES = 32_768
"""Longest payload that is read: the content of a signal goes on into `record` and must fit there."""


def _seen(name: str) -> str:
    """Accept the name of an actor.

    Raises:
        ValueError: nothing of the name is visible.
    """
    if not is_visible(name):
        raise ValueError("a name that nobody sees")
    return name


Name = Annotated[str, Field(min_length=1, max_length=100)]
Actor = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_seen)]
TaskId = Annotated[str, Field(min_length=1, max_length=64)]
Seal = Annotated[str, Field(max_length=200)]
Comment = Annotated[str, Field(max_length=MAX_TEXT)]
Stored = Annotated[tuple[Name, ...], Field(max_length=20)]

_DEEPEST = 3
_MOST = 50
_LARGEST = 2**53


def _bounded(value: Any, depth: int = 0) -> Any:
    """Accept null, booleans, texts, whole numbers, and short, shallow lists or objects of them.

    Raises:
        ValueError: the value is something else.
    """
    match value:
        case None | bool():
            pass
        case str() if len(value) <= MAX_TEXT:
            pass
        case int() if abs(value) <= _LARGEST:
            pass
        case list() if len(value) <= _MOST and depth < _DEEPEST:
            for each in value:
                _bounded(each, depth + 1)
        case dict() if len(value) <= _MOST and depth < _DEEPEST:
            for name, each in value.items():
                _bounded(name, depth + 1)
                _bounded(each, depth + 1)
        case _:
            raise ValueError("a field is too long, too deep, or holds what no field holds")
    return value


Fields = Annotated[dict[str, Any], AfterValidator(_bounded)]


class CompleteTask(Wire):
    """Finish a human task (`complete_task`).

    `stored` names the text fields that the store keeps with the row of `decision_id`. `decided_at` is the
    instant of that row. `vouched` is what the directory says about the codes in the signal. The workflow
    believes them under the `seal` of the store, or if the store has such a row pending. A signal typed by
    hand has none of them.
    """

    kind: Literal["decision"] = "decision"
    task_id: TaskId
    decision_id: Name
    actor: Actor
    outcome: Name
    fields: Fields = Field(default_factory=dict)
    comment: Comment | None = None
    stored: Stored = ()
    decided_at: datetime | None = None
    vouched: Vouched | None = None
    seal: Seal | None = None

    @property
    def said_id(self) -> str:
        """The id under which the signal counts only once."""
        return self.decision_id

    @property
    def said_name(self) -> str:
        """The outcome that was chosen."""
        return self.outcome


class MatterAction(Wire):
    """Act on a whole matter (`order_action` for an order, `matter_action` for any other)."""

    kind: Literal["action"] = "action"
    action_id: Name
    actor: Actor
    action: Name
    fields: Fields = Field(default_factory=dict)
    comment: Comment | None = None
    stored: Stored = ()
    decided_at: datetime | None = None
    vouched: Vouched | None = None
    seal: Seal | None = None

    @property
    def said_id(self) -> str:
        """The id under which the signal counts only once."""
        return self.action_id

    @property
    def said_name(self) -> str:
        """The action that was chosen."""
        return self.action


Said = CompleteTask | MatterAction


AnySaid = Annotated[CompleteTask | MatterAction, Field(discriminator="kind")]
