"""Processes that cannot start say which part is at fault and what to do, and end with 1, never with a traceback."""

import asyncio
import json
import os
import sys
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from runtime.machine.leash import leash_environment, leashed
from runtime.machine.ports import HOST, free_port
from store.database import Store
from store.migrating import migrate
from tests.support.commands import typed
from tests.support.machine.databases import Databases, PostgresDatabases

LOGIN = "clerk"
DINGDAN = Path(sys.executable).with_name("dingdan")
SETTINGS = {"DINGDAN_SECRET_KEY": "k" * 32, "DINGDAN_LOG_FORMAT": "json", "TEMPORAL_NAMESPACE": "dingdan"}


COMMANDS_OF_OPERATORS = [
    ("client", "list"),
    ("client", "add", "hotline", "--channel", "hotline"),
    ("user", "add", "somebody", "--name", "Somebody", "--unit", "street", "--role", "auditor"),
    ("check",),
    ("rebuild", "--all"),
    ("attachments", "sweep"),
]
"""Commands that run on an existing store."""


@dataclass
class Ended:
    """The exit code and the output of a process that has ended."""

    code: int
    said: str


async def start(*arguments: str, **settings: str) -> Ended:
    """Run a command until it ends, without loading the program for each one."""
    code, said = await typed(*arguments, environment=environment(settings))
    return Ended(code=code, said=said)


