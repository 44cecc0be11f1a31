"""`/elder`: large pages with high contrast (长辈版), chosen once and kept by the browser."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse, Response

from api.pages.navigation import local_path
from api.pages.rendering import keep_choice
from api.security import OpenDoor
from api.sessions import check_origin

router = APIRouter(
    include_in_schema=False,
    dependencies=[Depends(OpenDoor("how a page looks; nothing personal")), Depends(check_origin)],
)


@router.post("/elder")
async def choose(
    on: Annotated[str, Form(max_length=1)] = "1", back: Annotated[str, Form(max_length=1_000)] = "/desk"
) -> Response:
    """Choose large or ordinary pages, and go back to the page before."""
    return keep_choice(RedirectResponse(local_path(back), status_code=303), is_elder=on == "1")
