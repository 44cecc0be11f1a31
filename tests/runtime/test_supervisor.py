"""Real children under a supervisor: started in order, kept alive, and never left behind."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from runtime.machine import supervisor as supervisor_module
from runtime.machine.supervisor import Part, PartDidNotStart, Supervisor

ROOT = Path(supervisor_module.__file__).resolve().parents[2]
IN_TIME = 30.0

# It notes its process id for the test, and stays.
STAYS = 'echo $$ > "$NOTE"; exec sleep 600'
# It says good-bye when it is asked to stop.
SAYS_BYE = """
trap 'echo bye from $NAME >> $DIARY; exit 0' TERM
echo $$ > "$NOTE"
while :; do sleep 0.02; done
"""
# It ignores requests to stop.
STUBBORN = 'trap "" TERM; echo $$ > "$NOTE"; while :; do sleep 0.02; done'
# It stays until there is a diary, and dies at once if there is one already.
DIES_WITH_DIARY = 'echo $$ > "$NOTE"; until [ -e "$DIARY" ]; do sleep 0.02; done; exit 1'
# It leaves a child behind when it is asked to stop.
FORGETFUL = 'sh -c "trap \\"\\" TERM; sleep 600" & echo $! > "$NOTE"; wait'

# A process with a supervisor whose only part is another such process, down to a sleeping shell.
NESTED = """
import asyncio, signal, sys
from datetime import timedelta
from pathlib import Path
from runtime.machine.supervisor import Part, Supervisor

# Where the tests themselves run in the background, the shell has switched Ctrl-C off.
signal.signal(signal.SIGINT, signal.default_int_handler)
depth, script, folder = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
note = folder / f"note-{depth}"
command = ["sh", "-c", script]
if depth:
    command = [sys.executable, "-c", sys.argv[4], str(depth - 1), *sys.argv[2:]]

async def ready():
    return (folder / "note-0").exists() and (folder / "note-0").read_text().strip() != ""

part = Part(
    name="part", command=command, environment={"NOTE": str(note)}, log=folder / "log", ready=ready,
    ready_timeout=timedelta(seconds=30),
)

async def main():
    async with Supervisor([part], say=lambda line: print(line, flush=True)) as supervisor:
        print("all is ready", flush=True)
        await supervisor.run_until(asyncio.Event())

try:
    asyncio.run(main())
except KeyboardInterrupt:
    sys.exit(130)
"""


class Office:
    """A folder in which parts leave their notes, and the lines of the console."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []

    @property
    def diary(self) -> Path:
        return self.folder / "diary"

    def note(self, name: str) -> Path:
        return self.folder / f"{name}.note"

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def pid(self, name: str) -> int:
        return int(self.note(name).read_text())

    def part(
        self,
        name: str,
        script: str,
        *,
        ready: Callable[[], Awaitable[bool]] | None = None,
        ready_timeout: timedelta = timedelta(seconds=IN_TIME),
    ) -> Part:
        async def noted() -> bool:
            return self.note(name).exists() and self.note(name).read_text().strip() != ""

        return Part(
            name=name,
            command=["sh", "-c", script],
            environment={"NAME": name, "NOTE": str(self.note(name)), "DIARY": str(self.diary)},
            log=self.log(name),
            ready=ready or noted,
            ready_timeout=ready_timeout,
        )

    def supervisor(self, *parts: Part, grace: timedelta = timedelta(seconds=IN_TIME)) -> Supervisor:
        return Supervisor(parts, say=self.said.append, grace=grace)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def eventually(look: Callable[[], object]) -> None:
    async with asyncio.timeout(IN_TIME):
        while not look():  # noqa: ASYNC110 -- other processes set no event
            await asyncio.sleep(0.02)


async def never() -> bool:
    return False


