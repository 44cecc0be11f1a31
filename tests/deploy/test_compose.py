"""Checks of `docker-compose.yml` that need no containers: commands, variables, images, fences."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from typer.core import TyperGroup

import cli
from runtime.settings import Settings, known_settings
from tests.support.machine.compose import ROOT, Service, Unset, read_compose

SECRETS = ("POSTGRES_PASSWORD", "DINGDAN_DB_PASSWORD", "TEMPORAL_DB_PASSWORD", "DINGDAN_SECRET_KEY")
VALUES = {name: f"a-{name.lower()}" for name in (*SECRETS, "DINGDAN_PUBLIC_URL")}
PINNED = re.compile(r"^[\w./-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)*$")
WORKERS = 4
JOBS = {"temporal-schema", "temporal-namespace", "replay", "setup"}

SERVICES = read_compose(VALUES)
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


def example() -> dict[str, str]:
    """Read `.env.example`; its commented-out lines count as defaults."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    pairs = [line.removeprefix("#").split("=", 1) for line in lines if re.match(r"^#?[A-Z_]+=", line)]
    return dict(pairs)


def test_the_example_names_every_variable_of_the_file_and_no_other() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(\w+)", text)) == set(example())


@pytest.mark.parametrize("name", VALUES)
def test_nothing_starts_while_a_variable_is_missing(name: str) -> None:
    with pytest.raises(Unset, match=name):
        read_compose({key: value for key, value in VALUES.items() if key != name})


def test_the_example_holds_no_secret() -> None:
    assert {name: value for name, value in example().items() if name in SECRETS} == dict.fromkeys(SECRETS, "")


@each_service
def test_images_are_pinned(service: Service) -> None:
    assert PINNED.match(service.raw["image"]), service.raw["image"]
    if build := service.raw.get("build"):
        dockerfile = ROOT / build["context"] / build.get("dockerfile", "Dockerfile")
        bases = re.findall(r"^FROM (\S+)", dockerfile.read_text(encoding="utf-8"), re.MULTILINE)
        assert bases
        assert all(PINNED.match(base) for base in bases), bases


@each_service
def test_ports_are_open_to_this_machine_alone(service: Service) -> None:
    assert all(port.startswith("127.0.0.1:") for port in service.raw.get("ports", ()))


@each_service
def test_processes_are_fenced(service: Service) -> None:
    raw = service.raw
    assert raw["cap_drop"] == ["ALL"]
    assert raw["security_opt"] == ["no-new-privileges:true"]
    assert raw["read_only"] is True
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", raw["user"])
    assert not raw.get("privileged")


