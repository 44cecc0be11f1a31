"""The facts that a caller gets about an attachment; never its name on the sender's phone, which may name a person."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from domain.attachment.kinds import KINDS
from domain.matter.judging import wrong_ids
from domain.matter.tasks import ID_PATTERN, MAX_ATTACHMENTS

UPLOAD: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "minLength": 1,
                            "description": f"One file: {', '.join(kind.name for kind in KINDS)}.",
                        }
                    },
                    "required": ["file"],
                    "additionalProperties": False,
                }
            }
        },
    }
}
"""An upload described for OpenAPI: the route reads the form itself, after it has checked the caller."""


def _distinct(ids: list[str]) -> list[str]:
    if reason := wrong_ids(ids):
        raise ValueError(reason)
    return ids


Attachments = Annotated[
    list[Annotated[str, StringConstraints(pattern=ID_PATTERN)]],
    AfterValidator(_distinct),
    Field(max_length=MAX_ATTACHMENTS, json_schema_extra={"uniqueItems": True}),
]
"""The ids of uploads that a body names."""


class AttachmentKept(BaseModel):
    """An attachment that was kept; `media_type` is read from its content."""

    attachment_id: str
    media_type: str
    size: int
    sha256: str


class AttachmentView(BaseModel):
    """An attachment of a matter; `decision_id` names the decision that brought it, null if it came with the order.

    `is_office`: it came with a decision on a task, so that it shows the office's work; all others show the request.
    """

    attachment_id: str
    media_type: str
    size: int
    decision_id: str | None
    is_office: bool
    href: str
