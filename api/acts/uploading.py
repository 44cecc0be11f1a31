"""Taking files in from every door: each is kept with a row, and named by its id afterwards.

Assumes that only a file's bytes can be trusted, never what the client says about it.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from starlette.datastructures import UploadFile

from api.acts.placing import RESIDENT_PAGES
from api.contract.attachments import AttachmentKept
from api.errors import FieldError, Problem
from api.service import Service
from domain.attachment.kinds import HEAD, KINDS, MAX_SIZE, Kind, kind_of
from domain.doors import CredentialKind
from domain.matter.tasks import MAX_ATTACHMENTS
from store.attachment import attachments
from store.attachment.attachments import Uploader
from store.attachment.files import KeptFile

FORM_BODY: Final = 2 * MAX_ATTACHMENTS * MAX_SIZE + 128 * 1024
"""Longest body of a page's form with files, in bytes: a result has two fields of them."""

TEXT_BODY: Final = 1024 * 1024
"""Longest body of a page's form without files, in bytes: large enough to report an overlong text beside its field."""


async def take_in(
    service: Service, file: UploadFile, uploader: attachments.Uploader, *, among: Sequence[Kind] = KINDS
) -> AttachmentKept:
    """Keep a file and its row, if its kind is allowed here.

    Raises:
        Problem: 413, it is too large; 415, its kind is not taken here; 422, it is empty.
    """
    kind, kept = await _keep(service, file, among)
    attachment_id = await service.write(
        lambda connection: attachments.add(
            connection, kept, media_type=kind.media_type, uploader=uploader, now=service.now()
        )
    )
    return AttachmentKept(
        attachment_id=attachment_id, media_type=kind.media_type, size=kept.size, sha256=kept.sha256
    )


async def _keep(service: Service, file: UploadFile, among: Sequence[Kind]) -> tuple[Kind, KeptFile]:
    if not file.size:
        raise wrong_file("the file is empty")
    if file.size > MAX_SIZE:
        raise Problem(
            413, "attachment_too_large", f"a file has at most {MAX_SIZE >> 20} MiB; send a smaller one"
        )
    kind = kind_of(await file.read(HEAD))
    if kind is None or kind not in among:
        known = ", ".join(each.name for each in among)
        raise Problem(
            415, "unsupported_kind", f"the content is of a kind that is not accepted here; send {known}"
        )
    await file.seek(0)
    return kind, await asyncio.to_thread(service.files.keep, file.file)


def wrong_file(reason: str) -> Problem:
    """Build the refusal that says what is wrong with a file."""
    return Problem(422, "invalid_file", reason, errors=[FieldError(field="file", reason=reason)])


UPLOADER: Final = Uploader(kind=CredentialKind.CLIENT, name=RESIDENT_PAGES)
"""The uploader of residents' files: a resident has no account."""
