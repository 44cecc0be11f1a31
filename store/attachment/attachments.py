"""The rows of attachments: who uploaded which content, and which matter or decision refers to it.

Assumes that the file is there before its row. An attachment is uploaded first, and then referred to once, by its
uploader. An upload that nothing refers to within a day is forgotten. A decision that its matter refused no longer
holds its files: its sender may use them again on that matter. A decision that a reviewer sent back keeps its files,
and the unit's next decision may name them again.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, exists, false, func, insert, or_, select, update

from domain.attachment.kinds import PICTURES
from domain.doors import CredentialKind
from domain.errors import DomainError
from domain.matter.judging import DecisionStatus
from store.attachment.files import FileStore, KeptFile
from store.attachment.rows import AttachmentRow
from store.attachment.tables import attachment
from store.database import Store
from store.matter.said.decisions import Subject
from store.matter.tables import decision
from store.values import value_of

_PICTURES = frozenset(each.media_type for each in PICTURES)
UNUSED_FOR = timedelta(hours=24)
"""How long an upload waits for a matter to refer to it."""
_IS_GIVEN_BACK = exists().where(
    decision.c.decision_id == attachment.c.decision_id,
    decision.c.matter_no == attachment.c.matter_no,
    decision.c.status == DecisionStatus.REJECTED,
)
"""The matter of an attachment refused the decision that brought it."""


class UnusableAttachment(DomainError):
    """An id names no upload of the caller, or one that is referred to already."""

    code = "unusable_attachment"


@dataclass(frozen=True, kw_only=True, slots=True)
class Uploader:
    """The owner of an upload: a channel's client or a member of staff."""

    kind: CredentialKind
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """How much a sweep forgot: rows that nothing referred to, and files that no row names."""

    rows: int
    files: int


def list_attachments(
    connection: Connection, matter_no: str, *, client_id: str | None = None
) -> Sequence[AttachmentRow]:
    """List a matter's attachments, the oldest first, without those of rejected decisions.

    A client does not see what others added to the matter: its residents, or those of matters that joined it.
    """
    added = decision.c.subject == Subject.MATTER
    theirs = and_(added, attachment.c.uploaded_by != client_id) if client_id is not None else false()
    behind = and_(
        decision.c.decision_id == attachment.c.decision_id, decision.c.matter_no == attachment.c.matter_no
    )
    rows = connection.execute(
        select(attachment, func.coalesce(decision.c.subject == Subject.TASK, false()).label("is_of_a_task"))
        .outerjoin(decision, behind)
        .where(
            attachment.c.matter_no == matter_no,
            or_(decision.c.status.is_(None), and_(decision.c.status != DecisionStatus.REJECTED, ~theirs)),
        )
        .order_by(attachment.c.created_at, attachment.c.attachment_id)
    )
    return [value_of(AttachmentRow, row) for row in rows]


def add(connection: Connection, kept: KeptFile, *, media_type: str, uploader: Uploader, now: datetime) -> str:
    """Add the row of a file that was kept, and return its id."""
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


def find(connection: Connection, attachment_id: str) -> AttachmentRow | None:
    """Find an attachment."""
    row = connection.execute(
        select(attachment).where(attachment.c.attachment_id == attachment_id)
    ).one_or_none()
    return value_of(AttachmentRow, row) if row else None


def usable(
    connection: Connection, ids: Collection[str], *, uploaders: Collection[Uploader]
) -> list[AttachmentRow]:
    """Find the attachments that these uploaders can still refer to, in the sequence of `ids`."""
    if not ids:
        return []
    rows = connection.execute(
        select(attachment).where(
            attachment.c.attachment_id.in_(ids), or_(attachment.c.matter_no.is_(None), _IS_GIVEN_BACK)
        )
    )
    found = {row.attachment_id: value_of(AttachmentRow, row) for row in rows if _uploader(row) in uploaders}
    return [found[each] for each in ids if each in found]


def pictures_of_work(connection: Connection, ids: Sequence[str], *, matter_no: str) -> list[AttachmentRow]:
    """Find pictures by their ids, in that sequence: those that staff sent in with a decision on this matter."""
    rows = connection.execute(
        select(attachment).where(
            attachment.c.attachment_id.in_(ids),
            attachment.c.matter_no == matter_no,
            attachment.c.decision_id.is_not(None),
            attachment.c.uploaded_via == CredentialKind.STAFF,
            attachment.c.media_type.in_(_PICTURES),
        )
    )
    found = {row.attachment_id: value_of(AttachmentRow, row) for row in rows}
    return [found[each] for each in ids if each in found]


def contents_of(connection: Connection, ids: Collection[str]) -> list[str]:
    """Return the hash of each attachment's content, or its id if it is unknown.

    The same file gets a new id each time it is sent, for example by a form that is sent twice.
    """
    rows = connection.execute(
        select(attachment.c.attachment_id, attachment.c.sha256).where(attachment.c.attachment_id.in_(ids))
    )
    known = {row.attachment_id: row.sha256 for row in rows}
    return [known.get(each, each) for each in ids]


def _uploader(row: Row[Any]) -> Uploader:
    return Uploader(kind=row.uploaded_via, name=row.uploaded_by)


def bind(
    connection: Connection,
    ids: Sequence[str],
    *,
    uploaders: Collection[Uploader],
    matter_no: str,
    decision_id: str | None = None,
    again: Collection[str] = (),
    pictures: Collection[str] = (),
) -> None:
    """Let a matter, or a decision on it, refer to attachments of these uploaders.

    Attachments that came back may be named `again`; they stay with the decision that brought them. Those among
    `pictures` must be ones.

    Raises:
        UnusableAttachment: one is unknown, another uploader's, referred to already, or a document instead of a picture.
    """
    _require_pictures(connection, pictures)
    ids = [each for each in ids if each not in again]
    if not ids:
        return
    found = {
        row.attachment_id: row
        for row in connection.execute(
            select(attachment, _IS_GIVEN_BACK.label("is_given_back"))
            .where(attachment.c.attachment_id.in_(ids))
            .order_by(attachment.c.attachment_id)
            .with_for_update()
        )
    }
    for each in ids:
        row = found.get(each)
        if row is None or _uploader(row) not in uploaders:
            raise UnusableAttachment(
                f"there is no attachment {each} that you uploaded within the last day; upload it first"
            )
        if row.matter_no is not None and not (row.is_given_back and row.matter_no == matter_no):
            raise UnusableAttachment(f"the attachment {each} is used already; upload the file again")
    connection.execute(
        update(attachment)
        .where(attachment.c.attachment_id.in_(ids))
        .values(matter_no=matter_no, decision_id=decision_id)
    )


def _require_pictures(connection: Connection, ids: Collection[str]) -> None:
    wrong = select(attachment.c.attachment_id).where(
        attachment.c.attachment_id.in_(ids), attachment.c.media_type.not_in(_PICTURES)
    )
    for each in connection.scalars(wrong) if ids else ():
        raise UnusableAttachment(f"the attachment {each} is a document; a resident is only shown pictures")


def sweep(store: Store, files: FileStore, *, now: datetime, really: bool) -> Swept:
    """Forget uploads that nothing referred to within a day, then files that no row names.

    Unless `really`, only count. A file goes after its row, so that a row never names a missing file. A sweep can be
    repeated.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    before = now - UNUSED_FOR
    unused = and_(attachment.c.matter_no.is_(None), attachment.c.created_at < before)

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
