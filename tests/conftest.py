"""Fixtures of all tests: a real Temporal server, a real store, a real worker."""

import os
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio
import structlog
from hypothesis import HealthCheck, settings
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

import worker
from domain.calendar.workdays import Wall
from domain.order.policy import BOOKS, SECONDS
from messages.names import NAMESPACE
from runtime.temporal import Orders, set_up
from store.database import Store
from tests.support.machine import devserver, postgres
from tests.support.machine.databases import Databases, PostgresDatabases, SqliteFiles, prepared
from tests.support.machine.ending import end_in_order
from tests.support.machine.production import standing
from tests.support.office import SEAL, Office

settings.register_profile("mutants", suppress_health_check=[HealthCheck.differing_executors], database=None)
"""For `make mutants`: its tool runs the tests more than once in one process."""
settings.register_profile("usual", deadline=None)
settings.load_profile("usual")
"""A busy machine is no fault."""
PATIENT, HASTY = "patient", "hasty"
"""The books of the tests: clocks that outlast any test, and clocks that run out while it waits for them."""


def pytest_configure() -> None:
    """Prepare a process of the run.

    No process outlives it. Garbage is collected as the worker does it: a long pause looks like a deadlock. And errors
    are logged without the values of local variables: to print them all took half a minute.
    """
    end_in_order()
    worker.pace_garbage_collection()
    render = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, render])


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options for the Temporal server, the database and the worker's cache."""
    parser.addoption(
        "--temporal", default="embedded", help="embedded, official, or host:port of a Temporal server"
    )
    parser.addoption(
        "--database", default="sqlite", choices=["sqlite", "postgres"], help="where the store is"
    )
    parser.addoption(
        "--cache",
        default=worker.CACHED_ORDERS,
        type=int,
        help="workflows kept in memory; 0 replays every task",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, on PostgreSQL, the tests of SQLite and those that meet no other server there."""
    if config.getoption("--database") == "postgres":
        servers = {"databases"} | ({"temporal"} if config.getoption("--temporal") != "embedded" else set())
        items[:] = [
            item
            for item in items
            if servers.intersection(getattr(item, "fixturenames", ()))
            and item.get_closest_marker("sqlite") is None
        ]


@pytest.fixture(scope="session", autouse=True)
def _books_of_the_tests() -> None:
    """Add the books: most tests are about people's acts, and a busy machine must not let a clock run out meanwhile."""
    second = timedelta(seconds=1)
    hasty = replace(
        SECONDS,
        version=HASTY,
        first_contact=Wall(2 * second),
        desk=Wall(second),
        acknowledge=Wall(second),
        class_limits=dict.fromkeys(SECONDS.class_limits, Wall(3 * second)),
        minimum_remainder=dict.fromkeys(SECONDS.class_limits, Wall(second)),
        escalated=dict.fromkeys(SECONDS.class_limits, Wall(1.5 * second)),
        explain=Wall(1.5 * second),
        rework=Wall(2 * second),
        follow_up=Wall(2 * second),
        supervision_first=Wall(second),
        supervision_longest=Wall(4 * second),
        reopening_window=Wall(second),
        review=Wall(2 * second),
        assist=Wall(second),
        ask_resident=Wall(second),
        pause_longest=5 * second,
    )
    long = Wall(600 * second)
    patient = replace(
        hasty,
        version=PATIENT,
        first_contact=long,
        desk=long,
        acknowledge=long,
        class_limits=dict.fromkeys(SECONDS.class_limits, Wall(1800 * second)),
        minimum_remainder=dict.fromkeys(SECONDS.class_limits, long),
        escalated=dict.fromkeys(SECONDS.class_limits, Wall(900 * second)),
        explain=Wall(900 * second),
        rework=long,
        follow_up=Wall(10 * second),  # many stories end because nobody calls the resident back
        supervision_first=long,
        supervision_longest=Wall(2400 * second),
        review=long,
        assist=long,
        ask_resident=long,
    )
    BOOKS.update({HASTY: hasty, PATIENT: patient})


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def temporal(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Client]:
    """Yield a client of a running server with everything registered."""
    address = request.config.getoption("--temporal")
    if address == "official":
        async with standing(tmp_path_factory.mktemp("stack")) as stack:
            yield await stack.client()
        return
    if address != "embedded":
        client = await Client.connect(address, namespace=NAMESPACE, data_converter=pydantic_data_converter)
        await set_up(client)
        yield client
        return
    async with devserver.running() as client:
        yield client


@pytest.fixture(scope="session")
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    """Migrate and seed once, on SQLite or on a PostgreSQL server of this run."""
    folder = tmp_path_factory.mktemp("databases")
    if request.config.getoption("--database") == "sqlite":
        yield prepared(SqliteFiles(folder))
        return
    try:
        with postgres.running() as cluster:
            yield prepared(PostgresDatabases(cluster))
    except postgres.NoPostgres as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture
def store(databases: Databases) -> Iterator[Store]:
    """Yield the test's own store, with the demo office in it."""
    url = databases.copy()
    store = Store(url)
    yield store
    store.close()
    databases.remove(url)


@pytest_asyncio.fixture(loop_scope="session")
async def closed_office(
    temporal: Client, store: Store, request: pytest.FixtureRequest
) -> AsyncIterator[Office]:
    """Yield an office whose worker is not running yet; at the end every order's history is replayed."""
    queue = f"test-{uuid.uuid4()}"
    office = Office(
        store=store,
        orders=Orders(temporal, task_queue=queue, seal=SEAL),
        client=temporal,
        policy=HASTY if request.node.get_closest_marker("hasty") else PATIENT,
        queue=queue,
        cache=request.config.getoption("--cache"),
    )
    yield office
    await office.replay()


@pytest_asyncio.fixture(loop_scope="session")
async def office(closed_office: Office) -> AsyncIterator[Office]:
    """Yield an office at work."""
    async with closed_office.at_work():
        yield closed_office
