"""Every wait of a workflow has an end; without one, an order stands still and nobody notices."""

import ast
from pathlib import Path

import pytest

from tests.habits.fingerprints import functions

WORKFLOWS = Path(__file__).parents[2] / "workflows"
BOUNDED_OTHERWISE = {"Door._stir": "an activity ends it, and that has a schedule-to-close of its own"}
"""Waits without a timer, each with its reason."""
UNBOUNDED = {"Asking.record", "ReconcileWorkflow.run"}
"""Activities that are tried until the store or Temporal answers, because an order must not go on without its rows."""
_DOORS = ("answer", "attend")
_TIMERS = {"wait_condition": "timeout"}


def name_of(call: ast.AST) -> str:
    if not isinstance(call, ast.Call):
        return ""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def waits_on_people(node: ast.AST) -> bool:
    return isinstance(node, ast.Await) and name_of(node.value) in _DOORS


def without_a_timer(tree: ast.AST) -> list[str]:
    """Name functions with a `wait_condition` that nothing ends."""
    return [
        name
        for name, function in functions(tree)
        for call in ast.walk(function)
        if (timer := _TIMERS.get(name_of(call)))
        and isinstance(call, ast.Call)
        and timer not in {each.arg for each in call.keywords}
    ]


def without_a_bound(tree: ast.AST) -> list[str]:
    """Name functions with an activity that may go on for ever."""
    return [
        name
        for name, function in functions(tree)
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
        and "activity" in name_of(call)
        and "schedule_to_close_timeout" not in {each.arg for each in call.keywords}
    ]


def without_a_way_out(tree: ast.AST) -> list[str]:
    """Name functions that wait for people and do not handle the case that nobody acts.

    A `match` on the answer has a case for everything else, or one for `Expired`; other uses hand the answer on.
    """
    return [
        name
        for name, function in functions(tree)
        for node in ast.walk(function)
        if isinstance(node, ast.Match) and waits_on_people(node.subject) and not _foresees_silence(node)
    ]


def _foresees_silence(node: ast.Match) -> bool:
    for case in node.cases:
        pattern = case.pattern
        if isinstance(pattern, ast.MatchAs) and pattern.pattern is None and case.guard is None:
            return True
        if "Expired" in ast.dump(pattern):
            return True
    return False


def trees() -> list[tuple[str, ast.AST]]:
    return [
        (str(path.relative_to(WORKFLOWS)), ast.parse(path.read_text(encoding="utf-8")))
        for path in sorted(WORKFLOWS.rglob("*.py"))
    ]


class TestAWait:
    @pytest.mark.parametrize(
        ("path", "tree"), trees(), ids=lambda each: each if isinstance(each, str) else ""
    )
    def test_has_a_timer_or_a_reason(self, path: str, tree: ast.AST) -> None:
        assert [name for name in without_a_timer(tree) if name not in BOUNDED_OTHERWISE] == [], path

    @pytest.mark.parametrize(
        ("path", "tree"), trees(), ids=lambda each: each if isinstance(each, str) else ""
    )
    def test_for_an_activity_is_bounded(self, path: str, tree: ast.AST) -> None:
        assert [name for name in without_a_bound(tree) if name not in UNBOUNDED] == [], path

    @pytest.mark.parametrize(
        ("path", "tree"), trees(), ids=lambda each: each if isinstance(each, str) else ""
    )
    def test_for_people_says_what_follows_when_nobody_acts(self, path: str, tree: ast.AST) -> None:
        assert without_a_way_out(tree) == [], path

    def test_that_breaks_the_rule_is_found(self) -> None:
        tree = ast.parse(
            "async def a():\n await workflow.wait_condition(lambda: x)\n"
            "async def b():\n match await case.answer(task):\n  case Decided():\n   pass\n"
            "async def c():\n await workflow.execute_activity(x, start_to_close_timeout=y)\n"
            "async def d():\n match await case.answer(task):\n  case Decided():\n   pass\n  case _:\n   pass\n"
        )
        assert without_a_timer(tree) == ["a"]
        assert without_a_way_out(tree) == ["b"]
        assert without_a_bound(tree) == ["c"]

    def test_has_no_reason_that_nothing_needs(self) -> None:
        found = [name for _, tree in trees() for name in without_a_timer(tree)]
        assert set(found) == set(BOUNDED_OTHERWISE)
