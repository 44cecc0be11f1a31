"""`/elder`: large pages with high contrast (长辈版), chosen once and kept by the browser."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse, Response

from api.pages.rendering import ELDER_COOKIE
from api.security import OpenDoor
from api.sessions import check_origin
from api.signin.signin import local_path

router = APIRouter(
    include_in_schema=False,
    dependencies=[Depends(OpenDoor("how a page looks; nothing personal")), Depends(check_origin)],
)
_KEPT: Final = timedelta(days=365)


@router.post("/elder")
async def choose(
    on: Annotated[str, Form(max_length=1)] = "1", back: Annotated[str, Form(max_length=1_000)] = "/desk"
) -> Response:
    """Choose large or ordinary pages, and go back to where one was."""
    return keep_choice(RedirectResponse(local_path(back), status_code=303), is_elder=on == "1")


def keep_choice(response: Response, *, is_elder: bool) -> Response:
    """Let the browser keep how pages are shown."""
    response.set_cookie(
        ELDER_COOKIE,
        "1" if is_elder else "0",
        max_age=int(_KEPT.total_seconds()),
        secure=True,
        httponly=True,
        samesite="lax",
        path="/",
    )
    return response