@pytest.mark.parametrize("path", ["deploy/Dockerfile", "deploy/postgres/Dockerfile"])
def test_our_images_do_not_run_as_root(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    last_stage = text[text.rindex("FROM ") :]
    assert re.search(r"^USER (?!root)\w+$", last_stage, re.MULTILINE)


@pytest.mark.parametrize("name", ["replay", "setup", "api", "worker"])
def test_the_program_runs_as_the_user_that_its_image_makes(name: str) -> None:
    text = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
    made = re.search(r"useradd --uid (\d+) --gid (\d+)", text)
    assert made
    assert SERVICES[name].raw["user"] == ":".join(made.groups())


def test_the_ui_writes_only_when_it_is_told_to() -> None:
    ui = SERVICES["temporal-ui"]
    assert ui.command == ("--env", "reading", "start")
    folder = ROOT / ui.raw["volumes"][0].split(":")[0]
    reading, writing = (
        yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
        for name in ("reading", "writing")
    )
    assert {path.name for path in folder.iterdir()} == {"reading.yaml", "writing.yaml"}
    assert reading.pop("disableWriteActions") is True
    assert writing.pop("disableWriteActions") is False
    assert reading == writing
    assert (reading["temporalGrpcAddress"], reading["port"]) == ("temporal:7233", 8080)


def test_postgresql_has_a_connection_for_everybody() -> None:
    options = dict(each.removeprefix("-c").split("=", 1) for each in SERVICES["postgres"].command[1:])
    temporal, api = SERVICES["temporal"].environment, SERVICES["api"].environment
    of_each_part = int(temporal["SQL_MAX_CONNS"]) + int(temporal["SQL_VIS_MAX_CONNS"])
    of_a_worker = Settings.model_fields["threads"].default
    # Frontend, history, matching and worker each open both pools; commands and psql need a few, and PostgreSQL
    # keeps three for its superuser.
    needed = 4 * of_each_part + int(api["DINGDAN_THREADS"]) + WORKERS * of_a_worker + 10 + 3
    assert needed <= int(options["max_connections"])


def test_the_image_of_postgresql_holds_the_scripts() -> None:
    text = (ROOT / "deploy/postgres/Dockerfile").read_text(encoding="utf-8")
    copied = [line.split() for line in re.findall(r"^COPY --chmod=0755 (.*)$", text, re.MULTILINE)]
    assert copied == [
        ["archive.sh", "backup.sh", "restore.sh", "/usr/local/bin/"],
        ["databases.sh", "/docker-entrypoint-initdb.d/10-databases.sh"],
    ]
    assert "-carchive_command=archive.sh %p %f" in SERVICES["postgres"].command


def test_data_can_be_moved_aside_by_a_restore() -> None:
    """The mount point of a volume cannot be renamed, but a folder inside it can."""
    postgres = SERVICES["postgres"]
    mounted = [Path(mount.split(":")[1]) for mount in postgres.raw["volumes"]]
    assert Path(postgres.environment["PGDATA"]).parent in mounted


@each_service
def test_what_runs_on_says_how_it_is(service: Service) -> None:
    if service.name in JOBS:
        assert service.raw["restart"] == "on-failure:5"
    else:
        assert service.raw["restart"] == "unless-stopped"
        assert service.raw["healthcheck"]["test"]


def test_everything_waits_for_what_it_needs() -> None:
    waits = {
        name: {other: how["condition"] for other, how in service.raw.get("depends_on", {}).items()}
        for name, service in SERVICES.items()
    }
    completed, healthy = "service_completed_successfully", "service_healthy"
    assert waits == {
        "postgres": {},
        "temporal-schema": {"postgres": healthy},
        "temporal": {"temporal-schema": completed},
        "temporal-namespace": {"temporal": healthy},
        "temporal-ui": {"temporal": healthy},
        "replay": {"temporal-namespace": completed},
        "setup": {"postgres": healthy, "replay": completed},
        "api": {"setup": completed},
        "worker": {"setup": completed},
        "prometheus": {},
    }


@each_service
def test_commands_and_mounted_files_exist(service: Service) -> None:
    for mount in service.raw.get("volumes", ()):
        source = mount.split(":")[0]
        if source.startswith("."):
            assert (ROOT / source).is_dir(), source
    if service.command[:1] == ("sh",):
        assert (ROOT / "deploy/temporal" / Path(service.command[1]).name).is_file()
    if service.command[:1] == ("dingdan",):
        group = typer.main.get_command(cli.app)
        assert isinstance(group, TyperGroup)
        name, *arguments = service.command[1:]
        # Raises the command line's own error for an option that does not exist.
        group.commands[name].make_context(name, arguments)


@each_service
def test_variables_are_known_to_the_settings(service: Service) -> None:
    named = {name for name in service.environment if name.startswith("DINGDAN_")}
    if service.command[:1] == ("dingdan",):
        assert named - set(known_settings()) == set()
    else:
        assert named <= set(SECRETS)


def test_volumes_that_are_used_are_declared() -> None:
    raw: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    used = {
        mount.split(":")[0]
        for service in raw["services"].values()
        for mount in service.get("volumes", ())
        if not mount.startswith(".")
    }
    assert used == set(raw["volumes"])


def test_the_image_is_built_from_all_that_the_wheel_holds() -> None:
    """A package that `.dockerignore` hides would silently be missing from the image."""
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"only-include = \[(.*?)\]", pyproject, re.DOTALL)
    assert block
    allowed = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    assert set(re.findall(r'"([\w.]+)"', block[1])) <= allowed


def test_scripts_stop_at_the_first_error() -> None:
    scripts = sorted((ROOT / "deploy").rglob("*.sh"))
    assert len(scripts) == 6
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        assert text.startswith("#!/bin/sh\n")
        assert "\nset -eu\n" in text
        assert shlex.split(text.splitlines()[0].removeprefix("#!")) == ["/bin/sh"]
