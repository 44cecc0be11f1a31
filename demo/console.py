"""What `dingdan up` and `dingdan demo` show on the console."""

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console
from rich.markup import escape

from demo.embedded import Installation, prepare
from demo.stories import STORIES
from demo.teller import Story, StoryFailed, Teller, Told, tell
from domain.calendar.instants import local
from domain.calendar.workdays import Wall
from domain.order.policy import newest
from messages.names import NAMESPACE
from runtime.machine.supervisor import Supervisor

_SHOWN_CLIENTS = ("demo-hotline", "demo-web")
_SHORT = timedelta(minutes=1)
_console = Console(soft_wrap=True, highlight=False)


def _say(line: str) -> None:
    _console.print(f"[dim]·[/dim] {escape(line)}")


async def serve(data_dir: Path, *, info: Path | None, policy: str, stories: bool, port: int | None) -> int:
    """Start everything, play the stories if asked to, and serve until Ctrl-C or SIGTERM."""
    stop = _stop_event()
    installation = await prepare(data_dir, policy_version=policy, port=port, report=_say)
    async with Supervisor(installation.parts, say=_say) as supervisor:
        if info is not None:
            installation.write_info(info)
        _introduce(installation)
        playing = asyncio.create_task(_play_beside(installation, wished=stories))
        try:
            await supervisor.run_until(stop)
        finally:
            playing.cancel()
            await asyncio.wait([playing])
    _say("stopped; the data stay in " + str(data_dir))
    return 0


async def play() -> int:
    """Play the stories on a temporary installation, and return 0 if each ended as expected."""
    stop = _stop_event()
    with tempfile.TemporaryDirectory(prefix="dingdan-demo-") as folder:
        installation = await prepare(Path(folder), policy_version="seconds", port=0, report=_say)
        async with Supervisor(installation.parts, say=_say) as supervisor:
            stopped = asyncio.create_task(supervisor.run_until(stop))
            playing = asyncio.create_task(_play(installation))
            await asyncio.wait([stopped, playing], return_when=asyncio.FIRST_COMPLETED)
            if not playing.done():
                playing.cancel()
                await asyncio.wait([playing])
                _say("interrupted")
                return 130
            stopped.cancel()
            failed = playing.result()
    _say(f"{len(STORIES) - failed} of {len(STORIES)} stories ended as expected")
    return 1 if failed else 0


def _stop_event() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    return stop


def _introduce(installation: Installation) -> None:
    staff = {each.username: each for each in installation.staff}
    accounts = [
        (username, ", ".join(sorted(staff[username].roles)), installation.tokens[username], password)
        for username, password in installation.passwords.items()
    ]
    keys = [(client_id, "channel key", installation.keys[client_id], "") for client_id in _SHOWN_CLIENTS]
    lines = [
        "",
        "[bold]Dingdan 订单 · a fictional office[/bold]",
        f"  Desk         {installation.api_url}/desk",
        f"  API          {installation.api_url}/api/v1/docs",
        f"  Temporal UI  {installation.temporal_ui_url}/namespaces/{NAMESPACE}/workflows",
        f"  Temporal     {installation.temporal_address}",
        f"  policy       {installation.policy}",
        f"  logs         {escape(str(installation.logs))}",
        "",
        "Demo accounts, with the passwords and bearer tokens of this start",
        *(
            f"  {name:<32} {what:<18} {password:<22} {token}"
            for name, what, token, password in (*accounts, *keys)
        ),
        "",
    ]
    for line in lines:
        _console.print(line)
    _console.print(
        "Try: "
        + escape(
            f"curl -s {installation.api_url}/api/v1/tasks -H 'Authorization: Bearer {installation.tokens['desk-1']}'"
        )
    )
    _console.print("Ctrl-C stops everything.\n")


async def _play_beside(installation: Installation, *, wished: bool) -> None:
    if not wished:
        return
    first_contact = newest(installation.policy).first_contact
    if not isinstance(first_contact, Wall) or first_contact.time > _SHORT:
        _say(f"the stories need short limits and are skipped under the policy {installation.policy}")
        return
    failed = await _play(installation)
    _say(
        f"{len(STORIES) - failed} of {len(STORIES)} stories ended as expected; still serving, Ctrl-C stops everything"
    )


async def _play(installation: Installation) -> int:
    """Tell all stories beside each other, print each as it ends, and count those that failed."""
    _say(f"telling {len(STORIES)} stories; the one that nobody touches takes about two minutes")
    async with telling(installation) as teller:
        tasks = [asyncio.create_task(_tell_and_print(story, teller)) for story in STORIES]
        try:
            return sum([not await each for each in asyncio.as_completed(tasks)])
        finally:
            for each in tasks:
                each.cancel()


@asynccontextmanager
async def telling(installation: Installation) -> AsyncIterator[Teller]:
    """Yield a teller of stories for a running installation."""
    async with httpx2.AsyncClient(base_url=installation.api_url, timeout=30, trust_env=False) as http:
        yield Teller(installation=installation, http=http)


async def _tell_and_print(story: Story, teller: Teller) -> bool:
    try:
        told = await tell(story, teller)
        order, events = await told.order(), await told.events()
    except (StoryFailed, httpx2.HTTPError) as failure:
        _console.print(f"[red]✗ {escape(story.title)}[/red]\n  {escape(str(failure))}")
        return False
    _console.print(_timeline(story, told, order, events))
    return True


def _timeline(story: Story, told: Told, order: dict[str, Any], events: Sequence[dict[str, Any]]) -> str:
    """Write an order's events as lines: when, what, by whom and by which door, with due times and clocks that fired."""
    ending = f"{order['ending']} · {order['tier']} {order['unit']} · escalations {order['escalations']}"
    lines = [f"[green]✓ {escape(story.title)}[/green]", f"  {told.order_no} · {ending}"]
    began = datetime.fromisoformat(events[0]["at"])
    for each in events:
        at = datetime.fromisoformat(each["at"])
        data = {key: value for key, value in each["data"].items() if key not in {"due_at", "decision_id"}}
        details = [", ".join(f"{key} {value}" for key, value in data.items())]
        if due := each["data"].get("due_at"):
            details.append(f"due {local(datetime.fromisoformat(due)):%H:%M:%S}")
        if clock := _CLOCKS.get(each["type"]):
            details.append(f"⏰ {clock}")
        when, who = f"+{(at - began).total_seconds():.1f} s", f"{each['actor']} ({each['via']})"
        lines.append(f"  {when:>9}  {each['type']:<19} {who:<42} {escape(' · '.join(filter(None, details)))}")
    return "\n".join(lines)


_CLOCKS = {
    "LimitPassed": "the limit fired",
    "TaskReminded": "the reminder fired",
    "MatterArchived": "the reopening window ended",
}
