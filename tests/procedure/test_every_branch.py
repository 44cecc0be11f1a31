"""Every outcome of every task, and every action at every step, has its own branch; a missing branch is reported.

The tables judge and do not drive: a row without a branch must stop the order visibly, never take another branch.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest

from domain.matter.tasks import STORED, Field, FieldType, Outcome
from domain.order import actions, lifecycle
from domain.order.actions import ACTIONS, Action, ActionName
from domain.order.lifecycle import TASKS, TaskKind
from domain.order.reasons import GOES_TO, NOT_OURS
from domain.order.words import Stage
from store.database import Store
from tests.support.stories.stored_story import StoredStory
from tests.support.stories.story import StoryBroke


def _classify(story: StoredStory) -> None:
    story.decide_task("first_contact", "refer", text="请办理")


def _dispatch(story: StoredStory) -> None:
    _classify(story)
    story.decide_task("classify", "general")


def _acknowledge(story: StoredStory) -> None:
    _classify(story)
    story.decide_task("classify", "general", unit="street-safety")


def _assist(story: StoredStory) -> None:
    _dispatch(story)
    story.decide_task("dispatch", "assign", lead_unit="street-safety", helping_units=["community-03"])
    story.decide_task("acknowledge", "accept")


def _paused(story: StoredStory) -> None:
    story.to_work()
    story.decide_task("handle", "ask_resident", text="几号楼？")


def _review(story: StoredStory) -> None:
    story.to_work()
    story.decide_task("handle", "report_result", text="已办")


def _explain(story: StoredStory) -> None:
    story.to_work()
    story.decide_task("handle", "cannot_resolve", reason="no_funding", text="没有经费")
    story.decide_task("review", "approve")


def _supervise(story: StoredStory) -> None:
    story.to_work()
    story.order_action("supervise", by="leader-1")


def _follow_up(story: StoredStory) -> None:
    story.decide_task("first_contact", "resolve", text="答复")


def _closed(story: StoredStory) -> None:
    _follow_up(story)
    story.decide_task("follow_up", "reached", solved="yes", satisfied="yes")


def _work(story: StoredStory) -> None:
    story.to_work()


TO_A_TASK: Mapping[TaskKind, Callable[[StoredStory], None]] = {
    TaskKind.FIRST_CONTACT: lambda _: None,
    TaskKind.CLASSIFY: _classify,
    TaskKind.DISPATCH: _dispatch,
    TaskKind.ACKNOWLEDGE: _acknowledge,
    TaskKind.HANDLE: _work,
    TaskKind.ASSIST: _assist,
    TaskKind.REVIEW: _review,
    TaskKind.EXPLAIN: _explain,
    TaskKind.FOLLOW_UP: _follow_up,
    TaskKind.SUPERVISE: _supervise,
}
TO_A_STEP: Mapping[str, tuple[Stage, Callable[[StoredStory], None]]] = {
    "first contact": (Stage.FIRST_CONTACT, lambda _: None),
    "classification": (Stage.CLASSIFICATION, _classify),
    "dispatch": (Stage.DISPATCH, _dispatch),
    "signing": (Stage.HANDLING, _acknowledge),
    "handling": (Stage.HANDLING, _work),
    "helped": (Stage.HANDLING, _assist),
    "review": (Stage.REVIEW, _review),
    "paused": (Stage.PAUSED, _paused),
    "explaining": (Stage.EXPLAINING, _explain),
    "supervision": (Stage.SUPERVISION, _supervise),
    "follow-up": (Stage.FOLLOW_UP, _follow_up),
    "closed": (Stage.CLOSED, _closed),
}
COURSE = frozenset(
    {ActionName.SUPERVISE, ActionName.REASSIGN, ActionName.RESUME, ActionName.RATE, ActionName.REOPEN}
)
"""Actions that change the course of a step, so that the step itself has to know them."""


def value_of(story: StoredStory, each: Field) -> Any:
    soon = timedelta(seconds=-1 if each.past else 1)
    begins = story.now if each.name == "until" else max(story.now, story.state.due_at or story.now)
    return {
        FieldType.CODE: each.codes[-1] if each.codes else None,
        FieldType.UNIT: "street-urban-management" if story.state.unit == "street-safety" else "street-safety",
        FieldType.UNITS: [],
        FieldType.CATEGORY: "noise",
        FieldType.INSTANT: (begins + soon).isoformat(),
        FieldType.ORDER: "20260101-AAAAAA",
        FieldType.ATTACHMENTS: None,
    }.get(each.type)


def say(story: StoredStory, name: str, fields: tuple[Field, ...], **about: str) -> None:
    """Signal a decision or action as the store would hand it over."""
    given = {each.name: value_of(story, each) for each in fields if each.type not in STORED and each.required}
    if given.get("reason") == NOT_OURS:
        given["goes_to"] = GOES_TO[0]
    if name == "explained":
        given["at"] = story.now.isoformat()
    said = {
        "actor": "walker",
        "fields": given,
        "stored": [each.name for each in fields if each.type in STORED],
        "vouched": {
            "units": [
                {"code": str(given.get(each.name)), "tier": "street"}
                for each in fields
                if each.type is FieldType.UNIT and each.required
            ],
            "categories": ["noise"],
        },
        **about,
    }
    (story.decide if "task_id" in about else story.act)(said)
    story.settle()


class TestAnOutcome:
    @pytest.mark.parametrize(
        ("kind", "outcome"),
        [(kind, each.name) for kind, row in TASKS.items() for each in row.outcomes],
    )
    def test_has_a_branch(self, store: Store, kind: TaskKind, outcome: str) -> None:
        story = StoredStory(store)
        TO_A_TASK[kind](story)
        spec = lifecycle.outcome_named(kind, outcome)
        before = len(story.told.steps)
        say(
            story, outcome, spec.fields, task_id=story.task(kind).task_id, decision_id="walk", outcome=outcome
        )
        verdicts = [each for step in story.told.steps[before:] for each in step.verdicts]
        assert [(each.applied, each.code) for each in verdicts] == [(True, None)]

    @pytest.mark.parametrize("closes", [True, False])
    @pytest.mark.parametrize("kind", list(TaskKind))
    def test_that_a_later_table_adds_stops_the_order_until_it_has_a_branch(
        self, store: Store, kind: TaskKind, closes: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        story = StoredStory(store)
        TO_A_TASK[kind](story)
        added = Outcome(name="brand_new", label="新", closes=closes)
        row = replace(TASKS[kind], outcomes=(*TASKS[kind].outcomes, added))
        monkeypatch.setattr(lifecycle, "TASKS", MappingProxyType({**TASKS, kind: row}))
        task_id = story.task(kind).task_id
        with pytest.raises(StoryBroke, match=f"no branch for {kind} brand_new"):
            say(story, "brand_new", (), task_id=task_id, decision_id="walk", outcome="brand_new")


class TestAnAction:
    @pytest.mark.parametrize("step", TO_A_STEP)
    @pytest.mark.parametrize("name", [each for each in ActionName if each != "withdraw"])
    def test_has_a_branch_where_the_table_allows_it_and_stops_the_order_elsewhere(
        self, store: Store, step: str, name: ActionName, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        story = StoredStory(store)
        stage, bring = TO_A_STEP[step]
        bring(story)
        assert story.state.stage == stage
        allowed = stage in ACTIONS[name].stages
        anywhere: Mapping[ActionName, Action] = MappingProxyType(
            {each.name: replace(each, stages=frozenset(Stage)) for each in ACTIONS.values()}
        )
        for module in (actions, __import__("domain.order.judgement", fromlist=["ACTIONS"])):
            monkeypatch.setattr(module, "ACTIONS", anywhere)
        before = len(story.told.steps)

        def act() -> None:
            say(story, name, ACTIONS[name].fields, action_id="walk", action=name)

        refused_anyway = name is ActionName.SUPERVISE and story.state.supervised
        rates_late = name is ActionName.RATE and stage is not Stage.FOLLOW_UP
        if name in COURSE and not allowed and not refused_anyway and not rates_late:
            with pytest.raises(StoryBroke, match=f"no branch for {name}"):
                act()
            return
        act()
        verdicts = [each for each_step in story.told.steps[before:] for each in each_step.verdicts]
        assert len(verdicts) == 1
