"""Every error answer: RFC 9457 problem+json that names the field and the reason and says what to do.

Assumes that texts of refusals are written for people and hold nothing personal. An unforeseen error gets an
incident number, and its text goes only to the log.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Match

from domain.errors import DomainError
from store.attachment.attachments import UnusableAttachment
from store.attachment.files import FilesUnavailable
from store.database import StoreUnavailable
from store.matter.said.decisions import Refused
from store.order.intake import ReferenceReused

_log = structlog.get_logger("api")

STATUS: Final[Mapping[str, int]] = {
    "bad_cursor": 422,
    "cannot_lead": 409,
    "evidence_required": 422,
    "held_by_colleague": 409,
    "idempotency_key_reused": 422,
    "invalid_field": 422,
    "merged": 409,
    "missing_field": 422,
    "not_entitled": 403,
    "not_yet": 409,
    "not_found": 404,
    "own_work": 403,
    "reopened_already": 409,
    "same_class": 422,
    "same_order": 422,
    "same_unit": 422,
    "source_reference_reused": 409,
    "supervised_already": 409,
    "task_done": 409,
    "too_often": 409,
    "unknown_action": 422,
    "unknown_field": 422,
    "unknown_order": 422,
    "unknown_outcome": 422,
    "unusable_attachment": 422,
    "withdrawn": 409,
    "withdrawn_already": 409,
    "wrong_stage": 409,
}
"""The HTTP status of each code with which a rule refuses."""

_TITLES: Final[Mapping[int, str]] = {
    400: "The request cannot be read",
    401: "Who are you?",
    403: "Not permitted",
    404: "Not found",
    405: "Method not allowed",
    409: "Not possible as things stand",
    413: "The body is too large",
    415: "This kind of content is not read here",
    422: "Something in the request is wrong",
    429: "Too many requests",
    500: "Something went wrong here",
    503: "Not available now",
}
_REF: Final = "#/components/schemas/{model}"


_HTTP: Final[Mapping[int, tuple[str, str]]] = {
    400: ("malformed_body", "the body cannot be read; send UTF-8"),
    404: ("not_found", "there is nothing at this address; see /api/v1/docs"),
    405: ("method_not_allowed", "this address does not take this method; `Allow` lists those that it takes"),
}
"""Code and sentence for each status with which the framework itself refuses."""
_KEY: Final = ("header", "Idempotency-Key")


class FieldError(BaseModel):
    """One field and what is wrong with it."""

    field: str
    reason: str


class ProblemBody(BaseModel):
    """An error answer (RFC 9457); `code` is stable, `detail` is for people."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] = []
    href: str | None = None
    incident: str | None = None


class Problem(Exception):
    """An error answer, raised where it is found."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        href: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the parts of the answer."""
        super().__init__(detail)
        self.body = ProblemBody(
            title=_TITLES.get(status, "Error"),
            status=status,
            detail=detail,
            code=code,
            errors=list(errors),
            href=href,
        )
        self.headers = dict(headers or {})


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declare a route's error answers for OpenAPI; any address may hold a NUL, and the store may be away."""
    return {
        status: {
            "description": _TITLES[status],
            "content": {"application/problem+json": {"schema": {"$ref": _REF.format(model="ProblemBody")}}},
        }
        for status in sorted({*statuses, 400, 503})
    }


def schemas() -> dict[str, Any]:
    """Return the schemas that the declared answers refer to, for the components of the OpenAPI document."""
    body = ProblemBody.model_json_schema(ref_template=_REF)
    return {**body.pop("$defs"), "ProblemBody": body}


def too_large() -> Problem:
    """Build the refusal of a body that is longer than the route reads."""
    return Problem(413, "body_too_large", "the body is too long for this route; shorten its texts")


def nul() -> Problem:
    """Build the refusal of an address that holds a NUL, which no database stores."""
    return Problem(400, "nul_character", "the address holds a NUL character; leave it out")


def charset() -> Problem:
    """Build the refusal of a body in another encoding than UTF-8."""
    return Problem(415, "unsupported_charset", "write the body in UTF-8, or leave `charset` out")


AsPage = Callable[[Request, ProblemBody], Awaitable[Response]]
"""Shows a problem to a person."""


def install(app: FastAPI, *, as_page: AsPage) -> None:
    """Answer every error of an app as problem+json, and as a page to a person who asked for one."""
    app.state.as_page = as_page
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(DomainError, _domain)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(StoreUnavailable, _store)
    app.add_exception_handler(FilesUnavailable, _files)
    app.add_exception_handler(Exception, _unforeseen)


