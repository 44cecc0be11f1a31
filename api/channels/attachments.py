"""`/attachments`: a file is uploaded first, and referred to by its id afterwards.

Assumes that only a file's bytes can be trusted, never what the client says about it. A body beyond 1 MiB is
spooled to disk, so that concurrent uploads need little memory.
"""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.acts.picturing import picture
from api.acts.seeing import sees
from api.acts.uploading import take_in, wrong_file
from api.contract.attachments import UPLOAD, AttachmentKept
from api.errors import Problem, media_type_of, problems
from api.security import Caller, ReaderOrChannelDep, UploaderDep, scope_of, uploader_of
from api.service import ServiceDep
from domain.attachment.kinds import KINDS, MAX_SIZE, suffix_of
from domain.doors import CredentialKind
from store.attachment import attachments
from store.attachment.pictures import PictureSize
from store.attachment.rows import AttachmentRow
from store.database import Connection
from store.office.people import Staff
from store.order import finding

router = APIRouter(prefix="/attachments", tags=["attachments"])
MAX_BODY = MAX_SIZE + 16 * 1024
"""Longest body of an upload, in bytes: the file and the form around it."""
_FORM = "multipart/form-data"


@router.post(
    "",
    status_code=201,
    response_model=AttachmentKept,
    max_body_size=MAX_BODY,
    openapi_extra=UPLOAD,
    responses=problems(401, 403, 413, 415, 422),
)
async def upload(request: Request, who: UploaderDep, service: ServiceDep) -> AttachmentKept:
    """Upload one file; name its id in an order or a decision within a day."""
    if media_type_of(request) != _FORM:
        raise Problem(
            415, "unsupported_media_type", f"send the file as {_FORM}, in one part with the name `file`"
        )
    try:
        async with request.form(max_files=1, max_fields=0) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise wrong_file("send exactly one file, in a part with the name `file` and a file name")
            return await take_in(service, file, uploader_of(who))
    except ClientDisconnect:
        raise _malformed("the upload broke off; send it again") from None
    except HTTPException as error:
        if error.status_code != 400:  # noqa: PLR2004 - the one that the form's parser raises
            raise
        raise _malformed(f"the form cannot be read: {error.detail}") from None


@router.get(
    "/{attachment_id}",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The file",
            "content": {
                kind.media_type: {"schema": {"type": "string", "format": "binary"}} for kind in KINDS
            },
        },
        **problems(401, 403, 404, 422),
    },
)
async def download(
    request: Request,
    attachment_id: str,
    who: ReaderOrChannelDep,
    service: ServiceDep,
    size: PictureSize | None = None,
) -> Response:
    """Download a file that you uploaded, or whose matter you may read; with `size`, a smaller JPEG to look at."""

    def work(connection: Connection) -> AttachmentRow:
        row = attachments.find(connection, attachment_id)
        if row is not None:
            mine = attachments.Uploader(
                kind=CredentialKind(row.uploaded_via), name=row.uploaded_by
            ) == uploader_of(who)
            if mine or _may_see(connection, row, who):
                return row
        raise Problem(404, "not_found", "there is no attachment of this id that you may see")

    row = await service.read(work)
    if size is not None:
        return await picture(request, service, row, size)
    await asyncio.to_thread(service.files.check, row.sha256, row.size)
    return StreamingResponse(
        service.files.read(row.sha256),
        media_type=row.media_type,
        headers={
            "Content-Length": str(row.size),
            "Content-Disposition": f'attachment; filename="{row.attachment_id}.{suffix_of(row.media_type)}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def _may_see(connection: Connection, row: AttachmentRow, who: Caller) -> bool:
    if row.matter_no is None:
        return False
    if isinstance(who, Staff):
        return sees(connection, row.matter_no, who)
    if finding.find_order(connection, row.matter_no, scope_of(who)) is None:
        return False
    shown = attachments.list_attachments(connection, row.matter_no, client_id=who.client_id)
    return row.attachment_id in {each.attachment_id for each in shown}


def _malformed(detail: str) -> Problem:
    return Problem(400, "malformed_form", detail)
