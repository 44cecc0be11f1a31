"""The messages about an order: names that stay in the rows of messages for good.

Assumes nothing: every value is spelled once. The wording stands where messages are sent.
"""

from enum import StrEnum
from typing import Final


class Template(StrEnum):
    """The name of a message (消息模板): to the requester, or to a unit."""

    ACCEPTED = "accepted"
    PROMISE_CONFIRMED = "promise_confirmed"
    PROMISE_MOVED = "promise_moved"
    PASSED_ON = "passed_on"
    REPLIED_RESOLVED_ON_THE_SPOT = "replied_resolved_on_the_spot"
    REPLIED_RESOLVED = "replied_resolved"
    REPLIED_EXPLAINED = "replied_explained"
    REPLIED_UNRESOLVED = "replied_unresolved"
    REPLIED_NOT_ACCEPTED = "replied_not_accepted"
    SPLIT = "split"
    MERGED = "merged"
    EXTENDED = "extended"
    RECLASSIFIED = "reclassified"
    PAUSED = "paused"
    ASKED = "asked"
    RESUMED = "resumed"
    DELAYED = "delayed"
    GRANTED = "granted"
    DENIED = "denied"
    HELPED = "helped"
    URGED = "urged"


_REPLIED: Final = "replied_"
REPLIES: Final = tuple(each for each in Template if each.startswith(_REPLIED))
"""The messages that answer a requester, one for each ending that has an answer."""


def reply_for(ending: str) -> Template:
    """Return the message that tells the requester an ending.

    Raises:
        ValueError: no message tells this ending.
    """
    return Template(f"{_REPLIED}{ending}")


def ending_of(reply: str) -> str:
    """Return the ending that a reply tells."""
    return reply.removeprefix(_REPLIED)
