"""What a channel sends to place an order, and the answer that it gets."""

import hashlib
import json
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.contract.attachments import Attachments
from api.typed.moments import Moment
from api.typed.texts import line_of, text_of
from domain.office.directory import MAX_CODE
from domain.order.words import Channel, RequestKind
from store.order.receiving import PassedOver

Subject = Annotated[str, *line_of(200)]
Description = Annotated[str, *text_of(5_000)]
Reference = Annotated[str, *line_of(100)]
Line = Annotated[str, *line_of(300)]
Short = Annotated[str, *line_of(100)]
Code = Annotated[str, *line_of(MAX_CODE)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Requester(_Body):
    """The requester (诉求人): every field is optional, but without a contact nobody can call back."""

    name: Short | None = None
    phone: Annotated[str, *line_of(40)] | None = None
    email: Annotated[str, *line_of(200)] | None = None
    wechat_openid: Short | None = None


class Place(_Body):
    """The place; longitude and latitude in degrees (WGS 84), both or neither."""

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
    """A resident's request, as the channel took it."""

    channel: Channel
    source_reference: Annotated[
        Reference | None, Field(description="The channel's own number for the order.")
    ] = None
    source_due_at: Annotated[
        Moment | None, Field(description="The limit that a superior platform set, with an offset.")
    ] = None
    kind: RequestKind
    subject: Subject | None = None
    description: Description
    requester: Requester = Requester()
    place: Place = Place()
    confidential: bool = False
    received_by: Annotated[
        Short | None,
        Field(
            description="Username of the officer who took it. The duty roster answers first if it is missing, or if "
            "the officer is unknown, has left, is away or decides nothing: see `officer_passed_over` in the answer."
        ),
    ] = None
    category: Annotated[Code | None, Field(description="A category that `GET /directory` lists.")] = None
    attachments: Annotated[
        Attachments, Field(description="Ids of files that this key uploaded and no order uses yet.")
    ] = []

    def fingerprint(self) -> str:
        """Hash the validated body, so that equal requests get equal fingerprints however they were written."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


class Links(BaseModel):
    """The addresses of the order, its events and its tracking page."""

    order: str
    events: str
    track: str


class OrderPlaced(BaseModel):
    """The answer to a placed order; give `tracking_code` to the resident."""

    order_no: str
    tracking_code: str
    stage: str
    received_at: datetime
    officer_passed_over: Annotated[
        PassedOver | None,
        Field(description="Why the duty roster has the order, and not the officer in `received_by`."),
    ] = None
    links: Links
