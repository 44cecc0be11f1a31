"""What the histories of a matter hold: the recorded inputs from which its rows can be written again.

Assumes plain values that stay in one process: nothing of this travels.
"""

from dataclasses import dataclass
from datetime import datetime

from messages.matter.starting import MatterStart
from messages.matter.step import MatterAnswer, MatterStep


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedStep:
    """A step as a history holds it; `answer` is `None` while `record` is under way.

    `abandoned` came from a run that an operator's reset has left, after the point of that reset.
    `delivered_at` is when the messages written so far had gone out, `delivered_as` how they are shown since.
    """

    step: MatterStep
    answer: MatterAnswer | None
    abandoned: bool = False
    delivered_at: datetime | None = None
    delivered_as: str = "sent"


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedMatter:
    """What the histories of a matter hold: its start, its runs, the present one last, and their steps in order."""

    start: MatterStart
    runs: tuple[str, ...]
    steps: tuple[RecordedStep, ...]
