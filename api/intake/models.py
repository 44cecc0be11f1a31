"""What a channel sends when it places an order, and what it is told."""

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from api.moments import Moment
from domain.attachments import ID_PATTERN, MAX_ATTACHMENTS, wrong_ids
from domain.directory import MAX_CODE
from domain.orders import Channel, RequestKind


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("a NUL character cannot be stored")
    return text


def _distinct(ids: list[str]) -> list[str]:
    if reason := wrong_ids(ids):
        raise ValueError(reason)
    return ids


def _text(most: int) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=most)


Subject = Annotated[str, _text(200), AfterValidator(_no_nul)]
Description = Annotated[str, _text(5_000), AfterValidator(_no_nul)]
Reference = Annotated[str, _text(100), AfterValidator(_no_nul)]
Line = Annotated[str, _text(300), AfterValidator(_no_nul)]
Short = Annotated[str, _text(100), AfterValidator(_no_nul)]
Code = Annotated[str, _text(MAX_CODE), AfterValidator(_no_nul)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Requester(_Body):
    """Who asks (诉求人); all optional, but without a contact nobody can be called back."""

    name: Short | None = None
    phone: Annotated[str, _text(40), AfterValidator(_no_nul)] | None = None
    email: Annotated[str, _text(200), AfterValidator(_no_nul)] | None = None
    wechat_openid: Short | None = None


class Place(_Body):
    """Where it is; longitude and latitude in degrees (WGS 84), both or neither."""

    community: Annotated[Code | None, Field(description="A community that `GET /directory` lists.")] = None
    address: Line | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> "Place":
        if (self.longitude is None) != (self.latitude is None):
            raise ValueError("give longitude and latitude, or neither")
        return self


class OrderBody(_Body):
    """A request of a resident, as the channel took it."""

    channel: Channel
    source_reference: Annotated[Reference | None, Field(description="The channel's own number for it.")] = (
        None
    )
    source_due_at: Annotated[
        Moment | None, Field(description="The limit that a superior platform set, with an offset.")
    ] = None
    kind: RequestKind
    subject: Subject | None = None
    description: Description
    requester: Requester = Requester()
    place: Place = Place()
    confidential: bool = False
    received_by: Annotated[Short | None, Field(description="Username of the officer who took it.")] = None
    category: Annotated[Code | None, Field(description="A category that `GET /directory` lists.")] = None
    attachments: Annotated[
        list[Annotated[str, StringConstraints(pattern=ID_PATTERN)]],
        AfterValidator(_distinct),
        Field(
            max_length=MAX_ATTACHMENTS,
            description="Ids of what this key uploaded and has not used yet.",
            json_schema_extra={"uniqueItems": True},
        ),
    ] = []

    def fingerprint(self) -> str:
        """Hash the validated body: equal for equal requests, however they were written."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


class Links(BaseModel):
    """Where to look further."""

    order: str
    events: str
    track: str


class OrderPlaced(BaseModel):
    """The answer to a placed order; `tracking_code` is for the resident."""

    order_no: str
    tracking_code: str
    stage: str
    received_at: datetime
    links: Links
