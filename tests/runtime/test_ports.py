"""A port is free if a server may listen there and nothing else does."""

import io
import socket
import subprocess
import sys

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
        port = free_port(0)
        with listener(port):
            pass

    def test_is_told_once_even_to_several_processes(self) -> None:
        ask = "from runtime.machine.ports import free_port as ask; print(*(ask(0) for _ in range(200)), flush=True)"
        command = [sys.executable, "-c", f"{ask}; input()"]
        askers = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(3)
        ]
        told = [port for asker in askers for port in (asker.stdout or io.StringIO()).readline().split()]
        for asker in askers:
            asker.communicate("")
        assert len(told) == len(set(told)) == 600

    def test_is_none_that_the_system_gives_to_outgoing_connections(self) -> None:
        with listener() as other:
            assert free_port(0) < int(other.getsockname()[1])

    def test_is_refused_when_none_is_left(self) -> None:
        with pytest.raises(OSError, match="no free port"):
            free_port(65_530, taken=range(65_530, 65_536))