class TestStart:
    async def test_waits_for_each_part_before_the_next(self, office: Office) -> None:
        """A worker needs its server, so the second part must find the first one ready."""
        slow = 'sleep 0.3; echo first is ready >> "$DIARY"; ' + STAYS
        second = 'echo second begins >> "$DIARY"; ' + STAYS
        async with office.supervisor(office.part("first", slow), office.part("second", second)):
            assert office.diary.read_text().splitlines() == ["first is ready", "second begins"]
        assert office.said[0] == "starting first"
        assert office.said[1].startswith("first is ready (")
        assert office.said[2] == "starting second"

    async def test_names_a_part_that_dies_with_its_exit_code_and_last_lines(self, office: Office) -> None:
        """The console shows why, without a search for the log."""
        office.log("worker").parent.mkdir()
        office.log("worker").write_text("of an earlier day\n")
        failing = office.part("worker", "for i in $(seq 1 25); do echo line $i; done; exit 3")
        with pytest.raises(PartDidNotStart) as raised:
            await office.supervisor(failing).start()
        text = str(raised.value)
        assert text.startswith("worker did not start (exit 3)")
        assert str(office.log("worker")) in text
        assert text.splitlines()[1:] == [f"line {i}" for i in range(6, 26)]

    async def test_shows_nothing_of_an_earlier_run(self, office: Office) -> None:
        """Yesterday's lines under today's error would mislead the reader."""
        office.log("worker").parent.mkdir()
        office.log("worker").write_text("of an earlier day\n")
        with pytest.raises(PartDidNotStart) as raised:
            await office.supervisor(office.part("worker", "exit 3")).start()
        assert "says nothing" in str(raised.value)
        assert "of an earlier day" not in str(raised.value)

    async def test_names_a_part_that_is_never_ready_and_stops_what_was_started(self, office: Office) -> None:
        """A half-started office helps nobody, and holds the ports that the next attempt needs."""
        stuck = office.part(
            "worker",
            "echo still waiting; " + STAYS,
            ready=never,
            ready_timeout=timedelta(seconds=0.5),
        )
        with pytest.raises(PartDidNotStart, match=r"worker did not start \(not ready within 0.5 s"):
            await office.supervisor(office.part("server", STAYS), stuck).start()
        assert "still waiting" in office.log("worker").read_text()
        assert not is_alive(office.pid("server"))
        assert not is_alive(office.pid("worker"))

    async def test_puts_the_end_of_the_log_under_a_part_that_is_never_ready(self, office: Office) -> None:
        """A part that hangs usually says what it waits for."""
        stuck = office.part(
            "worker",
            "echo still waiting; " + STAYS,
            ready=never,
            ready_timeout=timedelta(seconds=0.5),
        )
        with pytest.raises(PartDidNotStart, match=r"worker\.log:\nstill waiting"):
            await office.supervisor(stuck).start()

    async def test_names_a_program_that_does_not_exist(self, office: Office) -> None:
        """And it does so at once, without waiting an hour for a dead program."""
        part = office.part("worker", "exec no-such-program", ready_timeout=timedelta(hours=1))
        with pytest.raises(PartDidNotStart, match="no-such-program"):
            await asyncio.wait_for(office.supervisor(part).start(), IN_TIME)

    async def test_does_not_trust_an_answer_of_somebody_else(self, office: Office) -> None:
        """Another program on the same port may answer although our part is already dead."""

        async def other_answers() -> bool:
            await eventually(office.diary.exists)
            await asyncio.sleep(0.2)
            return True

        part = office.part("worker", 'echo over > "$DIARY"; exit 1', ready=other_answers)
        with pytest.raises(PartDidNotStart, match="exit 1"):
            await office.supervisor(part).start()

    def test_is_refused_outside_the_main_thread(self, office: Office) -> None:
        """The leash follows the thread that starts a child."""
        problems: list[BaseException] = []

        def run() -> None:
            try:
                asyncio.run(office.supervisor(office.part("worker", STAYS)).start())
            except RuntimeError as error:
                problems.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join(IN_TIME)
        assert "main thread" in str(problems[0])

    async def test_leaves_nothing_when_it_is_cancelled(self, office: Office) -> None:
        """Ctrl-C during the start is as good a moment as any other."""
        parts = office.part("server", STAYS), office.part("worker", STAYS, ready=never)
        starting = asyncio.create_task(office.supervisor(*parts).start())
        await eventually(lambda: office.note("worker").exists() and office.pid("worker"))
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert not is_alive(office.pid("server"))
        assert not is_alive(office.pid("worker"))


