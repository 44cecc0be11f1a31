"""A backup, a restore to one instant and the steps after it, with the commands of `docs/runbooks.md`."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from temporalio.service import RPCError, RPCStatusCode

from demo.teller import StoryFailed, Teller, Told
from messages.names import order_workflow_id
from tests.support.machine.postgres import ARCHIVING, Cluster
from tests.support.machine.production import Stack, orchestrated, serving

QUIET = timedelta(seconds=2)
"""After this time nothing is under way that only one of the databases knows."""
BODY = {
    "kind": "complaint",
    "description": "路边停放多辆废弃车辆，长期无人处理。",
    "requester": {"phone": "000-0000"},
    "place": {"community": "community-03"},
    "category": "noise",
}


@asynccontextmanager
async def open_office(stack: Stack) -> AsyncIterator[Teller]:
    """Start API and worker under the real policy, so that nothing becomes due meanwhile."""
    async with (
        serving(stack, policy="standard") as installation,
        httpx2.AsyncClient(base_url=installation.api_url, timeout=30, trust_env=False) as http,
    ):
        yield Teller(installation=installation, http=http)


async def place(teller: Teller) -> Told:
    told = await teller.place("hotline", BODY)
    await told.task("first_contact")
    return told


def sql(cluster: Cluster, statement: str) -> str:
    return cluster.run("psql", "-qAtc", statement).strip()


def segments(cluster: Cluster) -> list[str]:
    return sorted(path.name for path in cluster.archive.iterdir() if re.fullmatch(r"[0-9A-F]{24}", path.name))


def bases(cluster: Cluster) -> list[str]:
    return sorted(path.name for path in cluster.backups.iterdir())


async def test_everything_comes_back_to_one_instant(foundation: Stack) -> None:
    cluster = foundation.cluster

    async def run(*command: str) -> str:
        return await asyncio.to_thread(cluster.run, *command)

    async with orchestrated(foundation), open_office(foundation) as teller:
        kept = [await place(teller)]
        await run("backup.sh")
        old_base, old_segments = bases(cluster), segments(cluster)
        kept.append(await place(teller))
        said = await run("backup.sh", "1")
        (base,) = bases(cluster)
        assert [base] != old_base
        first = re.search(r"from ([0-9A-F]{24}) on", said)
        assert first
        assert old_segments
        assert set(segments(cluster)).isdisjoint(old_segments)
        assert min(segments(cluster)) >= first[1]

        await kept[0].decide("first_contact", "refer", text="请派单")
        await kept[0].task("classify")
        kept.append(await place(teller))
        await asyncio.sleep(QUIET.total_seconds())
        instant = await asyncio.to_thread(sql, cluster, "SELECT clock_timestamp()")
        await asyncio.sleep(QUIET.total_seconds())
        lost = await place(teller)
        await kept[1].decide("first_contact", "refer", text="请派单")

    await asyncio.to_thread(cluster.stop, "fast")
    said = await run("restore.sh", base, instant)
    assert f"{base} is laid out in {cluster.data}" in said
    foundation.start_postgres()

    async with orchestrated(foundation):
        said = await asyncio.to_thread(foundation.run, "setup", "dingdan", "check")
        # Three orders, and those meetings of the month that were opened.
        assert said.endswith(" order(s) checked, 0 finding(s)\n")
        client = await foundation.client()
        with pytest.raises(RPCError) as gone:
            await client.get_workflow_handle(order_workflow_id(lost.order_no)).describe()
        assert gone.value.status is RPCStatusCode.NOT_FOUND
        async with open_office(foundation) as teller:
            with pytest.raises(StoryFailed, match="404"):
                await replace(lost, teller=teller).order()
            after = [replace(told, teller=teller) for told in kept]
            assert [(await told.order())["stage"] for told in after] == [
                "classification",
                "first_contact",
                "first_contact",
            ]
            # Orders go on, and new ones are placed.
            await after[1].decide("first_contact", "refer", text="请派单")
            await place(teller)
            await run("backup.sh", "1")
            assert bases(cluster) > [base]


def test_what_a_killed_server_could_not_archive_is_not_lost(cluster: Cluster) -> None:
    cluster.run("backup.sh")
    sql(cluster, "CREATE TABLE note AS SELECT 'the last word' AS text")
    cluster.stop("immediate")
    (base,) = bases(cluster)
    cluster.run("restore.sh", base, "latest")
    cluster.start(*ARCHIVING)
    assert sql(cluster, "SELECT text FROM note") == "the last word"


def test_a_restore_that_went_too_far_back_can_be_repeated(cluster: Cluster) -> None:
    """The log has branched: without the last argument the second restore would follow the branch of the first."""

    def restored(*to: str) -> str:
        cluster.stop("fast")
        cluster.run("restore.sh", *bases(cluster), *to)
        cluster.start(*ARCHIVING)
        return sql(cluster, "SELECT string_agg(text, ' ' ORDER BY at) FROM note")

    sql(cluster, "CREATE TABLE note (text text, at timestamptz DEFAULT clock_timestamp())")
    cluster.run("backup.sh")
    sql(cluster, "INSERT INTO note VALUES ('early')")
    instant = sql(cluster, "SELECT clock_timestamp()")
    sql(cluster, "INSERT INTO note VALUES ('late')")
    assert restored(instant) == "early"
    sql(cluster, "INSERT INTO note VALUES ('after')")
    assert restored("latest") == "early after"
    assert restored("latest", "current") == "early late"
