"""Templates import what they use, and use what they import; components are what several pages use."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes
from jinja2.meta import find_referenced_templates

FOLDER = Path(__file__).parents[2] / "api" / "templates"
TEMPLATES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.html"))
SYNTAX = Environment(autoescape=True)


def parse(name: str) -> nodes.Template:
    return SYNTAX.parse((FOLDER / name).read_text(encoding="utf-8"), name)


def imported(tree: nodes.Template) -> Iterator[str]:
    for each in tree.find_all(nodes.FromImport):
        for name in each.names:
            yield name if isinstance(name, str) else name[1]
    yield from (each.target for each in tree.find_all(nodes.Import))


def used(tree: nodes.Template) -> set[str]:
    return {each.name for each in tree.find_all(nodes.Name) if each.ctx == "load"}


@pytest.mark.parametrize("name", TEMPLATES)
class TestATemplate:
    def test_uses_all_that_it_imports(self, name: str) -> None:
        tree = parse(name)
        assert set(imported(tree)) <= used(tree)

    def test_imports_each_name_once(self, name: str) -> None:
        often = Counter(imported(parse(name)))
        assert [each for each, times in often.items() if times > 1] == []


def test_every_component_is_used_on_some_page() -> None:
    made = {each.name for each in parse("components.html").find_all(nodes.Macro)}
    assert made <= set().union(*(used(parse(name)) for name in TEMPLATES))


def test_every_template_is_reached_from_the_program_or_another() -> None:
    """Another template extends, includes or imports it, or Python code names it."""
    named = {other for name in TEMPLATES for other in find_referenced_templates(parse(name))}
    python = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.parent.rglob("*.py"))
    assert [name for name in TEMPLATES if name not in named and f'"{name}"' not in python] == []


def test_sees_a_name_that_nobody_uses() -> None:
    tree = SYNTAX.parse('{% from "components.html" import act, due %}{{ due("open", at) }}')
    assert set(imported(tree)) - used(tree) == {"act"}
