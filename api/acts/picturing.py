"""Pictures to look at, for every door: a file's smaller JPEG, made when it is first asked for."""

import asyncio
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from api.errors import Problem
from api.service import Service
from store.attachment.pictures import NoPicture, PictureSize, make_picture, picture_of
from store.attachment.rows import AttachmentRow

_HEADERS: Final = {
    # A browser may keep it, and asks each time whether the reader may still see it.
    "Cache-Control": "private, no-cache",
    "Vary": "Cookie, Authorization",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "inline",
}


async def picture(request: Request, service: Service, row: AttachmentRow, size: PictureSize) -> Response:
    """Show a file that the caller may see as a picture; 304 if their browser has it.

    Raises:
        Problem: 404, it cannot be looked at.
        FilesUnavailable: the picture was not made in time.
    """
    headers = {**_HEADERS, "ETag": f'"{row.sha256}-{size}"'}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    try:
        made = await asyncio.to_thread(picture_of, service.files, row.sha256, size)
        if made is None:
            await asyncio.to_thread(service.files.check, row.sha256, row.size)
            async with service.picturing:
                made = await asyncio.to_thread(make_picture, service.files, row.sha256, size)
    except NoPicture as error:
        raise Problem(404, error.code, str(error)) from None
    return Response(made, media_type="image/jpeg", headers=headers)
