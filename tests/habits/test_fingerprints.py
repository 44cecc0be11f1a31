"""A reminder of `patched`, before a history exists that would break."""

import json
from pathlib import Path

import pytest

from tests.habits.fingerprints import KEPT, ROOT, fingerprints

LESSON = """
The commands of a workflow have changed: {names}

An order that runs now has the old commands in its history. If it is replayed with other ones, its
workflow task fails again and again, and the order stands still. Before the first tagged release no office
has such an order: record all histories anew, see `tests/replay`, and accept (step 3). From then on, in this order:
  1. put the change behind `if workflow.patched("what-changes"): new else: old` (ADR-0012),
  2. record a history that goes the new way, and see that the old ones replay: make replay
  3. accept the new commands: .venv/bin/python -m tests.habits.fingerprints
Only a function that no running order can be in, or has been in, goes without `patched`.
"""


class TestTheCommandsOfTheWorkflows:
    def test_are_those_that_were_accepted(self) -> None:
        kept, now = json.loads(KEPT.read_text(encoding="utf-8")), fingerprints(ROOT / "workflows")
        changed = sorted(name for name in {*kept, *now} if kept.get(name) != now.get(name))
        assert not changed, LESSON.format(names=", ".join(changed))


class TestAFingerprint:
    @pytest.mark.parametrize(
        ("case", "body", "commands"),
        [
            ("an activity", "await workflow.execute_activity(act, 1)", ["execute_activity act"]),
            ("another activity", "await workflow.execute_activity(other)", ["execute_activity other"]),
            ("its summary", "await workflow.execute_activity(act, summary='x')", ["execute_activity act"]),
            ("a local one", "await workflow.execute_local_activity(act)", ["execute_local_activity act"]),
            ("a wait", "await workflow.wait_condition(done)", []),
            (
                "a wait with a timer",
                "await workflow.wait_condition(done, timeout=t)",
                ["wait_condition with a timer"],
            ),
            ("two in order", "workflow.upsert_memo({}); await workflow.sleep(1)", ["upsert_memo", "sleep"]),
            ("a timer of asyncio", "async with asyncio.timeout(3): pass", ["timeout"]),
            ("a patch", "if workflow.patched('a'): pass", ["patched 'a'"]),
            ("a child", "await workflow.execute_child_workflow(W.run)", ["execute_child_workflow"]),
            ("a step of the story", "await self.case.answer(task)", ["answer"]),
            ("nothing", "workflow.now()", []),
        ],
    )
    def test_tells_what_would_break_a_replay(
        self, tmp_path: Path, case: str, body: str, commands: list[str]
    ) -> None:
        (tmp_path / "story.py").write_text(f"class Story:\n  async def run(self):\n    {body}\n", "utf-8")
        assert fingerprints(tmp_path) == ({"story.py:Story.run": commands} if commands else {}), case
