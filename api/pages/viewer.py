"""`/api/v1/docs`: the description of the API, to read and to try, in a viewer from our own host."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from api.pages.rendering import page
from api.security import OpenDoor

PATH = "/api/v1/docs"
router = APIRouter(
    include_in_schema=False,
    dependencies=[Depends(OpenDoor("how the API is called; nothing personal"))],
)


@router.get(PATH, response_class=HTMLResponse)
async def view(request: Request) -> HTMLResponse:
    """Show the viewer; it reads the description that programs read."""
    return page(request, "viewer.html", title=request.app.title, description=request.app.openapi_url)
