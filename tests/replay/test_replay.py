"""Recorded histories: every workflow must replay the way it ran, or be `patched`."""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory

import worker
from demo.stories import STORIES
from tests.replay.paths import PATHS

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


class TestARecordedHistory:
    def test_exists_for_every_story(self) -> None:
        """Red if a story has no history yet: see `tests/replay/record.py`."""
        told = {story.tell.__name__.removeprefix("_") for story in STORIES}
        assert told <= {path.stem for path in HISTORIES}

    def test_exists_for_every_path(self) -> None:
        """Red if a path has no history yet: .venv/bin/python -m tests.replay.paths."""
        assert {path.__name__ for path in PATHS} <= {path.stem for path in HISTORIES}

    @pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
    async def test_replays(self, path: Path) -> None:
        """Red if the commands of a running order would change: put the change behind `workflow.patched`."""
        replayer = worker.replayer()
        history = WorkflowHistory.from_json(f"order-{path.stem}", path.read_text(encoding="utf-8"))
        await replayer.replay_workflow(history)
