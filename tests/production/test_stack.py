"""The stack as an office would start it: the jobs, the stories, and the repeatable steps."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.stories import STORIES
from demo.teller import Story, Teller, tell
from messages import names
from messages.search_attributes import at_start
from runtime import temporal
from tests.support.machine.production import Stack


@pytest.mark.parametrize("name", ["temporal-schema", "temporal-namespace", "replay", "setup"])
async def test_a_job_can_be_repeated(stack: Stack, name: str) -> None:
    await asyncio.to_thread(stack.job, name)


async def test_orders_can_be_started_once_setup_has_ended(stack: Stack) -> None:
    """The server lists new search attributes at once, but still refuses them for some seconds."""
    client = await temporal.connect(target_host=stack.temporal_address, namespace="new")
    await temporal.set_up(client)
    attributes: dict[str, str | int | bool] = {
        "Stage": "first_contact",
        "Tier": "street",
        "Unit": "street-desk",
        "Community": "community-east",
        "Channel": "hotline",
        "Category": "noise",
        "DueAt": datetime.now(UTC).isoformat(),
        "Escalations": 0,
        "Overdue": False,
    }
    assert attributes.keys() == names.SEARCH_ATTRIBUTES.keys() - {"Class"}
    await client.start_workflow(
        "Order", id="order-1", task_queue="nobody", search_attributes=at_start(attributes)
    )


def test_the_workflow_is_installed_compiled(dingdan: Path) -> None:
    """The sandbox loads it for every order, and in the image no process could write the bytecode later."""
    (folder,) = dingdan.parents[1].glob("lib/python*/site-packages/workflows")
    sources = {each.relative_to(folder) for each in folder.rglob("*.py")}
    compiled = {
        each.parents[1].relative_to(folder) / f"{each.name.split('.')[0]}.py"
        for each in folder.rglob("*.pyc")
    }
    assert sources
    assert sources == compiled


async def test_each_role_sees_its_own_databases_only(stack: Stack) -> None:
    url = f"{stack.database_url.removesuffix('/dingdan')}/temporal"
    said = await asyncio.to_thread(stack.cluster.run, "sh", "-c", f"psql {url} -c 'SELECT 1' 2>&1 || true")
    assert "permission denied for database" in said


async def test_the_write_ahead_log_is_archived(stack: Stack) -> None:
    await asyncio.to_thread(stack.cluster.run, "psql", "-qc", "SELECT pg_switch_wal()")
    async with asyncio.timeout(30):
        while not list(stack.cluster.archive.iterdir()):  # noqa: ASYNC110 - another process writes them
            await asyncio.sleep(0.1)


async def test_every_story_ends_as_told(teller: Teller) -> None:
    async def play(story: Story) -> None:
        await tell(story, teller)

    await asyncio.gather(*map(play, STORIES))
