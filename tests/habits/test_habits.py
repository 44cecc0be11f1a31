"""Habits of the house that tests enforce: layers, names, documents and sizes."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

import worker
from api.pages.rendering import texts
from domain.duty.lifecycle import DUTY_TASKS, DutyTask
from domain.office.words import Role
from domain.order.lifecycle import TASKS, TaskKind
from domain.order.words import Ending, Stage
from messages import names
from runtime.settings import WrongSettings, known_settings, read_settings

ROOT = Path(__file__).parents[2]
ROOMS = (
    "activities",
    "api",
    "commands",
    "demo",
    "domain",
    "gateways",
    "messages",
    "runtime",
    "store",
    "workflows",
)


def sources(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        yield from (path for path in (ROOT / room).rglob("*.py") if "versions" not in path.parts)


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def imported(path: Path) -> Iterator[str]:
    """List what a file imports, modules and names alike."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


class TestTheLayers:
    def test_the_domain_imports_the_standard_library_and_itself(self) -> None:
        foreign = {
            name
            for path in sources("domain")
            for name in imports_of(path)
            if name.split(".")[0] not in {*sys.stdlib_module_names, "domain"}
        }
        assert foreign == set()

    def test_nothing_imports_the_composition_roots(self) -> None:
        for path in sources(*ROOMS):
            assert not {"cli", "worker", "doctor"} & set(imports_of(path)), path

    def test_nobody_imports_a_module_of_routes_but_the_application(self) -> None:
        """Code that two doors need belongs in `api/acts` or `api/contract`."""
        doors = {
            ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for path in sources("api")
            if re.search(r"^router = ", path.read_text(encoding="utf-8"), re.MULTILINE)
        }
        assert len(doors) > 15
        for path in sources(*ROOMS):
            if path != ROOT / "api" / "app.py":
                assert not doors & set(imported(path)), path

    def test_only_the_roots_read_settings(self) -> None:
        readers = {
            path.relative_to(ROOT).as_posix()
            for path in sources(*ROOMS)
            if "read_settings" in path.read_text(encoding="utf-8")
        }
        assert readers == {"api/app.py", "commands/opening.py", "runtime/settings.py"}

    @pytest.mark.parametrize(
        "path",
        list(sources(*ROOMS, "bench", "tests")),
        ids=lambda path: path.relative_to(ROOT).as_posix(),
    )
    def test_each_file_stays_readable(self, path: Path) -> None:
        lines = path.read_text(encoding="utf-8").count("\n")
        assert lines <= 500, "split it, or say in CONTRIBUTING why not"

    def test_each_package_says_what_belongs_in_it(self) -> None:
        for path in sources(*ROOMS):
            if path.name == "__init__.py":
                tree = ast.parse(path.read_text(encoding="utf-8"))
                assert ast.get_docstring(tree), path
                assert len(tree.body) == 1, path


class TestWaits:
    def test_every_wait_of_a_workflow_has_an_end(self) -> None:
        """Only `_stir` may wait without a timeout: the activity that it waits for has its own bound."""
        endless = [
            function.name
            for path in sources("workflows")
            for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(function, ast.AsyncFunctionDef)
            for call in ast.walk(function)
            if isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr == "wait_condition"
            and "timeout" not in {each.arg for each in call.keywords}
        ]
        assert endless == ["_stir"]


class TestTheSandbox:
    @pytest.mark.parametrize("module", worker.PLAIN)
    def test_lets_through_only_modules_of_plain_values(self, module: str) -> None:
        """They run with the real clock, and all orders share them: no SDK, no state, only declarations."""
        path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
        shared = {*worker.PLAIN, "collections.abc", "dataclasses", "datetime", "temporalio.common", "typing"}
        foreign = {name for name in imports_of(path) if name not in shared}
        assert {name for name in foreign if name.split(".")[0] not in {"domain", "messages"}} == set()
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign):
                assert not isinstance(node.value, (ast.Dict, ast.List, ast.Set)), ast.unparse(node)


class TestNames:
    def test_a_class_has_its_name_for_itself(self) -> None:
        """A search for a class name finds one class."""
        places: dict[str, list[str]] = {}
        for path in sources(*ROOMS):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    places.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
        assert {name: where for name, where in places.items() if len(where) > 1} == {}


class TestWords:
    def test_a_resident_has_words_for_every_stage_and_ending(self) -> None:
        words = texts()["resident"]
        assert set(words["stages"]) == set(Stage)
        assert set(words["endings"]) == set(Ending)

    def test_the_glossary_names_every_kind_of_task_and_every_outcome(self) -> None:
        glossary = (ROOT / "docs/glossary.md").read_text(encoding="utf-8") + (
            ROOT / "docs/lifecycle.md"
        ).read_text(encoding="utf-8")
        rows = [*TASKS.values(), *DUTY_TASKS.values()]
        words = {*TaskKind, *DutyTask, *(each.name for row in rows for each in row.outcomes)}
        assert {word for word in words if f"`{word}`" not in glossary} == set()

    def test_role_codes_are_those_of_the_contract(self) -> None:
        assert " ".join(Role) == (
            "community_worker duty_officer street_desk unit_handler unit_head street_leader liaison district_desk "
            "call_back_officer auditor administrator"
        )

    def test_wire_names_are_spelled_once(self) -> None:
        for name in (names.COMPLETE_TASK, names.ORDER_ACTION, names.DRAIN_OUTBOX):
            users = [
                path
                for path in sources(*ROOMS)
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.Constant) and node.value == name
            ]
            assert [path.name for path in users] == ["names.py"], name


class TestSettings:
    @pytest.fixture(autouse=True)
    def _environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in known_settings():
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("DINGDAN_DATABASE_URL", "sqlite:///x.db")
        monkeypatch.setenv("DINGDAN_SECRET_KEY", "k" * 40)

    def test_are_read_from_the_environment(self) -> None:
        settings = read_settings()
        assert isinstance(settings, BaseSettings)
        assert settings.policy == "standard"
        assert "kkkk" not in repr(settings)

    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("DINGDAN_POLCIY", "seconds", "did you mean DINGDAN_POLICY"),
            ("DINGDAN_SECRET_KEY", "short", "DINGDAN_SECRET_KEY"),
            ("DINGDAN_DATABASE_URL", "mysql://x", "DINGDAN_DATABASE_URL"),
            ("DINGDAN_THREADS", "many", "DINGDAN_THREADS"),
        ],
    )
    def test_that_are_wrong_are_named(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
    ) -> None:
        monkeypatch.setenv(name, value)
        with pytest.raises(WrongSettings, match=said):
            read_settings()

    def test_that_are_missing_are_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("DINGDAN_SECRET_KEY")
        with pytest.raises(WrongSettings, match="DINGDAN_SECRET_KEY"):
            read_settings()

    def test_are_all_in_the_documents(self) -> None:
        page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
        assert {name for name in known_settings() if name not in page} == set()