class TestRestart:
    async def test_brings_back_a_part_that_was_killed_and_tells_the_console(self, office: Office) -> None:
        """The office goes on while people read the console."""
        async with office.supervisor(office.part("worker", STAYS)):
            killed = office.pid("worker")
            os.kill(killed, signal.SIGKILL)
            await eventually(lambda: office.note("worker").read_text().strip() != str(killed))
            await eventually(lambda: office.note("worker").read_text().strip())
            assert is_alive(office.pid("worker"))
        assert "worker ended (killed by SIGKILL); started again in 0.5 s" in office.said
        assert not is_alive(office.pid("worker"))

    async def test_waits_longer_each_time(self, office: Office) -> None:
        """A part that cannot live must not use up the machine."""
        async with office.supervisor(office.part("worker", DIES_WITH_DIARY)):
            office.diary.touch()
            await eventually(lambda: "worker ended (exit 1); started again in 2 s" in office.said)
        assert [line for line in office.said if "ended" in line] == [
            "worker ended (exit 1); started again in 0.5 s",
            "worker ended (exit 1); started again in 1 s",
            "worker ended (exit 1); started again in 2 s",
        ]

    async def test_waits_no_longer_for_a_part_that_had_run_well(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A part that dies once a month can live. The test shortens the minute that counts as having run well."""
        monkeypatch.setattr(supervisor_module, "_RAN_WELL", timedelta(0))
        async with office.supervisor(office.part("worker", DIES_WITH_DIARY)):
            office.diary.touch()
            await eventually(lambda: sum("ended" in line for line in office.said) == 2)
        assert "worker ended (exit 1); started again in 1 s" not in office.said

    async def test_clears_what_the_dead_part_left(self, office: Office) -> None:
        """A forgotten grandchild may hold the port that the restarted part needs."""
        async with office.supervisor(office.part("worker", FORGETFUL)):
            left = office.pid("worker")
            leader = psutil.Process(left).parent()
            assert leader is not None
            leader.kill()
            await eventually(lambda: not is_alive(left))

    async def test_raises_what_it_cannot_go_on_with(self, office: Office) -> None:
        """The supervisor does not silently give up a part whose log can no longer be written."""
        async with office.supervisor(office.part("worker", STAYS)) as supervisor:
            office.log("worker").unlink()
            office.log("worker").mkdir()
            os.kill(office.pid("worker"), signal.SIGKILL)
            with pytest.raises(IsADirectoryError):
                async with asyncio.timeout(IN_TIME):
                    await supervisor.run_until(asyncio.Event())


class TestRunUntil:
    async def test_ends_with_the_event(self, office: Office) -> None:
        stop = asyncio.Event()
        async with office.supervisor(office.part("worker", STAYS)) as supervisor:
            running = asyncio.create_task(supervisor.run_until(stop))
            done, _ = await asyncio.wait({running}, timeout=0.1)
            assert not done
            stop.set()
            await asyncio.wait_for(running, IN_TIME)


class TestStop:
    async def test_asks_in_reverse_order(self, office: Office) -> None:
        """A worker finishes its work while its server is still there."""
        parts = [office.part(name, SAYS_BYE) for name in ("first", "second")]
        async with office.supervisor(*parts):
            pass
        assert office.diary.read_text().splitlines() == ["bye from second", "bye from first"]
        assert office.said[-2:] == ["stopping second", "stopping first"]

    async def test_kills_what_does_not_stop(self, office: Office) -> None:
        async with office.supervisor(office.part("worker", STUBBORN), grace=timedelta(seconds=0.3)):
            pid = office.pid("worker")
        assert not is_alive(pid)

    async def test_takes_along_what_a_part_left_behind(self, office: Office) -> None:
        """A grandchild that ignores SIGTERM outlives its parent, but not the supervisor."""
        async with office.supervisor(office.part("worker", FORGETFUL)):
            left = office.pid("worker")
            assert is_alive(left)
        await eventually(lambda: not is_alive(left))

    async def test_starts_nothing_again(self, office: Office) -> None:
        """A part in its pause before a restart stays down."""
        async with office.supervisor(office.part("worker", STAYS)):
            killed = office.pid("worker")
            os.kill(killed, signal.SIGKILL)
            await eventually(lambda: any("ended" in line for line in office.said))
        assert office.pid("worker") == killed

    async def test_kills_when_it_is_cancelled(self, office: Office) -> None:
        """The second Ctrl-C ends the waiting, not the cleaning."""
        supervisor = office.supervisor(office.part("worker", STUBBORN))
        await supervisor.start()
        stopping = asyncio.create_task(supervisor.stop())
        await eventually(lambda: "stopping worker" in office.said)
        stopping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopping
        assert not is_alive(office.pid("worker"))


class TestProcess:
    @contextlib.contextmanager
    def start(self, folder: Path, script: str, depth: int) -> Iterator[subprocess.Popen[str]]:
        """Start a process with a supervisor in it, and go on once every process below it is ready."""
        process = subprocess.Popen(
            [sys.executable, "-c", NESTED, str(depth), script, str(folder), NESTED],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        for line in process.stdout:
            if "all is ready" in line:
                break
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def wait_for_death(self, *processes: psutil.Process) -> None:
        deadline = time.monotonic() + IN_TIME
        while any(is_alive(process.pid) for process in processes):
            assert time.monotonic() < deadline, "something was left behind"
            time.sleep(0.02)

    @pytest.mark.parametrize("depth", [0, 1], ids=["child", "child and grandchild"])
    def test_that_is_killed_leaves_nobody(self, tmp_path: Path, depth: int) -> None:
        """SIGKILL runs no clean-up, so only the leash works."""
        with self.start(tmp_path, STUBBORN, depth) as process:
            below = psutil.Process(process.pid).children(recursive=True)
            assert len(below) > depth
            process.kill()
            self.wait_for_death(*below)

    def test_stops_its_children_after_one_interrupt(self, tmp_path: Path) -> None:
        with self.start(tmp_path, STAYS, 0) as process:
            below = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(signal.SIGINT)
            said, problems = process.communicate(timeout=IN_TIME)
        assert "stopping part" in said
        assert (problems, process.returncode) == ("", 130)
        self.wait_for_death(*below)

    def test_kills_stubborn_children_after_the_second_interrupt(self, tmp_path: Path) -> None:
        """A user who presses Ctrl-C twice does not want to wait."""
        with self.start(tmp_path, STUBBORN, 0) as process:
            below = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(signal.SIGINT)
            assert process.stdout is not None
            assert process.stdout.readline() == "stopping part\n"
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            _, problems = process.communicate(timeout=IN_TIME)
            assert time.monotonic() - began < 10, "it waited for the grace of 15 s"
        assert (problems, process.returncode) == ("", 130)
        self.wait_for_death(*below)

    def test_keeps_an_interrupt_of_the_terminal_from_its_children(self, tmp_path: Path) -> None:
        """Ctrl-C goes to a whole process group; a child in it would die out of turn."""
        with self.start(tmp_path, STAYS, 0) as process:
            (child, *_) = psutil.Process(process.pid).children()
            assert os.getsid(child.pid) != os.getsid(process.pid)
            process.kill()
            self.wait_for_death(child)
