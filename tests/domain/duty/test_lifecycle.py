# ruff: noqa: E501 - rows of a table
"""The table of a duty's tasks, word for word, and the outcomes that a duty's past withholds."""

import re

import pytest

from domain.duty.actions import DutyAction, duty_action_fields
from domain.duty.lifecycle import DUTY_TASKS, EXCUSE, DutyProgress, DutyTask, duty_withheld
from domain.duty.policy import STANDARD_DUTIES
from domain.duty.words import DutyEnding, DutyStage
from domain.kinds import DUTY_TABLES
from domain.matter import stages
from domain.matter.tasks import Silence, Task
from tests.domain.written import field, tasks

TASKS_AS_DECIDED = """\
plan_meeting at planning, reminds
  announce closes back at!>instant place!text
  request_excuse stays silence denies back reason!code(disaster epidemic_control major_event community_merged) text!text
hold_meeting at planned, reminds
  held closes
  postpone stays at!>instant place?text reason!code(weather leader_called_away place_unavailable residents_asked)
  cancel closes back reason!code(weather emergency place_unavailable nobody_came)
  request_excuse stays silence denies back reason!code(disaster epidemic_control major_event community_merged) text!text
close_meeting at held, reminds
  close closes silence denies started_at!<instant ended_at!<instant led_by!code(leader deputy) from_department!number attendees!number summary!text issues?issues no_issue_reason?text evidence!code(place_photo companion orders) attachments?attachments
  not_held closes back reason!code(weather emergency place_unavailable nobody_came)
review at planning, reminds
  approve closes
  revise closes back text!text
supervise at missed, reminds
  urge closes back
  conclude closes reason!code(made_good_next_period nobody_available team_changed no_reason_given) text!text
"""
ACTIONS_AS_DECIDED = {
    "recalculate": ["changed_from?instant"],
    "hold": ["since!instant", "until!instant"],
    "release": ["at!instant", "since?instant"],
}
HAN = re.compile("[\u4e00-\u9fff]")
CAPPED_BY_THE_BOOK = {"postpone"}
LEADS_BACK = {"announce", EXCUSE, "cancel", "not_held", "revise", "urge"}


class TestTheTable:
    def test_of_tasks_is_what_was_decided(self) -> None:
        assert tasks(DUTY_TASKS.values()) == TASKS_AS_DECIDED

    def test_of_actions_is_what_was_decided(self) -> None:
        assert {
            str(each): list(map(field, duty_action_fields(each))) for each in DutyAction
        } == ACTIONS_AS_DECIDED
        assert duty_action_fields("urge") == ()

    def test_has_a_row_for_every_kind_and_no_other(self) -> None:
        assert list(DUTY_TASKS) == list(DutyTask)
        assert all(kind == row.kind for kind, row in DUTY_TASKS.items())

    @pytest.mark.parametrize("row", DUTY_TASKS.values(), ids=lambda row: row.kind)
    def test_says_in_chinese_what_it_is_and_what_happens_when_nobody_acts(self, row: Task) -> None:
        assert HAN.match(row.label)
        assert HAN.match(row.on_expiry)
        assert not row.on_expiry.endswith(("。", "."))
        assert row.outcomes
        assert row.stage in set(DutyStage)
        for outcome in row.outcomes:
            assert HAN.search(outcome.label), outcome.name
            assert all(HAN.search(each.label) for each in outcome.fields), outcome.name

    @pytest.mark.parametrize("row", DUTY_TASKS.values(), ids=lambda row: row.kind)
    def test_names_each_outcome_and_each_field_once(self, row: Task) -> None:
        names = [each.name for each in row.outcomes]
        assert len(set(names)) == len(names)
        for outcome in row.outcomes:
            fields = [each.name for each in outcome.fields]
            assert len(set(fields)) == len(fields), outcome.name

    def test_caps_every_outcome_that_leads_back(self) -> None:
        outcomes = [each for row in DUTY_TASKS.values() for each in row.outcomes]
        assert {each.name for each in outcomes if each.leads_back} == LEADS_BACK
        uncapped = {each.name for each in outcomes if not each.closes and not each.leads_back}
        assert uncapped == CAPPED_BY_THE_BOOK

    def test_grants_nothing_by_silence(self) -> None:
        proposals = [each for row in DUTY_TASKS.values() for each in row.outcomes if each.silence]
        assert {each.name: each.silence for each in proposals} == {
            EXCUSE: Silence.DENIES,
            "close": Silence.DENIES,
        }

    def test_is_found_by_kind_and_name(self) -> None:
        found = DUTY_TABLES.outcome(DutyTask.HOLD_MEETING, "postpone")
        assert found is not None
        assert found.label == "延期"
        assert DUTY_TABLES.outcome(DutyTask.HOLD_MEETING, "close") is None
        assert DUTY_TABLES.outcome("handle", "close") is None


class TestWords:
    def test_of_the_last_stages_are_those_of_every_matter(self) -> None:
        assert list(DutyStage)[-2:] == [stages.CLOSED, stages.ARCHIVED]

    def test_of_endings_are_these(self) -> None:
        assert list(DutyEnding) == ["kept", "entered_late", "excused", "missed"]


class TestAnOutcome:
    FRESH = DutyProgress()
    ASKING = DutyProgress(asks_excuse=True)
    OVER = DutyProgress(is_over=True)

    @pytest.mark.parametrize(
        ("case", "kind", "progress", "gone"),
        [
            ("at the beginning", DutyTask.PLAN_MEETING, FRESH, set()),
            ("while an excuse waits", DutyTask.PLAN_MEETING, ASKING, {EXCUSE}),
            ("postponed never", DutyTask.HOLD_MEETING, FRESH, set()),
            ("postponed once", DutyTask.HOLD_MEETING, DutyProgress(postponed=1), set()),
            ("postponed twice", DutyTask.HOLD_MEETING, DutyProgress(postponed=2), {"postpone"}),
            ("postponed more often", DutyTask.HOLD_MEETING, DutyProgress(postponed=3), {"postpone"}),
            (
                "postponed twice while an excuse waits",
                DutyTask.HOLD_MEETING,
                DutyProgress(postponed=2, asks_excuse=True),
                {"postpone", EXCUSE},
            ),
            ("in time", DutyTask.CLOSE_MEETING, FRESH, set()),
            ("late", DutyTask.CLOSE_MEETING, OVER, {"not_held"}),
            ("an excuse after the end", DutyTask.PLAN_MEETING, OVER, {EXCUSE}),
            (
                "of a review",
                DutyTask.REVIEW,
                DutyProgress(postponed=9, asks_excuse=True, is_over=True),
                set(),
            ),
            ("of a supervision", DutyTask.SUPERVISE, OVER, set()),
        ],
    )
    def test_is_withheld_by_what_lies_behind(
        self, case: str, kind: DutyTask, progress: DutyProgress, gone: set[str]
    ) -> None:
        assert duty_withheld(kind, progress, postponements=STANDARD_DUTIES.postponements) == gone, case

    @pytest.mark.parametrize("kind", DutyTask)
    def test_is_left_to_every_task_whatever_lies_behind(self, kind: DutyTask) -> None:
        worst = DutyProgress(postponed=99, asks_excuse=True, is_over=True)
        gone = duty_withheld(kind, worst, postponements=0)
        assert {each.name for each in DUTY_TASKS[kind].outcomes} - gone
