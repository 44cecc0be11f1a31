"""Tests read pages with `tests/support/page.py`, not by regular expressions and slices of their text."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

API = Path(__file__).parents[1] / "api"
_EXPRESSIONS = {"search", "findall", "finditer", "match", "fullmatch", "sub", "split", "compile"}
_SLICES = {"index", "rindex", "find", "rfind", "partition", "rpartition", "split"}
_MARKUP = re.compile(r"<(?![=!])|\b(?:name|href|id|value|class|role)=\\?\"")
_GROUPS = re.compile(r"\(\?P?<")
"""Groups with a name and looks behind, which also have an angle."""


def words_of(node: ast.AST) -> str:
    """Join the constant parts of an argument, those of an f-string, too."""
    parts = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
    return "".join(part for part in parts if isinstance(part, str))


def markup_taken_apart(tree: ast.AST) -> Iterator[int]:
    """Return the lines of the calls whose pattern, or whose place to cut, is markup."""
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args):
            continue
        of_re = isinstance(call.func.value, ast.Name) and call.func.value.id == "re"
        if call.func.attr not in (_EXPRESSIONS if of_re else _SLICES):
            continue
        if _MARKUP.search(_GROUPS.sub("(", words_of(call.args[0]))):
            yield call.lineno


class TestATestOfAPage:
    @pytest.mark.parametrize("path", sorted(API.rglob("*.py")), ids=lambda path: path.name)
    def test_reads_it_as_a_document(self, path: Path) -> None:
        assert list(markup_taken_apart(ast.parse(path.read_text(encoding="utf-8")))) == []

    @pytest.mark.parametrize(
        "line",
        [
            """re.search(r'name="csrf" value="([^"]+)"', page.text)""",
            """re.findall(r'name="attachments" value="([0-9a-f]{32})" checked', refused.text)""",
            """re.search(rf'id="{field}-wrong" role="alert">\\S+', sent.text)""",
            """re.search(r'href="(\\?cursor=[^"]+)"', shown)""",
            """re.sub(r"<[^>]+>", " ", page)""",
            """re.match("<p>", page)""",
            """shown[shown.index('<select name="kind">') :]""",
            """refused.text.split('name="attachments" value="')[1][:32]""",
        ],
    )
    def test_that_takes_it_apart_is_found(self, line: str) -> None:
        assert list(markup_taken_apart(ast.parse(line))) == [1]

    @pytest.mark.parametrize(
        "line",
        [
            r"""re.fullmatch(r"\d{8}-[0-9A-Z]{6}", placed["order_no"])""",
            r"""re.search(r"(?P<day>\d+)月(?<!正月)", Page(shown).text)""",
            """location.split("/")[2]""",
        ],
    )
    def test_may_look_for_anything_else(self, line: str) -> None:
        assert list(markup_taken_apart(ast.parse(line))) == []
