"""What an accepted order costs, beside a bare `start_workflow` on the same server: `make bench`.

Machines are noisy and shared: trust the ratios of one run, not the absolutes of two. Prints
- API CPU for each accepted order (the API process alone),
- the rate of `POST /orders` ÷ the rate of raw `start_workflow`, 16 at a time, on the same server,
- history events of an order answered on the spot, and of one that nobody touches.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import psutil
from temporalio.client import Client

from demo.embedded import Installation, prepare
from demo.stories import STORIES, Teller, tell
from messages.names import NAMESPACE, TASK_QUEUE, order_workflow_id
from messages.orders import OpenTask, StartOrder
from runtime.supervisor import Supervisor
from runtime.temporal import connect

CONCURRENT = 16


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=400, help="orders of each round (default 400)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, alternating ours and bare (default 3)")
    parser.add_argument(
        "--no-stories", action="store_true", help="leave out the two history counts (two minutes)"
    )
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.orders, arguments.rounds, stories=not arguments.no_stories))


async def measure(orders: int, rounds: int, *, stories: bool) -> None:
    """Start an installation of its own, measure, and print."""
    say(f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {orders} orders × {rounds} rounds")
    with tempfile.TemporaryDirectory(prefix="dingdan-bench-") as folder:
        installation = await prepare(Path(folder), policy_version="standard", port=0, report=_quiet)
        # Without a worker nothing but the intake competes for the cores.
        async with Supervisor(installation.parts[:2], say=_quiet):
            await _intake(installation, orders, rounds, "no worker")
        # As in use: every start, ours and the bare one, is also a first workflow task for the worker.
        async with Supervisor(installation.parts, say=_quiet):
            await _intake(installation, orders, rounds, "with a worker")
    if stories:
        with tempfile.TemporaryDirectory(prefix="dingdan-bench-") as folder:
            installation = await prepare(Path(folder), policy_version="seconds", port=0, report=_quiet)
            async with Supervisor(installation.parts, say=_quiet):
                await _histories(installation)


async def _intake(installation: Installation, orders: int, rounds: int, how: str) -> None:
    client = await connect(target_host=installation.temporal_address, namespace=NAMESPACE)
    parts = {"API": _process("api"), "Temporal": _process("start-dev"), "this program": psutil.Process()}
    limits = httpx2.Limits(max_connections=CONCURRENT)
    async with httpx2.AsyncClient(
        base_url=installation.api_url, limits=limits, timeout=30, trust_env=False
    ) as http:
        await _rate(50, lambda: _post(http, installation))
        await _rate(50, lambda: _start(client))
        ratios, cpus = [], []
        for number in range(1, rounds + 1):
            spent = {name: _cpu(process) for name, process in parts.items()}
            ours = await _rate(orders, lambda: _post(http, installation))
            each = {name: (_cpu(process) - spent[name]) / orders * 1000 for name, process in parts.items()}
            bare = await _rate(orders, lambda: _start(client))
            ratios.append(ours / bare)
            cpus.append(each["API"])
            rates = f"POST {ours:.0f}/s, raw start {bare:.0f}/s, ratio {ours / bare:.2f}"
            say(
                f"{how}, round {number}: {rates}; CPU-ms "
                + ", ".join(f"{n} {ms:.1f}" for n, ms in each.items())
            )
    say(f"{how}: API CPU per accepted order: {_median(cpus):.2f} ms (median; goal ≤ 7)")
    say(
        f"{how}: POST /orders ÷ raw start_workflow, {CONCURRENT} at a time: {_median(ratios):.2f} (median; goal ≥ 0.8)"
    )


async def _histories(installation: Installation) -> None:
    client = await connect(target_host=installation.temporal_address, namespace=NAMESPACE)
    async with httpx2.AsyncClient(base_url=installation.api_url, timeout=30, trust_env=False) as http:
        teller = Teller(installation=installation, http=http)
        names = {"on the spot": "_on_the_spot", "untouched": "_untouched"}
        chosen = {
            title: next(each for each in STORIES if each.tell.__name__ == function)
            for title, function in names.items()
        }
        told = await asyncio.gather(*(tell(story, teller) for story in chosen.values()))
        for title, order in zip(chosen, told, strict=True):
            history = await client.get_workflow_handle(order_workflow_id(order.order_no)).fetch_history()
            budget = " (budget ≤ 60)" if title == "on the spot" else ""
            say(f"history events of an order {title}, whole life: {len(history.events)}{budget}")


async def _rate(count: int, work: Callable[[], Awaitable[None]]) -> float:
    """Do something so many times, 16 at a time, and give how many a second."""
    gate = asyncio.Semaphore(CONCURRENT)

    async def one() -> None:
        async with gate:
            await work()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(count)))
    return count / (time.perf_counter() - began)


async def _post(http: httpx2.AsyncClient, installation: Installation) -> None:
    response = await http.post(
        "/api/v1/orders",
        json={
            "channel": "hotline",
            "kind": "complaint",
            "description": "路边停放多辆废弃车辆，长期无人处理，请尽快清走。",
            "requester": {"phone": "000-0000"},
            "place": {"community": "community-03"},
        },
        headers={
            "Authorization": f"Bearer {installation.keys['demo-hotline']}",
            "Idempotency-Key": uuid.uuid4().hex,
        },
    )
    assert response.status_code == httpx2.codes.CREATED, response.text


async def _start(client: Client) -> None:
    """Start the same workflow with an input of the same size, as barely as the SDK allows."""
    number = uuid.uuid4().hex
    await client.start_workflow("Order", _input(number), id=f"bare-{number}", task_queue=TASK_QUEUE)


def _input(number: str) -> StartOrder:
    now = datetime.now(UTC)
    task = OpenTask(
        task_id=number,
        kind="first_contact",
        unit="street",
        tier="street",
        role="duty_officer",
        opened_at=now,
        due_at=now + timedelta(hours=2),
        remind_at=now + timedelta(hours=1),
    )
    return StartOrder(
        order_no=number,
        policy="standard",
        channel="hotline",
        community="community-03",
        received_at=now,
        can_be_called=True,
        first_task=task,
    )


def _process(word: str) -> psutil.Process:
    for child in psutil.Process().children(recursive=True):
        if word in child.cmdline():
            return child
    raise RuntimeError(f"there is no process with {word}")


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _quiet(_line: Any) -> None:
    return


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
