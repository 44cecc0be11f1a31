"""What a resident with a tracking code sends and sees."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.contract.attachments import Attachments
from api.typed.texts import text_of
from domain.order.words import Satisfied, Solved

MAX_WORDS = 2_000
"""Longest text of a resident about an order that was placed, in characters."""
Words = Annotated[str, *text_of(MAX_WORDS)]


class Say(BaseModel):
    """Something to add, or why the order should be opened again."""

    model_config = ConfigDict(extra="forbid")

    text: Words


class Addition(BaseModel):
    """Something to add to an order, with files that were uploaded by the channel that placed it."""

    model_config = ConfigDict(extra="forbid")

    text: Words
    attachments: Annotated[Attachments, Field(description="Uploaded by the channel that placed it.")] = []


class Nothing(BaseModel):
    """No words are needed."""

    model_config = ConfigDict(extra="forbid")


class Rating(BaseModel):
    """Whether it helped."""

    model_config = ConfigDict(extra="forbid")

    solved: Solved
    satisfied: Satisfied


class TrackedStep(BaseModel):
    """One thing that happened, in plain words."""

    at: datetime
    words: str


class TrackedPart(BaseModel):
    """An order that was made of one that holds several matters, with the code that it is followed by."""

    order_no: str
    tracking_code: str
    words: str


class NotAccepted(BaseModel):
    """Why an order was not accepted, and who answers for the matter if it is not the office's, in plain words."""

    reason: str
    goes_to: str | None


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
    not_accepted: NotAccepted | None = None
    question: str | None
    steps: list[TrackedStep]
    parts: list[TrackedPart]
    can: list[str]


class Taken(BaseModel):
    """What the resident sent was taken and goes to the order."""

    action_id: str
    status: str
