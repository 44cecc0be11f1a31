"""What a resident with a tracking code sends and sees."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from domain.orders import Satisfied, Solved

Words = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000, pattern=r"^[^\x00]*$")
]


class Say(BaseModel):
    """Something to add, or why the order should be opened again."""

    model_config = ConfigDict(extra="forbid")

    text: Words


class Nothing(BaseModel):
    """No words are needed."""

    model_config = ConfigDict(extra="forbid")


class Rating(BaseModel):
    """Whether it helped."""

    model_config = ConfigDict(extra="forbid")

    solved: Solved
    satisfied: Satisfied


class Step(BaseModel):
    """One thing that happened, in plain words."""

    at: datetime
    words: str


class TrackView(BaseModel):
    """An order as its resident sees it: plain words, nothing personal, no names of staff."""

    order_no: str
    stage: str
    words: str
    received_at: datetime
    promised_at: datetime | None
    provisional: bool
    due_at: datetime | None
    reply: str | None
    question: str | None
    steps: list[Step]
    can: list[str]


class Taken(BaseModel):
    """What the resident sent was taken and goes to the order."""

    action_id: str
    status: str