def answer(problem: Problem) -> JSONResponse:
    """Render a problem as JSON."""
    return JSONResponse(
        problem.body.model_dump(exclude_none=True),
        status_code=problem.body.status,
        media_type="application/problem+json",
        headers=problem.headers,
    )


async def tell(request: Request, problem: Problem) -> Response:
    """Answer with a page if the request asks for HTML outside `/api`, else with JSON."""
    if request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
        return answer(problem)
    as_page: AsPage = request.app.state.as_page
    response = await as_page(request, problem.body)
    response.headers.update(problem.headers)
    return response


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - narrows for the type checker
    if error.body.status == HTTPStatus.FORBIDDEN:
        endpoint = getattr(request.scope.get("route"), "name", "unknown")
        _log.warning("request_refused", code=error.body.code, endpoint=endpoint)
    return await tell(request, error)


async def _domain(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)  # noqa: S101 - narrows for the type checker
    code, errors, href = error.code, [], None
    if isinstance(error, Refused):
        code = error.refusal.code
        if error.refusal.field:
            errors = [FieldError(field=error.refusal.field, reason=error.refusal.reason)]
    if isinstance(error, UnusableAttachment):
        errors = [FieldError(field="attachments", reason=str(error))]
    if isinstance(error, ReferenceReused):
        href = str(request.url_for("read_order", order_no=error.order_no).path)
    return await tell(request, Problem(STATUS.get(code, 409), code, str(error), errors=errors, href=href))


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - narrows for the type checker
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return await tell(
            request, Problem(400, "malformed_json", "the body is not JSON; send one JSON object")
        )
    if any(each["type"] == "missing" and each["loc"] == _KEY for each in found):
        return await tell(
            request,
            Problem(
                400,
                "idempotency_key_missing",
                "send an Idempotency-Key (8 to 64 visible ASCII characters), "
                "and the same one when you repeat the request",
            ),
        )
    if any(each["type"] != "missing" and each["loc"] == ("body",) for each in found) and not _is_json(
        request
    ):
        return await tell(
            request, Problem(415, "unsupported_media_type", "send JSON, with Content-Type: application/json")
        )
    errors = [FieldError(field=_path(each["loc"]), reason=str(each["msg"])) for each in found]
    detail = "; ".join(f"{each.field}: {each.reason}" for each in errors[:5])
    return await tell(request, Problem(422, "invalid_request", detail, errors=errors))


def media_type_of(request: Request) -> str:
    """Return the media type that a request declares, without parameters."""
    return str(request.headers.get("content-type", "").partition(";")[0].strip().lower())


def _is_json(request: Request) -> bool:
    kind = media_type_of(request)
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _path(location: Sequence[Any]) -> str:
    """Name a field by its path, without the part of the request that holds it."""
    parts = [str(part) for part in location if part not in {"body", "query", "path", "header"}]
    return ".".join(parts) or str(location[0] if location else "body")


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - narrows for the type checker
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return await tell(request, too_large())
    code, detail = _HTTP.get(error.status_code, ("refused", str(error.detail)))
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_allowed(request))
    return await tell(request, Problem(error.status_code, code, detail, headers=headers))


def _allowed(request: Request) -> list[str]:
    """List all methods of an address; the framework's own refusal names those of one route only."""
    return [
        method
        for method in ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.router.routes
        )
    ]


async def _store(request: Request, _error: Exception) -> Response:
    return await tell(
        request,
        Problem(
            503, "store_unavailable", "the database does not answer; try again", headers={"Retry-After": "5"}
        ),
    )


async def _files(request: Request, error: Exception) -> Response:
    # The text names folders and hashes, which are for the operator and not for the caller.
    _log.error("files_unavailable", reason=str(error))
    return await tell(
        request,
        Problem(
            503,
            "files_unavailable",
            "attachments cannot be kept or read now; try again later, or go on without them",
            headers={"Retry-After": "60"},
        ),
    )


async def _unforeseen(request: Request, error: Exception) -> Response:
    incident = uuid.uuid4().hex[:12]
    _log.error("unforeseen_error", incident=incident, error=type(error).__name__, exc_info=error)
    problem = Problem(
        500, "incident", f"something went wrong here; name the incident {incident} when you ask"
    )
    problem.body.incident = incident
    return await tell(request, problem)
