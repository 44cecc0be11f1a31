"""A port is free if a server may listen there and nothing else does."""

import socket

import pytest

from runtime.machine.ports import HOST, free_port


def listener(port: int = 0, host: str = HOST) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((host, port))
    made.listen()
    return made


class TestFreePort:
    def test_is_the_preferred_one_when_nobody_listens(self) -> None:
        with listener() as other:
            port = int(other.getsockname()[1])
        assert free_port(port) == port

    def test_is_a_later_one_when_somebody_listens(self) -> None:
        with listener() as other:
            port = int(other.getsockname()[1])
            assert free_port(port) > port

    def test_is_a_later_one_when_somebody_listens_on_all_addresses(self) -> None:
        with listener(host="0.0.0.0") as other:  # noqa: S104
            port = int(other.getsockname()[1])
            assert free_port(port) > port

    def test_is_none_that_was_promised_to_others(self) -> None:
        first = free_port(20_000)
        second = free_port(20_000, taken={first})
        assert second > first

    def test_is_the_preferred_one_although_old_connections_linger(self) -> None:
        with listener() as server:
            port = int(server.getsockname()[1])
            with socket.create_connection((HOST, port)) as caller:
                answered, _ = server.accept()
                answered.close()  # the side that closes first keeps the port in TIME_WAIT
                assert caller.recv(1) == b""
        assert free_port(port) == port

    def test_is_any_when_none_is_preferred(self) -> None:
        taken = {free_port(0) for _ in range(20)}
        port = free_port(0, taken=taken)
        assert port not in taken
        with listener(port):
            pass

    def test_is_refused_when_none_is_left(self) -> None:
        with pytest.raises(OSError, match="no free port"):
            free_port(65_530, taken=range(65_530, 65_536))
