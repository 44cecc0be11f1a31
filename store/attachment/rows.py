"""The row of a file, as the store hands it out; never its content."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachmentRow:
    """A file as it was kept, and the matter or decision that refers to it.

    `is_of_a_task`, which only a list of a matter's files reads, tells whether it came with a decision on a task.
    """

    attachment_id: str
    matter_no: str | None
    decision_id: str | None
    sha256: str
    size: int
    media_type: str
    uploaded_via: str
    uploaded_by: str
    created_at: datetime
    is_of_a_task: bool = False
