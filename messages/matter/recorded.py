"""The content of a matter's histories: the recorded inputs from which its rows can be written again.

Assumes plain values that stay in one process and never travel.
"""

from dataclasses import dataclass
from datetime import datetime

from messages.matter.starting import MatterStart
from messages.matter.step import MatterAnswer, MatterStep


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedStep:
    """A step as a history holds it; `answer` is `None` while `record` is under way.

    `abandoned`: it came from a run that an operator's reset abandoned, after the point of that reset.
    `delivered_at` is when the messages written so far had gone out, `delivered_as` the state in which they
    are shown since.
    """

    step: MatterStep
    answer: MatterAnswer | None
    abandoned: bool = False
    delivered_at: datetime | None = None
    delivered_as: str = "sent"


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedMatter:
    """The content of a matter's histories: its start, its runs with the present one last, and its steps."""

    start: MatterStart
    runs: tuple[str, ...]
    steps: tuple[RecordedStep, ...]
