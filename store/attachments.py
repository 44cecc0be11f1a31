"""The rows of attachments: who uploaded which content, and which order or decision refers to it.

Assumes that the file is there before its row. An attachment is uploaded first and referred to once,
by who uploaded it; one that nobody refers to within a day is forgotten.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, select, update

from domain.errors import DomainError
from store.credentials import CredentialKind
from store.database import Store
from store.files import FileStore, KeptFile
from store.tables import attachment

UNUSED_FOR = timedelta(hours=24)
"""How long an upload waits for somebody to refer to it."""


class UnusableAttachment(DomainError):
    """An id stands for no upload of the caller's, or for one that is referred to already."""

    code = "unusable_attachment"


@dataclass(frozen=True, kw_only=True, slots=True)
class Uploader:
    """Whose attachment it is: a channel's client or a member of staff."""

    kind: CredentialKind
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """What a sweep forgot: rows that nobody referred to, and files that no row names."""

    rows: int
    files: int


def add(connection: Connection, kept: KeptFile, *, media_type: str, uploader: Uploader, now: datetime) -> str:
    """Add the row of a file that was kept; gives its id."""
    attachment_id = uuid.uuid4().hex
    connection.execute(
        insert(attachment).values(
            attachment_id=attachment_id,
            sha256=kept.sha256,
            media_type=media_type,
            size=kept.size,
            uploaded_by=uploader.name,
            uploaded_via=uploader.kind,
            created_at=now,
        )
    )
    return attachment_id


def find(connection: Connection, attachment_id: str) -> Row[Any] | None:
    """Find an attachment."""
    return connection.execute(
        select(attachment).where(attachment.c.attachment_id == attachment_id)
    ).one_or_none()


def bind(
    connection: Connection,
    ids: Sequence[str],
    *,
    uploader: Uploader,
    order_no: str,
    decision_id: str | None = None,
) -> None:
    """Let an order, or a decision on it, refer to attachments.

    Raises:
        UnusableAttachment: one is unknown, somebody else's, or referred to already.
    """
    if not ids:
        return
    found = {
        row.attachment_id: row
        for row in connection.execute(
            select(attachment)
            .where(attachment.c.attachment_id.in_(ids))
            .order_by(attachment.c.attachment_id)
            .with_for_update()
        )
    }
    for each in ids:
        row = found.get(each)
        if row is None or (row.uploaded_via, row.uploaded_by) != (uploader.kind, uploader.name):
            raise UnusableAttachment(
                f"there is no attachment {each} that you uploaded within the last day; upload it first"
            )
        if row.order_no is not None:
            raise UnusableAttachment(f"the attachment {each} is used already; upload the file again")
    connection.execute(
        update(attachment)
        .where(attachment.c.attachment_id.in_(ids))
        .values(order_no=order_no, decision_id=decision_id)
    )


def sweep(store: Store, files: FileStore, *, now: datetime, really: bool) -> Swept:
    """Forget uploads that nobody referred to within a day, then files that no row names; can be repeated.

    Unless `really`, only counts. A file goes after its row, so that a row never names what is not there.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    before = now - UNUSED_FOR
    unused = and_(attachment.c.order_no.is_(None), attachment.c.created_at < before)

    def known(prefix: str) -> set[str]:
        named = select(attachment.c.sha256).where(attachment.c.sha256.startswith(prefix))
        with store.read() as connection:
            return set(connection.scalars(named if really else named.where(~unused)))

    if really:
        with store.write() as connection:
            rows = connection.execute(delete(attachment).where(unused)).rowcount
    else:
        with store.read() as connection:
            rows = connection.scalar(select(func.count()).select_from(attachment).where(unused)) or 0
    return Swept(rows=rows, files=files.sweep(known, before=before, delete=really))
