"""Links in the documents lead somewhere: to a file, to a heading, or from a name in code to its definition."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<to>[^)\s]+)\)")
FILE = re.compile(r"`(\w[\w./-]*\.(?:py|toml|html|css|js|yml))`")
NAME = re.compile(r"`(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)`")


def _links(page: Path) -> list[tuple[str, str]]:
    found = [(each["text"], each["to"]) for each in LINK.finditer(page.read_text(encoding="utf-8"))]
    return [(text, to) for text, to in found if not re.match(r"[a-z]+:", to)]


def _headings(page: Path) -> set[str]:
    """Return the anchors that a Markdown viewer gives to the headings of a page."""
    lines = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def _defined(path: Path) -> set[str]:
    """Return the names that a module defines; methods as `Class.method` and by their own names."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.ClassDef():
                methods = [
                    each.name
                    for each in node.body
                    if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
                ]
                names |= {node.name, *methods, *(f"{node.name}.{each}" for each in methods)}
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                names.add(node.name)
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                names.add(name)
    return names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
class TestALink:
    def test_leads_to_a_file_and_a_heading(self, page: Path) -> None:
        for text, to in _links(page):
            path, _, anchor = to.partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.exists(), f"[{text}] leads to {to}, which is not there"
            if anchor and target.suffix == ".md":
                assert anchor in _headings(target), f"[{text}] leads to a heading that is not there: {to}"

    def test_by_a_name_in_code_leads_to_its_definition(self, page: Path) -> None:
        for text, to in _links(page):
            if to.endswith(".py") and (named := NAME.fullmatch(text)):
                defined = _defined((page.parent / to).resolve())
                assert named["name"] in defined, f"{to} does not define {named['name']}"


@pytest.fixture(scope="module")
def files() -> list[str]:
    """Return the paths of the project's files; the environment has far more, and is not read."""
    ours = [each for each in ROOT.iterdir() if not each.name.startswith(".") and each.name != "mutants"]
    return [f"/{each.relative_to(ROOT)}" for top in ours for each in (top, *top.rglob("*.*"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_file_that_is_named_is_there(page: Path, files: list[str]) -> None:
    for name in set(FILE.findall(page.read_text(encoding="utf-8"))):
        assert any(each.endswith(f"/{name}") for each in files), f"there is no file {name}"


class TestReadingAnOrder:
    def test_leads_through_code_at_every_station(self) -> None:
        page = ROOT / "docs" / "reading-an-order.md"
        stations = re.split(r"^\*\*\d\. ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        assert len(stations) == 8
        for station in stations:
            assert re.search(r"\[`\w[\w.]*`\]\(\.\./\w[\w/]*\.py\)", station), station