async def run(*program: str, **settings: str) -> Ended:
    """Run a program until it ends."""
    process = await asyncio.create_subprocess_exec(
        *program,
        env=environment(settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    assert process.returncode is not None
    return Ended(code=process.returncode, said=said.decode())


@dataclass
class Api:
    """A serving API, with its log and its readiness."""

    url: str
    said: asyncio.StreamReader

    async def line(self, event: str) -> dict[str, Any]:
        """Read its log up to the line with this name."""
        async with asyncio.timeout(60):
            while line := await self.said.readline():
                if line.startswith(b"{") and (said := json.loads(line))["event"] == event:
                    return dict(said)
        raise AssertionError(event)

    async def ready(self) -> dict[str, Any]:
        """Ask for its readiness as soon as it listens."""
        transport = httpx2.AsyncHTTPTransport(retries=5)
        async with httpx2.AsyncClient(base_url=self.url, transport=transport) as http:
            return dict((await http.get("/readyz", timeout=10)).json())


@asynccontextmanager
async def serving(**settings: str) -> AsyncIterator[Api]:
    """Run the API until the test is over."""
    port = free_port(0)
    process = await asyncio.create_subprocess_exec(
        *leashed([str(DINGDAN), "api", "--port", str(port)]),
        env={**environment(settings), **leash_environment()},
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        yield Api(url=f"http://{HOST}:{port}", said=process.stderr)
    finally:
        process.terminate()
        _, rest = await process.communicate()
    assert b"Traceback" not in rest


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Build the environment of a process: of our own variables it has only the given ones."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("DINGDAN_", "TEMPORAL_"))
    }
    return {**inherited, **SETTINGS, **settings}


def faulty(ended: Ended, *words: str, code: int = 1) -> None:
    """Check that a process failed with these words and without a traceback."""
    assert ended.code == code, ended.said
    assert "Traceback" not in ended.said
    for word in words:
        assert word in ended.said, ended.said


@pytest.fixture
def nobody() -> str:
    """Return an address where nothing listens."""
    return f"{HOST}:{free_port(0)}"


@pytest.fixture
def migrated(tmp_path: Path) -> str:
    """Return the URL of a store at this version."""
    url = f"sqlite:///{tmp_path}/dingdan.db"
    store = Store(url)
    migrate(store.engine)
    store.close()
    return url


@pytest.mark.parametrize("command", ["api", "worker", "setup", "migrate", "check"])
class TestSettings:
    async def test_that_are_unknown_are_named_with_the_nearest(self, command: str, migrated: str) -> None:
        ended = await start(command, DINGDAN_DATABASE_URL=migrated, DINGDAN_POLICE="standard")
        faulty(ended, "DINGDAN_POLICE", "did you mean DINGDAN_POLICY?")

    async def test_that_are_missing_are_named(self, command: str) -> None:
        faulty(await run(str(DINGDAN), command), "DINGDAN_DATABASE_URL", "required")

    @pytest.mark.parametrize("url", ["mysql://a:secret@b/c", "postgresql://a:secret@b:port/c"])
    async def test_with_a_wrong_address_are_named_without_its_password(self, command: str, url: str) -> None:
        ended = await start(command, DINGDAN_DATABASE_URL=url)
        assert ended.code in {1, 2}
        assert "Traceback" not in ended.said
        assert "DINGDAN_DATABASE_URL" in ended.said
        assert "secret" not in ended.said


@pytest.mark.parametrize("command", ["api", "worker", "migrate"])
class TestADatabaseThatIsAway:
    async def test_is_named(self, command: str, nobody: str) -> None:
        url = f"postgresql://dingdan:secret@{nobody}/dingdan"
        ended = await start(command, DINGDAN_DATABASE_URL=url)
        faulty(ended, "no server listens at that address", "DINGDAN_DATABASE_URL")
        assert "secret" not in ended.said

    async def test_under_an_unknown_name_is_named(self, command: str) -> None:
        url = "postgresql://dingdan:secret@nowhere.invalid/dingdan"
        faulty(await start(command, DINGDAN_DATABASE_URL=url), "the server's name is unknown")

    async def test_for_want_of_its_folder_is_named(self, command: str, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path}/missing/dingdan.db"
        faulty(await start(command, DINGDAN_DATABASE_URL=url), "the file cannot be opened")


class TestAnAddressOfTheStore:
    @pytest.mark.parametrize("command", ["api", "worker", "setup"])
    async def test_with_an_unknown_option_is_named(self, command: str, nobody: str) -> None:
        url = f"postgresql://dingdan:secret@{nobody}/dingdan?ssl_mode=require"
        ended = await start(command, DINGDAN_DATABASE_URL=url)
        faulty(ended, "has an unknown option", "DINGDAN_DATABASE_URL")
        assert "secret" not in ended.said

    @pytest.mark.parametrize("command", ["api", "worker", "setup"])
    async def test_of_a_file_that_is_no_database_is_named(self, command: str, tmp_path: Path) -> None:
        file = tmp_path / "letter.txt"
        file.write_text("To whom it may concern, " * 100, encoding="utf-8")
        ended = await start(command, DINGDAN_DATABASE_URL=f"sqlite:///{file}")
        faulty(ended, "the file is not an SQLite database", "DINGDAN_DATABASE_URL")

    async def test_of_no_file_at_all_is_named(self) -> None:
        ended = await start("migrate", DINGDAN_DATABASE_URL="sqlite:///:memory:")
        faulty(ended, "DINGDAN_DATABASE_URL is not an address", "sqlite:////PATH")


class TestASecretKey:
    @pytest.mark.parametrize(
        "line", [("api",), ("worker",), ("migrate",), ("user", "token", "desk-1")], ids=" ".join
    )
    async def test_that_is_another_than_the_stores_is_named_with_both_remedies(
        self, line: tuple[str, ...], databases: Databases
    ) -> None:
        url = databases.copy()
        assert (await start("migrate", DINGDAN_DATABASE_URL=url)).code == 0
        ended = await start(*line, DINGDAN_DATABASE_URL=url, DINGDAN_SECRET_KEY="l" * 32)
        faulty(ended, "put the former key back", "dingdan secret-key --take-in")

    async def test_that_was_lost_is_replaced_by_a_command(self, databases: Databases) -> None:
        latter = {"DINGDAN_DATABASE_URL": databases.copy(), "DINGDAN_SECRET_KEY": "l" * 32}
        assert (await start("migrate", DINGDAN_DATABASE_URL=latter["DINGDAN_DATABASE_URL"])).code == 0
        faulty(await start("secret-key", **latter), "put the former key back")
        taken = await start("secret-key", "--take-in", **latter)
        assert taken.code == 0
        assert "0 key(s) and token(s) revoked" in taken.said
        assert (await start("secret-key", **latter)).said == "the store uses this key\n"
        assert (await start("user", "token", "desk-1", **latter)).code == 0


class TestASchema:
    @pytest.mark.parametrize("command", ["api", "worker"])
    async def test_that_is_not_there_is_to_be_made(self, command: str, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path}/empty.db"
        faulty(await start(command, DINGDAN_DATABASE_URL=url), "no tables", "dingdan migrate")

    @pytest.mark.parametrize("line", COMMANDS_OF_OPERATORS, ids=" ".join)
    async def test_that_is_not_there_is_to_be_set_up_first(
        self, line: tuple[str, ...], databases: Databases
    ) -> None:
        ended = await start(*line, DINGDAN_DATABASE_URL=databases.empty())
        faulty(ended, "no tables", "dingdan setup", code=2 if line == ("check",) else 1)

    @pytest.mark.parametrize("line", [("api",), ("worker",), *COMMANDS_OF_OPERATORS], ids=" ".join)
    async def test_of_an_older_version_is_to_be_migrated(
        self, line: tuple[str, ...], databases: Databases
    ) -> None:
        url = databases.empty()
        store = Store(url)
        migrate(store.engine, "0001")
        store.close()
        ended = await start(*line, DINGDAN_DATABASE_URL=url)
        faulty(ended, "at schema 0001", "run: dingdan migrate", code=2 if line == ("check",) else 1)

    async def test_of_another_program_is_left_alone(self, databases: Databases) -> None:
        url = databases.empty()
        store = Store(url)
        with store.write() as connection:
            connection.execute(text("CREATE TABLE staff (salary INTEGER)"))
        store.close()
        faulty(await start("setup", DINGDAN_DATABASE_URL=url), "not made by our migrations")

    @pytest.mark.parametrize("command", ["api", "worker", "migrate", "setup"])
    async def test_of_a_newer_version_is_left_alone(self, command: str, migrated: str) -> None:
        store = Store(migrated)
        with store.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        store.close()
        faulty(await start(command, DINGDAN_DATABASE_URL=migrated), "9999", "newer")


class TestAnotherWriter:
    PROGRAM = """
import cli
from sqlalchemy.exc import IntegrityError
from store.database import available

def app():
    with available():
        raise IntegrityError("INSERT", {}, RuntimeError("Key (phone)=(secret)"))

cli.app = app
cli.main()
"""

    async def test_who_was_faster_is_told_as_such(self) -> None:
        ended = await run(sys.executable, "-c", self.PROGRAM)
        faulty(ended, "another writer wrote the same at the same moment", "try again")
        assert "secret" not in ended.said


class TestATemporalServer:
    @pytest.mark.parametrize("command", ["worker", "setup"])
    async def test_that_is_away_is_named(self, command: str, migrated: str, nobody: str) -> None:
        ended = await start(command, DINGDAN_DATABASE_URL=migrated, TEMPORAL_ADDRESS=nobody)
        faulty(ended, nobody, "TEMPORAL_ADDRESS")

    @pytest.mark.parametrize(
        ("name", "value", "words"),
        [
            ("TEMPORAL_PROFILE", "prod", "there is no such profile"),
            ("TEMPORAL_CONFIG_FILE", "missing.toml", "there is no file"),
            ("TEMPORAL_CONFIG_FILE", "broken.toml", "not in order"),
            ("TEMPORAL_ADDRESS", "a host:7233", "not in order"),
            ("TEMPORAL_TLS_SERVER_CA_CERT_PATH", "missing.pem", "cannot be read"),
        ],
    )
    async def test_that_is_named_wrongly_is_to_be_named_anew(
        self, name: str, value: str, words: str, migrated: str, tmp_path: Path
    ) -> None:
        """The SDK would show the line of the file that it does not understand, and with it the secret in it."""
        (tmp_path / "broken.toml").write_text('[profile.default]\napi_key = ["secret"]\n', encoding="utf-8")
        value = str(tmp_path / value) if "." in value else value
        ended = await start("worker", DINGDAN_DATABASE_URL=migrated, **{"TEMPORAL_TLS": "true", name: value})
        faulty(ended, words, name.partition("_SERVER")[0])
        assert "secret" not in ended.said

    async def test_without_the_namespace_is_to_be_set_up(self, migrated: str, temporal: Client) -> None:
        ended = await start(
            "worker",
            DINGDAN_DATABASE_URL=migrated,
            TEMPORAL_ADDRESS=temporal.service_client.config.target_host,
            TEMPORAL_NAMESPACE="nowhere",
        )
        faulty(ended, "nowhere", "dingdan setup")

    async def test_is_waited_for_by_the_api_which_serves_and_says_so(
        self, migrated: str, temporal: Client, nobody: str
    ) -> None:
        """Temporal is away, or lacks the namespace until it is set up."""
        fresh = f"fresh-{uuid.uuid4().hex[:8]}"
        there = {
            "TEMPORAL_ADDRESS": temporal.service_client.config.target_host,
            "TEMPORAL_NAMESPACE": fresh,
        }
        async with serving(DINGDAN_DATABASE_URL=migrated, TEMPORAL_ADDRESS=nobody) as api:
            line = await api.line("orders_cannot_start")
            assert line["reason"].startswith(
                f"no Temporal server answers at {nobody}; make sure that it runs"
            )
            assert await api.ready() == {
                "status": "degraded",
                "store": "up",
                "temporal": "down",
                "reason": line["reason"],
            }
        async with serving(DINGDAN_DATABASE_URL=migrated, **there) as api:
            line = await api.line("orders_cannot_start")
            assert f"Namespace {fresh} is not found" in line["reason"]
            assert (await start("setup", DINGDAN_DATABASE_URL=migrated, **there)).code == 0
            await api.line("orders_can_start")
            async with asyncio.timeout(10):
                while (await api.ready())["status"] != "ready":  # noqa: ASYNC110 - another process sets it
                    await asyncio.sleep(0.2)

    async def test_with_an_attribute_of_another_type_is_named(self, migrated: str, temporal: Client) -> None:
        namespace = f"wrong-{uuid.uuid4().hex[:8]}"
        request = RegisterNamespaceRequest(namespace=namespace)
        request.workflow_execution_retention_period.FromSeconds(86_400)
        await temporal.workflow_service.register_namespace(request)
        async with asyncio.timeout(30):
            while not await self._add_wrong(temporal, namespace):  # noqa: ASYNC110 - the server sets no event
                await asyncio.sleep(0.2)
        settings = {
            "DINGDAN_DATABASE_URL": migrated,
            "TEMPORAL_ADDRESS": temporal.service_client.config.target_host,
            "TEMPORAL_NAMESPACE": namespace,
        }
        for command in ("worker", "setup"):
            faulty(await start(command, **settings), "Stage", "must be Keyword", "search-attribute remove")

    @staticmethod
    async def _add_wrong(temporal: Client, namespace: str) -> bool:
        try:
            await temporal.operator_service.add_search_attributes(
                AddSearchAttributesRequest(
                    namespace=namespace,
                    search_attributes={"Stage": IndexedValueType.INDEXED_VALUE_TYPE_INT},
                )
            )
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False  # the server has not heard of its own new namespace yet
            raise
        return True


class TestPostgres:
    @pytest.fixture
    def postgres(self, databases: Databases) -> PostgresDatabases:
        if not isinstance(databases, PostgresDatabases):
            pytest.skip("run with --database postgres")
        return databases

    async def test_that_has_no_such_database_says_so(self, postgres: PostgresDatabases) -> None:
        url = postgres.template().replace("template_dingdan", "nowhere")
        faulty(await start("worker", DINGDAN_DATABASE_URL=url), "there is no such database")

    async def test_that_refuses_the_password_says_so(self, postgres: PostgresDatabases) -> None:
        url = postgres.asking_for_a_password(LOGIN, "right")
        for command in ("api", "worker", "setup"):
            ended = await start(command, DINGDAN_DATABASE_URL=url.replace(":right@", ":wrong-secret@"))
            faulty(ended, "it refuses the user or the password", "DINGDAN_DATABASE_URL")
            assert "secret" not in ended.said
        ended = await start("worker", DINGDAN_DATABASE_URL=url.replace(":right@", "@"))
        faulty(ended, "it wants a password")

    async def test_whose_role_may_make_no_tables_says_so(self, postgres: PostgresDatabases) -> None:
        url = postgres.asking_for_a_password(LOGIN, "right-secret")
        ended = await start("setup", DINGDAN_DATABASE_URL=url)
        faulty(ended, "the user lacks a permission that is needed there", "own the database")
        assert "secret" not in ended.said

    async def test_whose_role_may_read_nothing_says_so(self, postgres: PostgresDatabases) -> None:
        url = postgres.asking_for_a_password(LOGIN, "right-secret", of=postgres.copy())
        for line in (("api",), ("worker",), ("client", "list")):
            faulty(
                await start(*line, DINGDAN_DATABASE_URL=url),
                "the user lacks a permission that is needed there",
            )

    async def test_in_the_wrong_locale_is_refused(self, postgres: PostgresDatabases) -> None:
        for command in ("migrate", "api", "worker"):
            ended = await start(command, DINGDAN_DATABASE_URL=postgres.with_locale("C"))
            faulty(ended, "locale C", "C.UTF-8")
