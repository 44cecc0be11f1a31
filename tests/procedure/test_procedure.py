"""The procedure as a whole: whatever people do, and whenever, an order has one owner, one task, and an end.

Plays the workflow inside this process with simulated time (`tests.support.stories.story`): 500 orders of up to 40
moves, drawn by Hypothesis, with valid and invalid decisions, silence, garbage, rests and holds.
"""

import uuid
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.calendar.workdays import wall_time
from domain.matter.tasks import Field, FieldType
from domain.office.first_directory import FIRST
from domain.office.words import Tier
from domain.order.actions import ACTIONS, ActionName
from domain.order.lifecycle import TASKS, TaskKind
from domain.order.policy import SECONDS
from domain.order.words import Stage
from messages.matter.tasks import OpenTask
from messages.office.directory import Routing
from messages.order.workflow import StartOrder
from tests.support.stories.story import ALL_FLAGS, Story

BEGAN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BESIDE = {TaskKind.SUPERVISE, TaskKind.ASSIST}
ACTORS = ("anna", "boris", "chen")
FINISHING = {
    TaskKind.FIRST_CONTACT: "resolve",
    TaskKind.CLASSIFY: "general",
    TaskKind.DISPATCH: "assign",
    TaskKind.ACKNOWLEDGE: "accept",
    TaskKind.HANDLE: "report_result",
    TaskKind.REVIEW: "approve",
    TaskKind.EXPLAIN: "explained",
    TaskKind.FOLLOW_UP: "reached",
}
"""The choices of staff who want an order to end."""


def placed(*, can_be_called: bool, category: str | None) -> StartOrder:
    first = OpenTask(
        task_id="20261123-AAAAAA-1-ABCD",
        kind=TaskKind.FIRST_CONTACT,
        unit="street",
        tier=Tier.STREET,
        role="duty_officer",
        opened_at=BEGAN,
        due_at=BEGAN + timedelta(seconds=20),
        remind_at=BEGAN + timedelta(seconds=16),
    )
    return StartOrder(
        order_no="20261123-AAAAAA",
        policy="seconds",
        channel="hotline",
        category=category,
        community="community-03",
        received_at=BEGAN,
        can_be_called=can_be_called,
        first_task=first,
        routing=Routing.of(FIRST, category=category, community="community-03"),
    )


def a_value(draw: Any, each: Field, now: datetime) -> Any:  # noqa: PLR0911 - one a type
    match each.type:
        case FieldType.CODE:
            return draw(st.sampled_from(each.codes))
        case FieldType.UNIT:
            return draw(st.sampled_from([*FIRST.handling_units, "nobody"]))
        case FieldType.UNITS:
            return draw(st.lists(st.sampled_from(FIRST.handling_units), max_size=2, unique=True))
        case FieldType.CATEGORY:
            return draw(st.sampled_from(FIRST.open_categories))
        case FieldType.INSTANT:
            seconds = timedelta(seconds=draw(st.integers(1, 20)))
            return (now - seconds if each.past else now + seconds).isoformat()
        case FieldType.ATTACHMENTS:
            return [uuid.UUID(int=number).hex for number in range(2)]
        case FieldType.ORDER:
            return "20261123-BBBBBB"
        case FieldType.PARTS:
            return [{"text": "一"}]
        case FieldType.TEXT:
            return "一句话"


class Procedure(RuleBasedStateMachine):
    """People act, time passes, and the invariants hold."""

    @initialize(
        can_be_called=st.booleans(),
        category=st.sampled_from(["noise", "city_appearance", None]),
        flags=st.sampled_from([ALL_FLAGS, frozenset()]),
    )
    def place(self, can_be_called: bool, category: str | None, flags: Any) -> None:
        start = placed(can_be_called=can_be_called, category=category)
        self.story = Story(start, flags=flags)
        self.ids = count()

    @rule(data=st.data(), actor=st.sampled_from(ACTORS), at_once=st.booleans())
    def somebody_decides(self, data: st.DataObject, actor: str, at_once: bool) -> None:
        open_tasks = self.story.status.tasks
        if not open_tasks:
            return
        task = data.draw(st.sampled_from(open_tasks))
        outcome = data.draw(st.sampled_from(TASKS[TaskKind(task.kind)].outcomes))
        fields = {each.name: a_value(data.draw, each, self.story.now) for each in outcome.fields}
        self._decide(task.task_id, outcome.name, fields, actor)
        if at_once:
            self.story.settle()

    @rule(data=st.data(), actor=st.sampled_from(ACTORS))
    def somebody_acts(self, data: st.DataObject, actor: str) -> None:
        # A withdrawal ends an order at once; it is left to the end of the machine, or no order would live long.
        action = ACTIONS[data.draw(st.sampled_from([name for name in ActionName if name != "withdraw"]))]
        fields = {each.name: a_value(data.draw, each, self.story.now) for each in action.fields}
        if action.name is ActionName.HOLD:
            fields["since"] = self.story.now.isoformat()
        said = {"action_id": f"a{next(self.ids)}", "actor": actor, "action": action.name, "fields": fields}
        self.story.act(said)
        self.story.settle()

    @rule(garbage=st.none() | st.integers() | st.text() | st.dictionaries(st.text(), st.none() | st.text()))
    def somebody_sends_garbage(self, garbage: Any) -> None:
        self.story.decide(garbage)
        self.story.act(garbage)
        self.story.settle()

    @rule(seconds=st.floats(min_value=0.1, max_value=25))
    def nobody_does_anything(self, seconds: float) -> None:
        self.story.forward(timedelta(seconds=seconds))

    @invariant()
    def one_owner_one_task_and_an_end(self) -> None:
        story = self.story
        story.settle()
        if story.ended:
            return
        assert story.next_timer is not None, "nothing would ever wake this order"
        status = story.status
        assert all(task.unit and task.role for task in status.tasks)
        main = [task for task in status.tasks if TaskKind(task.kind) not in BESIDE]
        if status.stage == Stage.CLOSED:
            assert not status.tasks
            return
        work = [task for task in main if task.kind != TaskKind.REVIEW]
        reviews = len(main) - len(work)
        assert (len(work), reviews) in {(1, 0), (1, 1), (0, 1)}, (
            "one accountable task, and its review at most"
        )
        watches = [task for task in status.tasks if task.kind == TaskKind.SUPERVISE]
        assert len(watches) <= 1
        if watches:
            assert work
            assert work[0].kind in {TaskKind.HANDLE, TaskKind.EXPLAIN}

    @invariant()
    def events_are_numbered_without_a_gap(self) -> None:
        numbers = [each.seq for step in self.story.told.steps for each in step.events]
        assert numbers == list(range(2, len(numbers) + 2))

    @invariant()
    def escalation_climbs_one_tier_at_a_time(self) -> None:
        steps = self.story.told.steps
        tiers = list(Tier)
        for before, after in pairwise(steps):
            climbed = after.facts.escalations - before.facts.escalations
            assert climbed in {0, 1}
            if climbed:
                assert tiers.index(Tier(after.facts.tier)) == tiers.index(Tier(before.facts.tier)) + 1
        events = [each for step in steps for each in step.events]
        passed = [each.at for each in events if each.type == "OrderEscalated"]
        # A leader may set any date.
        led = [each.at for each in events if each.data.get("kind") == TaskKind.SUPERVISE and each.said_id]
        least = min(wall_time(limit) for limit in SECONDS.escalated.values())
        for earlier, later in pairwise(passed):
            assert later - earlier >= least or any(earlier <= at <= later for at in led)

    @invariant()
    def nothing_is_due_before_its_time(self) -> None:
        promised = None
        for step, answer in zip(self.story.told.steps, self.story.told.answers, strict=True):
            if answer.promised_at is not None:
                why = {each.type for each in step.events}
                is_earlier = promised is not None and answer.promised_at < promised
                assert not is_earlier or why & {"OrderClassified", "RoundBegan", "DueTimesRecalculated"}, why
                promised = answer.promised_at
            for each in step.clocks:
                due_at = answer.clocks[each.key].due_at
                assert due_at >= each.since
                if each.basis == "promise":
                    assert promised is None or due_at >= promised, "a unit has what was promised"

    def teardown(self) -> None:
        """Check that every path ends once people act."""
        if not hasattr(self, "story"):
            return
        story = self.story
        for turn in range(60):
            if story.ended:
                return
            main = [task for task in story.status.tasks if TaskKind(task.kind) not in BESIDE]
            if not main or turn % 3 == 2:
                story.forward(timedelta(seconds=6))
                continue
            task = main[-1]
            name = FINISHING[TaskKind(task.kind)]
            outcome = next(each for each in TASKS[TaskKind(task.kind)].outcomes if each.name == name)
            fields = {
                each.name: self._sure(each) for each in outcome.fields if each.required or each.codes == ()
            }
            self._decide(task.task_id, name, fields, f"finisher-{turn}")
            story.settle()
        raise AssertionError(f"still {story.status.stage} after 60 turns")

    def _sure(self, each: Field) -> Any:
        return a_value(
            lambda _: {"solved": "yes", "satisfied": "yes"}.get(each.name, self._first(each)),
            each,
            self.story.now,
        )

    def _first(self, each: Field) -> Any:
        first: dict[FieldType, Any] = {
            FieldType.UNIT: FIRST.handling_units[0],
            FieldType.UNITS: [],
            FieldType.CATEGORY: FIRST.open_categories[0],
        }
        return first.get(each.type, each.codes[0] if each.codes else 1)

    def _decide(self, task_id: str, outcome: str, fields: dict[str, Any], actor: str) -> None:
        texts = {"text", "parts"} & set(fields)
        self.story.decide(
            {
                "task_id": task_id,
                "decision_id": f"d{next(self.ids)}",
                "actor": actor,
                "outcome": outcome,
                "fields": {name: value for name, value in fields.items() if name not in texts},
                "stored": sorted(texts),
                "decided_at": self.story.now.isoformat(),
            }
        )


