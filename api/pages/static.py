"""`/static`: style sheet, scripts and pictures, from our own host."""

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse

from api.errors import Problem
from api.pages.assets import KINDS, assets
from api.security import OpenDoor

router = APIRouter(
    prefix="/static",
    include_in_schema=False,
    dependencies=[Depends(OpenDoor("style and scripts; nothing personal"))],
)


@router.get("/{name}", response_class=FileResponse)
async def asset(name: str) -> FileResponse:
    """Give a file; its name changes with its contents, so that it may be kept for ever."""
    path = assets().get(name)
    if path is None:
        raise Problem(404, "not_found", "there is no such file; load the page again")
    return FileResponse(
        path,
        media_type=KINDS[path.suffix],
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )
