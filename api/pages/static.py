"""`/static`: style sheet, scripts and pictures, from our own host."""

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from api.errors import Problem
from api.pages.assets import assets
from api.security import OpenDoor

router = APIRouter(
    prefix="/static",
    include_in_schema=False,
    dependencies=[Depends(OpenDoor("style and scripts; nothing personal"))],
)


@router.get("/{name}", response_class=Response)
async def asset(name: str) -> Response:
    """Serve a file; its name changes with its contents, so browsers may keep it for ever."""
    found = assets().get(name)
    if found is None:
        raise Problem(404, "not_found", "there is no such file; load the page again")
    return Response(
        found.content,
        media_type=found.media_type,
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )
