"""The commands that each workflow function issues, in order; `python -m tests.habits.fingerprints` accepts a change.

Reads only the source. The kind of each command counts, and whether a wait has a timer. Names, summaries and
timeouts may change under a running order.
"""

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEPT = Path(__file__).with_name("fingerprints.json")
COMMANDS = frozenset(
    {
        "execute_activity",
        "execute_activity_class",
        "execute_activity_method",
        "execute_child_workflow",
        "execute_local_activity",
        "execute_local_activity_class",
        "execute_local_activity_method",
        "start_activity",
        "start_activity_class",
        "start_activity_method",
        "start_child_workflow",
        "start_local_activity",
        "start_local_activity_class",
        "start_local_activity_method",
        "continue_as_new",
        "create_nexus_client",
        "deprecate_patch",
        "get_external_workflow_handle",
        "get_external_workflow_handle_for",
        "patched",
        "sleep",
        "upsert_memo",
        "upsert_search_attributes",
        "wait_condition",
    }
)
_DOORS = frozenset({"answer", "expire", "flush", "settle"})
"""All commands of an order's story go through these, so their sequence is the sequence of its steps."""
_MODULES = frozenset({"workflow", "asyncio"})
_TIMERS_OF_ASYNCIO = frozenset({"sleep", "timeout", "timeout_at", "wait_for"})


def fingerprints(folder: Path) -> dict[str, list[str]]:
    """Map each function below a folder, as `file:Class.function`, to its commands in the order of the source."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, function in functions(tree):
            if commands := list(_commands(function)):
                found[f"{path.relative_to(folder).as_posix()}:{name}"] = commands
    return found


def functions(node: ast.AST, within: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Walk the functions and methods below a node, each with its full name."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{within}{child.name}"
            if not isinstance(child, ast.ClassDef):
                yield name, child
            yield from functions(child, f"{name}.")
        else:
            yield from functions(child, within)


def _commands(node: ast.AST) -> Iterator[str]:
    """Walk a function in the order of its source, without inner functions, which are listed separately."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(child, ast.Call) and (command := _command(child)):
            yield command
        yield from _commands(child)


def _command(call: ast.Call) -> str | None:
    function = call.func
    if isinstance(function, ast.Attribute) and function.attr in _DOORS:
        return function.attr
    if not (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)):
        return None
    module, name = function.value.id, function.attr
    if module not in _MODULES or name not in (COMMANDS if module == "workflow" else _TIMERS_OF_ASYNCIO):
        return None
    if name == "wait_condition":
        name = "wait_condition with a timer" if any(each.arg == "timeout" for each in call.keywords) else ""
    elif "patch" in name or "activity" in name:
        name += f" {ast.unparse(call.args[0])}"
    return name or None


if __name__ == "__main__":
    now = fingerprints(ROOT / "workflows")
    KEPT.write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"wrote {KEPT.relative_to(ROOT)}: {len(now)} functions that issue commands\n")
