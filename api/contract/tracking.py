"""The bodies and views of a resident with a tracking code."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.contract.attachments import Attachments
from api.typed.texts import text_of
from domain.order.words import Satisfied, Solved

MAX_WORDS = 2_000
"""Longest text that a resident may send about a placed order, in characters."""
Words = Annotated[str, *text_of(MAX_WORDS)]


class Say(BaseModel):
    """Something to add, or the reason to reopen the order."""

    model_config = ConfigDict(extra="forbid")

    text: Words


class Addition(BaseModel):
    """Something to add to an order, with files that the order's channel uploaded."""

    model_config = ConfigDict(extra="forbid")

    text: Words
    attachments: Annotated[
        Attachments, Field(description="Ids of files that the order's channel uploaded.")
    ] = []


class Nothing(BaseModel):
    """An empty body: no words are needed."""

    model_config = ConfigDict(extra="forbid")


class Rating(BaseModel):
    """Whether the answer helped."""

    model_config = ConfigDict(extra="forbid")

    solved: Solved
    satisfied: Satisfied


class TrackedStep(BaseModel):
    """One thing that happened, in plain words."""

    at: datetime
    words: str


class TrackedPart(BaseModel):
    """An order split from this one, with the tracking code to follow it."""

    order_no: str
    tracking_code: str
    words: str


class NotAccepted(BaseModel):
    """Why an order was not accepted, in plain words; `goes_to` names the office that answers for it, if not ours."""

    reason: str
    goes_to: str | None


class TrackedPicture(BaseModel):
    """A picture that came with the reply; `href` shows it, with `?size=large` larger."""

    href: str


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
    pictures: list[TrackedPicture] = []
    not_accepted: NotAccepted | None = None
    question: str | None
    steps: list[TrackedStep]
    parts: list[TrackedPart]
    can: list[str]


class Taken(BaseModel):
    """The resident's action was kept and goes to the order."""

    action_id: str
    status: str
