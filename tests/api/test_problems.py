"""One form for every error: RFC 9457 problem+json, on every route and from every layer."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from api.pages.rendering import texts
from api.resident import ordering
from tests.api.conftest import Api

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
JSON = "application/json"


async def operations(api: Api) -> list[tuple[str, str, dict[str, Any]]]:
    """List path, method and description of each operation in the document."""
    document = (await api.http.get("/api/v1/openapi.json")).json()
    return [
        (path.replace("{", "").replace("}", ""), method.upper(), operation)
        for path, its in document["paths"].items()
        for method, operation in its.items()
    ]


async def with_json(api: Api) -> list[tuple[str, str, dict[str, str]]]:
    """List path and method of each operation that reads JSON, with the headers of a caller who may use it."""
    return [
        (path, method, {**_caller(api, path), "Idempotency-Key": "key-00000001"})
        for path, method, operation in await operations(api)
        if JSON in operation.get("requestBody", {}).get("content", {})
    ]


def _caller(api: Api, path: str) -> dict[str, str]:
    return api.channel() if path == "/api/v1/orders" else api.staff("duty-1")


def says(response: httpx2.Response, status: int, code: str) -> None:
    """Check that an answer is a problem with all its members."""
    where = f"{response.request.method} {response.request.url}"
    assert response.status_code == status, (where, response.text)
    assert response.headers["content-type"] == "application/problem+json", where
    problem = response.json()
    assert (problem["status"], problem["code"]) == (status, code), (where, problem)
    assert all(problem[member] for member in ("type", "title", "detail")), where


class TestEveryErrorIsAProblem:
    async def test_of_a_wrong_method_which_names_the_right_ones(self, api: Api) -> None:
        known: dict[str, set[str]] = {}
        for path, method, _ in await operations(api):
            known.setdefault(path, set()).add(method)
        assert len(known) > 15
        for path, methods in known.items():
            for method in set(METHODS) - methods:
                response = await api.http.request(method, path, headers=api.staff("duty-1"))
                says(response, 405, "method_not_allowed")
                assert set(response.headers["allow"].split(", ")) == methods, path

    @pytest.mark.parametrize(
        "path",
        [
            "/nowhere",
            "/api",
            "/api/v1",
            "/api/v2/orders",
            "/api/v1/nowhere",
            "/api/v1/orders/x/y",
            "/api/v1//tasks",
        ],
    )
    async def test_of_an_unknown_address(self, api: Api, path: str) -> None:
        for method in METHODS:
            says(await api.http.request(method, path), 404, "not_found")

    async def test_of_a_thing_that_is_not_there(self, api: Api) -> None:
        for path, method, operation in await operations(api):
            if method == "GET" and "404" in operation["responses"]:
                says(await api.http.get(path, headers=api.staff("desk-1")), 404, "not_found")

    async def test_of_a_nul_in_the_address(self, api: Api) -> None:
        for path, method, _ in await operations(api):
            says(await api.http.request(method, f"{path}?q=%00"), 400, "nul_character")

    @pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "text/json", None])
    async def test_of_another_content_type(self, api: Api, kind: str | None) -> None:
        for path, method, headers in await with_json(api):
            said = {**headers, "Content-Type": kind} if kind else headers
            response = await api.http.request(method, path, content=b'{"text": "x"}', headers=said)
            says(response, 415, "unsupported_media_type")

    @pytest.mark.parametrize("body", [b"{oops", b"", b'{"a": 1', b"{'text': 'x'}"])
    async def test_of_malformed_json(self, api: Api, body: bytes) -> None:
        for path, method, headers in await with_json(api):
            said = {**headers, "Content-Type": JSON}
            response = await api.http.request(method, path, content=body, headers=said)
            if body:
                says(response, 400, "malformed_json")
            else:
                assert response.status_code in {404, 422}, (path, response.text)

    async def test_of_json_that_is_no_text(self, api: Api) -> None:
        for path, method, headers in await with_json(api):
            said = {**headers, "Content-Type": JSON}
            response = await api.http.request(method, path, content=b'{"text": "\xff"}', headers=said)
            says(response, 400, "malformed_body")

    @pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"x"', b'{"colour": "red"}'])
    async def test_of_json_of_another_shape(self, api: Api, body: bytes) -> None:
        for path, method, headers in await with_json(api):
            said = {**headers, "Content-Type": JSON}
            response = await api.http.request(method, path, content=body, headers=said)
            if body == b"null" and path.endswith(("/urge", "/withdraw")):
                continue  # these need no body
            says(response, 422, "invalid_request")
            assert response.json()["errors"], path

    async def test_of_a_body_that_is_too_large_however_it_comes(self, api: Api) -> None:
        def pieces() -> Iterator[bytes]:
            yield from (b"x" * 65_536 for _ in range(4))

        async def in_pieces() -> Any:
            for piece in pieces():
                yield piece

        for path, method, headers in await with_json(api):
            said = {**headers, "Content-Type": JSON}
            whole = b"".join(pieces())
            says(await api.http.request(method, path, content=whole, headers=said), 413, "body_too_large")
            chunked = await api.http.request(method, path, content=in_pieces(), headers=said)
            says(chunked, 413, "body_too_large")

    async def test_of_a_caller_who_is_nobody(self, api: Api) -> None:
        guarded = [each for each in await operations(api) if "security" in each[2]]
        assert len(guarded) > 10
        for path, method, operation in guarded:
            assert "401" in operation["responses"]
            kinds = operation.get("requestBody", {}).get("content", {})
            body: dict[str, Any] = {"json": {}} if JSON in kinds else {}
            for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
                response = await api.http.request(method, path, headers=headers, **body)
                says(response, 401, "unauthenticated")
                assert response.headers["www-authenticate"] == "Bearer"

    async def test_and_only_residents_and_operations_need_no_credential(self, api: Api) -> None:
        free = {path for path, _, operation in await operations(api) if "security" not in operation}
        assert all(path.startswith("/api/v1/track/") or path.count("/") == 1 for path in free)


class TestAPageThatFails:
    async def test_is_a_page_also_when_the_form_cannot_be_read(self, api: Api) -> None:
        headers = {"Accept": "text/html", "Content-Type": "multipart/form-data"}
        for path in ("/order", "/signin", "/track"):
            answer = await api.http.post(path, headers=headers, content=b"not a form")
            assert answer.status_code in {400, 401, 422}, (path, answer.status_code)
            assert answer.headers["content-type"].startswith("text/html"), path

    @pytest.mark.parametrize("charset", ["unicode_escape", "utf-7", "undefined", "utf-16"])
    async def test_is_none_when_a_form_is_written_in_an_odd_encoding(self, api: Api, charset: str) -> None:
        kind = f"multipart/form-data; boundary=xx; charset={charset}"
        part = b'--xx\r\nContent-Disposition: form-data; name="text"\r\n\r\n\\ud800\r\n--xx--\r\n'
        for path in ("/order", "/signin", "/elder", "/t/AAAA-BBBB-CCCC-DDDD/supplement", "/desk/new"):
            answer = await api.http.post(path, headers={"Content-Type": kind}, content=part)
            assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_charset"), path

    async def test_names_its_incident_also_after_a_form(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(*_: Any, **__: Any) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(ordering, "read", fails)
        answer = await api.http.post(
            "/order", headers={"Accept": "text/html"}, data={"description": "我写的", "go": "to-2"}
        )
        assert answer.status_code == 500
        assert texts()["problem"]["incident"].partition("{")[0] in answer.text