class TestADecisionAgainstItsDeadline:
    """One activation has one winner, however the SDK takes it up: a decision goes before any clock."""

    @pytest.mark.parametrize("flags", [ALL_FLAGS, frozenset()], ids=["together", "job by job"])
    def test_wins_when_both_come_at_once(self, flags: Any) -> None:
        story = Story(placed(can_be_called=False, category=None), flags=flags)
        story.forward(timedelta(seconds=17))
        (task,) = story.status.tasks
        story.decide(
            {
                "task_id": task.task_id,
                "decision_id": "d",
                "actor": "anna",
                "outcome": "resolve",
                "comment": "好",
            }
        )
        story.forward(timedelta(seconds=5))
        types = [each.type for step in story.told.steps for each in step.events]
        assert "LimitPassed" not in types
        assert types.count("TaskCompleted") == 1
        assert story.status.ending == "resolved_on_the_spot"

    @pytest.mark.parametrize("flags", [ALL_FLAGS, frozenset()], ids=["together", "job by job"])
    def test_loses_when_it_comes_afterwards_and_is_told_so(self, flags: Any) -> None:
        story = Story(placed(can_be_called=False, category=None), flags=flags)
        (task,) = story.status.tasks
        story.forward(timedelta(seconds=21))
        said = {
            "task_id": task.task_id,
            "decision_id": "d",
            "actor": "anna",
            "outcome": "resolve",
            "comment": "好",
        }
        story.decide(said)
        story.settle()
        (refused,) = story.status.refusals
        assert (refused.code, story.status.stage) == ("task_done", "classification")

    def test_several_tiers_late_after_an_outage_are_taken_one_after_the_other(self) -> None:
        """The clock of each tier begins when the order arrives there, however late that is."""
        story = Story(placed(can_be_called=False, category="noise"))
        story.forward(timedelta(seconds=70))
        steps = story.told.steps
        passed = [each for step in steps for each in step.events if each.type == "OrderEscalated"]
        assert [each.data["tier"] for each in passed] == ["street", "district"]
        assert passed[1].at - passed[0].at >= timedelta(seconds=10)


# This takes more than a minute on an idle machine.
TestTheProcedure = pytest.mark.timeout(600)(Procedure.TestCase)
TestTheProcedure.settings = settings(
    max_examples=500, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
