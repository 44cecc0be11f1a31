"""Answers given before a body was read reach clients that write first and read afterwards."""

import asyncio
import http.client
import socket
from collections.abc import AsyncIterator
from contextlib import closing

import pytest
import pytest_asyncio

from api import unread
from api.serving import Server
from tests.api.conftest import Api

JSON = {"Content-Type": "application/json"}
NINE_MEGABYTES = 9_000_000


@pytest_asyncio.fixture(loop_scope="session")
async def address(api: Api) -> AsyncIterator[tuple[str, int]]:
    """Serve the application on a real server with its own port."""
    transport = api.http._transport
    listening = socket.create_server(("127.0.0.1", 0))
    server = Server(transport.app, port=0)  # type: ignore[attr-defined]
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield listening.getsockname()
    server.should_exit = True
    await serving


def post(address: tuple[str, int], path: str, size: int, headers: dict[str, str]) -> int:
    """Write the whole body, then read the answer."""
    client = http.client.HTTPConnection(*address, timeout=30)
    with closing(client):
        client.request("POST", path, body=b"x" * size, headers=headers)
        return client.getresponse().status


class TestAnAnswer:
    @pytest.mark.parametrize(
        ("path", "headers", "status"),
        [
            ("/api/v1/orders", JSON, 413),
            ("/order", {"Content-Type": "multipart/form-data; boundary=x"}, 400),
            ("/api/v1/attachments", {"Content-Type": "image/jpeg"}, 401),
            ("/api/v1/orders", {"Content-Type": "application/json; charset=latin-1"}, 415),
            ("/no/such/page%00", JSON, 400),
            ("/no/such/page", JSON, 413),
        ],
    )
    async def test_is_read_by_who_writes_all_of_a_large_body_first(
        self, address: tuple[str, int], path: str, headers: dict[str, str], status: int
    ) -> None:
        said = await asyncio.to_thread(post, address, path, NINE_MEGABYTES, headers)
        assert said == status

    async def test_comes_at_once_to_who_asks_before_writing(self, address: tuple[str, int]) -> None:
        reader, writer = await asyncio.open_connection(*address)
        head = f"Content-Length: {NINE_MEGABYTES}\r\nContent-Type: application/json\r\nExpect: 100-continue"
        writer.write(f"POST /api/v1/orders HTTP/1.1\r\nHost: office.example\r\n{head}\r\n\r\n".encode())
        async with asyncio.timeout(5):
            assert (await reader.readline()).split()[1] == b"413"
        writer.close()

    async def test_is_not_waited_for_by_who_sends_without_end(
        self, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(unread, "MOST", 1_000_000)
        reader, writer = await asyncio.open_connection(*address)
        head = "Content-Length: 900000000\r\nContent-Type: application/json"
        writer.write(f"POST /api/v1/orders HTTP/1.1\r\nHost: office.example\r\n{head}\r\n\r\n".encode())
        writer.write(b"x" * 2_000_000)
        async with asyncio.timeout(5):
            assert (await reader.readline()).split()[1] == b"413"
        writer.close()
