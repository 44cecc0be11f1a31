"""Vendored files of others: named, unchanged, and beside their licences."""

import hashlib
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
MANIFESTS = sorted(
    path for path in ROOT.rglob("vendor/manifest.toml") if not path.relative_to(ROOT).parts[0].startswith(".")
)


def named(manifest: Path) -> dict[str, dict[str, Any]]:
    with manifest.open("rb") as file:
        return {each["name"]: each for each in tomllib.load(file)["file"]}


def is_licence(path: Path) -> bool:
    return any(word in path.name.upper() for word in ("LICENSE", "LICENCE", "NOTICE"))


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.relative_to(ROOT).as_posix())
class TestAVendoredFile:
    def test_is_what_its_manifest_says(self, manifest: Path) -> None:
        for name, its in named(manifest).items():
            found = hashlib.sha256((manifest.parent / name).read_bytes()).hexdigest()
            assert found == its["sha256"], f"{name}: vendor it anew, never edit it"
            assert its["version"], name
            assert its["integrity"].startswith("sha"), name

    def test_is_named_and_beside_its_licence(self, manifest: Path) -> None:
        files = {path for path in manifest.parent.rglob("*") if path.is_file()} - {manifest}
        licences = {path for path in files if is_licence(path)}
        assert {path.relative_to(manifest.parent).as_posix() for path in files - licences} == set(
            named(manifest)
        )
        assert licences
        assert all(its["licence"] for its in named(manifest).values())
