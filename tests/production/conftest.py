"""The production stack, once for all its tests, started from an installed wheel."""

import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from demo.embedded import Installation
from demo.teller import Teller
from tests.support.machine import postgres
from tests.support.machine.compose import ROOT
from tests.support.machine.official import NoOfficialServer
from tests.support.machine.production import Stack, founded, serving, standing


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test below this folder, since it needs minutes and its own server."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.production)
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def dingdan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Follow the image's build step by step, and return the installed program."""
    folder = tmp_path_factory.mktemp("image")
    source, target = folder / "src", folder / "opt"
    source.mkdir()
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if line.startswith("!"):
            path = ROOT / line.removeprefix("!")
            copy = shutil.copytree if path.is_dir() else shutil.copy
            copy(path, source / path.name)
    dockerfile = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
    (build,) = (
        each for each in re.findall(r"^RUN ((?:.*\\\n)*.*)", dockerfile, re.MULTILINE) if "wheel" in each
    )
    uv = shutil.which("uv") or str(ROOT / ".uv" / "bin" / "uv")
    done = subprocess.run(
        ["sh", "-euc", build.replace("/opt/dingdan", str(target)).replace("\\\n", " ")],
        cwd=source,
        env={**os.environ, "PATH": f"{Path(uv).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return target / "bin" / "dingdan"


@contextmanager
def or_skip() -> Iterator[None]:
    """Skip tests whose programs are not installed; in CI they must be."""
    try:
        yield
    except (postgres.NoPostgres, NoOfficialServer) as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(dingdan: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Start PostgreSQL and Temporal, and run the jobs."""
    folder = tmp_path_factory.mktemp("stack")
    with or_skip():
        async with standing(folder, dingdan=dingdan, time_skipping=True) as started:
            yield started


@pytest_asyncio.fixture(loop_scope="session")
async def foundation(dingdan: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Start a separate PostgreSQL for a test that stops it; the test starts Temporal itself."""
    with or_skip():
        async with founded(tmp_path_factory.mktemp("foundation"), dingdan=dingdan) as started:
            yield started


@pytest.fixture
def cluster() -> Iterator[postgres.Cluster]:
    """Yield a server that archives its log, for tests that need no Temporal."""
    with or_skip():
        cluster = postgres.Cluster()
    try:
        cluster.initialise("-E", "UTF8", "--locale=C.UTF-8", "--auth-host=trust")
        cluster.start(*postgres.ARCHIVING)
        yield cluster
    finally:
        cluster.remove()


@pytest_asyncio.fixture(loop_scope="session")
async def teller(installation: Installation) -> AsyncIterator[Teller]:
    """Play channels, staff and residents over HTTP."""
    async with httpx2.AsyncClient(base_url=installation.api_url, timeout=30, trust_env=False) as http:
        yield Teller(installation=installation, http=http)


@pytest.fixture(scope="module")
def policy() -> str:
    """Return the policy of the module's orders."""
    return "seconds"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def installation(stack: Stack, policy: str) -> AsyncIterator[Installation]:
    """Start API and worker."""
    async with serving(stack, policy=policy) as started:
        yield started
