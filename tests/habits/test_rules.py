"""The rules that judge running matters: a reminder, when their text changes, that replays depend on them."""

import ast
import hashlib
import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEPT = Path(__file__).parent / "rules.json"
RULES = (
    "domain/calendar/instants",
    "domain/duty/actions",
    "domain/duty/deadlines",
    "domain/duty/judgement",
    "domain/duty/lifecycle",
    "domain/duty/periods",
    "domain/duty/words",
    "domain/matter/clocks",
    "domain/matter/faults",
    "domain/matter/judging",
    "domain/matter/numbers",
    "domain/matter/tasks",
    "domain/matter/timeliness",
    "domain/office/directory",
    "domain/office/responsibility",
    "domain/office/words",
    "domain/order/actions",
    "domain/order/deadlines",
    "domain/order/judgement",
    "domain/order/lifecycle",
    "domain/order/ratings",
    "domain/order/reasons",
    "domain/order/voices",
    "domain/order/words",
    "domain/text",
    "messages/matter/signals",
    "messages/seals",
    "workflows/options",
)

LESSON = """
The text of rules has changed that running matters are judged by: {names}

A replay judges again what a matter was told weeks ago. If it judges otherwise than before, the commands differ, the
workflow task fails, and the matter stands still; neither fingerprints nor recorded histories need to notice. So:
  1. A limit or a cap: a new version of the book (`policy.py` of `domain/order` or `domain/duty`), which only new
     matters get.
  2. A new outcome, action or field: goes as it is, since no history holds it yet.
  3. What was allowed and is not any more, or the reverse: from the first tagged release on behind `workflow.patched`
     in `workflows/order/rules.py` or `workflows/duty/rules.py` (ADR-0012).
  4. Before the roll-out: `dingdan replay` with the new code, against the Temporal that runs.
  5. Accept the new text: .venv/bin/python -m tests.habits.test_rules
"""


def rules() -> dict[str, str]:
    """Hash each module of rules as code, without comments, docstrings and layout, which are not rules."""
    return {name: _hash((ROOT / f"{name}.py").read_text(encoding="utf-8")) for name in RULES}


def _hash(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            # A string that is a whole statement is a docstring.
            kept = [each for each in body if not _is_text(each)]
            node.body = kept or [ast.Pass()]  # type: ignore[attr-defined]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:16]


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


class TestTheRulesOfRunningMatters:
    def test_are_those_that_were_accepted(self) -> None:
        kept, now = json.loads(KEPT.read_text(encoding="utf-8")), rules()
        changed = sorted(name for name in {*kept, *now} if kept.get(name) != now.get(name))
        assert not changed, LESSON.format(names=", ".join(changed))

    def test_are_told_apart_by_what_they_say_and_not_by_their_words(self) -> None:
        one = 'CAP = 20\n"""So often."""\n'
        assert _hash(one) == _hash('CAP   =  20  # so often\n"""As often."""\n')
        assert _hash(one) != _hash('CAP = 3\n"""So often."""\n')


if __name__ == "__main__":
    KEPT.write_text(json.dumps(rules(), indent=1) + "\n", encoding="utf-8")
