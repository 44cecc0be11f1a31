"""What the store hands out of a file; never its content."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachmentRow:
    """A file as it was kept, and what refers to it."""

    attachment_id: str
    matter_no: str | None
    decision_id: str | None
    sha256: str
    size: int
    media_type: str
    uploaded_via: str
    uploaded_by: str
    created_at: datetime
