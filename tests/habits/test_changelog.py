"""Changes for an office are written down in the form that a release collects."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CATEGORIES = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["scriv"][
    "categories"
]


@pytest.mark.parametrize(
    "path",
    [each for each in (ROOT / "changelog.d").glob("*") if each.name != "README.md"],
    ids=lambda each: each.name,
)
class TestAFragment:
    def test_holds_entries_under_known_headings_alone(self, path: Path) -> None:
        assert re.fullmatch(r"\d{8}_\w+\.md", path.name), "a date and what it is about"
        text = path.read_text(encoding="utf-8")
        headings = re.findall(r"^#.*$", text, re.MULTILINE)
        assert headings
        assert set(headings) <= {f"### {each}" for each in CATEGORIES}
        for line in text.splitlines():
            assert not line or line.startswith(("### ", "- ", "  ")), f"neither heading nor entry: {line}"
