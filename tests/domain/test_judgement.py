"""The table of human tasks, and what it says to decisions and actions."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.judgement import Refusal, Submission, judge_action, judge_outcome
from domain.lifecycle import (
    ACTIONS,
    TASKS,
    ActionName,
    TaskKind,
    entitled_roles,
    handler_role,
    outcomes_of,
    supervisor,
)
from domain.orders import Role, Stage, Tier

NOW = datetime(2026, 5, 15, 12, 0, tzinfo=UTC)
LATER = "2026-05-16T12:00:00+08:00"


def wanted(name: str, fields: Mapping[str, Any] | None = None, **more: Any) -> Submission:
    return Submission(name=name, actor="somebody", at=NOW, fields=fields or {}, **more)


def code_of(refusal: Refusal | None) -> str | None:
    return refusal.code if refusal else None


NO_LISTS: list[Any] = ["0" * 32, ["0" * 32] * 2, [f"{n:032x}" for n in range(10)], ["F" * 32], [None], {}]
"""What is no list of attachment ids."""


class TestTheTable:
    def test_has_a_row_for_every_kind(self) -> None:
        assert set(TASKS) == set(TaskKind)

    def test_has_a_row_for_every_action(self) -> None:
        assert set(ACTIONS) == set(ActionName)

    def test_names_every_outcome_once_but_for_those_that_mean_the_same(self) -> None:
        names = [outcome.name for row in TASKS.values() for outcome in row.outcomes]
        assert len(names) == len(set(names))

    def test_offers_exactly_the_outcomes_of_the_contract(self) -> None:
        assert {kind.value: [outcome.name for outcome in outcomes_of(kind)] for kind in TaskKind} == {
            "first_contact": ["resolve", "refer"],
            "classify": ["urgent", "general", "complex"],
            "dispatch": ["assign", "reclassify"],
            "acknowledge": ["accept"],
            "handle": ["report_result", "cannot_resolve", "hand_up"],
            "explain": ["explained"],
            "follow_up": ["reached", "not_reached"],
            "supervise": ["urge", "set_date", "conclude"],
        }


class TestADecision:
    @pytest.mark.parametrize(
        ("kind", "name", "fields"),
        [
            (TaskKind.FIRST_CONTACT, "resolve", {"text": "答复"}),
            (TaskKind.FIRST_CONTACT, "refer", {"text": "意见", "class": "urgent", "unit": "street-safety"}),
            (TaskKind.CLASSIFY, "urgent", {}),
            (TaskKind.CLASSIFY, "general", {"category": "noise", "unit": "community-01"}),
            (TaskKind.DISPATCH, "assign", {"lead_unit": "district-housing", "helping_units": []}),
            (TaskKind.DISPATCH, "reclassify", {"class": "complex", "reason": "more_difficult"}),
            (TaskKind.ACKNOWLEDGE, "accept", {}),
            (TaskKind.HANDLE, "report_result", {"text": "已办", "attachments": []}),
            (TaskKind.HANDLE, "report_result", {"text": "已办", "attachments": ["0" * 32, "f" * 32]}),
            (TaskKind.HANDLE, "cannot_resolve", {"reason": "no_legal_basis", "text": "因为"}),
            (TaskKind.HANDLE, "hand_up", {"text": "上报"}),
            (TaskKind.EXPLAIN, "explained", {"how": "phone", "at": "2026-05-15T10:00:00Z", "text": "说明"}),
            (TaskKind.FOLLOW_UP, "reached", {"solved": "no", "satisfied": "no", "cause": "unit"}),
            (TaskKind.FOLLOW_UP, "not_reached", {}),
            (TaskKind.SUPERVISE, "urge", {}),
            (TaskKind.SUPERVISE, "set_date", {"due_at": LATER}),
            (TaskKind.SUPERVISE, "conclude", {"reason": "taken_elsewhere", "text": "说明"}),
        ],
    )
    def test_that_is_complete_is_taken(self, kind: TaskKind, name: str, fields: dict[str, Any]) -> None:
        assert judge_outcome(kind, wanted(name, fields)) is None

    @pytest.mark.parametrize(
        ("kind", "name", "fields", "code", "field"),
        [
            (TaskKind.HANDLE, "resolve", {}, "unknown_outcome", "outcome"),
            (TaskKind.HANDLE, "report_result", {}, "missing_field", "text"),
            (TaskKind.HANDLE, "report_result", {"text": "  "}, "invalid_field", "text"),
            (TaskKind.HANDLE, "report_result", {"text": 5}, "invalid_field", "text"),
            (TaskKind.HANDLE, "report_result", {"text": "a\x00b"}, "invalid_field", "text"),
            (TaskKind.HANDLE, "report_result", {"text": "half \ud83d"}, "invalid_field", "text"),
            (
                TaskKind.SUPERVISE,
                "set_date",
                {"due_at": "9999-12-31T23:59:59-08:00"},
                "invalid_field",
                "due_at",
            ),
            (TaskKind.HANDLE, "report_result", {"text": "好" * 4001}, "invalid_field", "text"),
            (
                TaskKind.HANDLE,
                "report_result",
                {"text": "好", "attachments": ["a"]},
                "invalid_field",
                "attachments",
            ),
            *(
                (
                    TaskKind.HANDLE,
                    "report_result",
                    {"text": "好", "attachments": ids},
                    "invalid_field",
                    "attachments",
                )
                for ids in NO_LISTS
            ),
            (TaskKind.HANDLE, "report_result", {"text": "好", "colour": "red"}, "unknown_field", "fields"),
            (TaskKind.HANDLE, "cannot_resolve", {"text": "好", "reason": "tired"}, "invalid_field", "reason"),
            (TaskKind.CLASSIFY, "urgent", {"unit": "street-nowhere"}, "invalid_field", "unit"),
            (TaskKind.CLASSIFY, "urgent", {"unit": ["street-safety"]}, "invalid_field", "unit"),
            (TaskKind.DISPATCH, "assign", {}, "missing_field", "lead_unit"),
            (TaskKind.DISPATCH, "assign", {"lead_unit": "street"}, "invalid_field", "lead_unit"),
            (
                TaskKind.EXPLAIN,
                "explained",
                {"how": "phone", "at": "noon", "text": "x"},
                "invalid_field",
                "at",
            ),
            (
                TaskKind.EXPLAIN,
                "explained",
                {"how": "phone", "at": "2026-05-15T10:00:00", "text": "x"},
                "invalid_field",
                "at",
            ),
            (TaskKind.SUPERVISE, "set_date", {"due_at": "2026-05-15T12:00:00Z"}, "invalid_field", "due_at"),
        ],
    )
    def test_that_is_not_in_order_is_refused_with_its_field(
        self, kind: TaskKind, name: str, fields: dict[str, Any], code: str, field: str
    ) -> None:
        refusal = judge_outcome(kind, wanted(name, fields))
        assert refusal is not None
        assert (refusal.code, refusal.field) == (code, field)

    def test_takes_a_comment_for_a_required_text(self) -> None:
        assert judge_outcome(TaskKind.HANDLE, wanted("report_result", comment="已办")) is None

    def test_takes_a_text_that_the_store_keeps(self) -> None:
        assert judge_outcome(TaskKind.HANDLE, wanted("report_result", stored=frozenset({"text"}))) is None

    def test_takes_no_comment_for_a_code(self) -> None:
        refusal = judge_outcome(TaskKind.HANDLE, wanted("cannot_resolve", comment="no"))
        assert code_of(refusal) == "missing_field"

    def test_to_reclassify_is_offered_once(self) -> None:
        fields = {"class": "complex", "reason": "more_difficult"}
        refusal = judge_outcome(TaskKind.DISPATCH, wanted("reclassify", fields), reclassified=True)
        assert code_of(refusal) == "unknown_outcome"

    def test_to_call_back_about_ones_own_work_is_refused(self) -> None:
        refusal = judge_outcome(TaskKind.FOLLOW_UP, wanted("not_reached"), handled_by="somebody")
        assert code_of(refusal) == "own_work"

    @given(
        kind=st.sampled_from(TaskKind),
        name=st.sampled_from([each.name for row in TASKS.values() for each in row.outcomes]) | st.text(),
        fields=st.dictionaries(
            st.sampled_from(["text", "reason", "class", "unit", "at", "due_at", "attachments"]) | st.text(),
            st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()) | st.just(LATER),
        ),
    )
    def test_is_judged_whatever_it_holds(self, kind: TaskKind, name: str, fields: dict[str, Any]) -> None:
        refusal = judge_outcome(kind, wanted(name, fields))
        assert refusal is None or (refusal.code and refusal.reason)


class TestAnAction:
    @pytest.mark.parametrize(
        ("name", "stage", "code"),
        [
            ("urge", Stage.HANDLING, None),
            ("urge", Stage.FOLLOW_UP, "wrong_stage"),
            ("withdraw", Stage.SUPERVISION, None),
            ("withdraw", Stage.REPLYING, "wrong_stage"),
            ("withdraw", Stage.CLOSED, "wrong_stage"),
            ("supervise", Stage.HANDLING, None),
            ("supervise", Stage.FIRST_CONTACT, "wrong_stage"),
            ("dance", Stage.HANDLING, "unknown_action"),
            ("rate", Stage.CLOSED, "missing_field"),
            ("reopen", Stage.CLOSED, "missing_field"),
            ("reopen", Stage.ARCHIVED, "wrong_stage"),
        ],
    )
    def test_is_possible_in_its_stages_only(self, name: str, stage: Stage, code: str | None) -> None:
        refusal = judge_action(wanted(name), stage=stage, reopened=False, supervised=False)
        assert code_of(refusal) == code

    def test_to_reopen_is_taken_once(self) -> None:
        again = judge_action(
            wanted("reopen", {"text": "又坏了"}), stage=Stage.CLOSED, reopened=True, supervised=False
        )
        assert code_of(again) == "reopened_already"

    def test_is_taken_so_often_and_no_more(self) -> None:
        again = judge_action(wanted("urge"), stage=Stage.HANDLING, reopened=False, supervised=False, taken=20)
        assert code_of(again) == "too_often"

    def test_to_rate_ones_own_work_is_refused(self) -> None:
        fields = {"solved": "yes", "satisfied": "yes"}
        refusal = judge_action(
            wanted("rate", fields),
            stage=Stage.FOLLOW_UP,
            reopened=False,
            supervised=False,
            handled_by="somebody",
        )
        assert code_of(refusal) == "own_work"

    def test_to_supervise_is_refused_while_somebody_does(self) -> None:
        refusal = judge_action(wanted("supervise"), stage=Stage.SUPERVISION, reopened=False, supervised=True)
        assert code_of(refusal) == "supervised_already"


class TestRoles:
    @pytest.mark.parametrize(
        ("tier", "role"),
        [
            (Tier.COMMUNITY, Role.COMMUNITY_WORKER),
            (Tier.STREET, Role.UNIT_HANDLER),
            (Tier.DISTRICT, Role.UNIT_HANDLER),
        ],
    )
    def test_handlers_depend_on_the_tier(self, tier: Tier, role: Role) -> None:
        assert handler_role(tier) is role

    def test_a_head_may_decide_for_the_handlers_and_nobody_for_the_desk(self) -> None:
        assert entitled_roles(Role.UNIT_HANDLER) == {Role.UNIT_HANDLER, Role.UNIT_HEAD}
        assert entitled_roles(Role.STREET_DESK) == {Role.STREET_DESK}

    @pytest.mark.parametrize(
        ("tier", "repetition", "role"),
        [
            (Tier.COMMUNITY, 1, Role.STREET_LEADER),
            (Tier.STREET, 2, Role.STREET_LEADER),
            (Tier.STREET, 3, Role.DISTRICT_DESK),
            (Tier.DISTRICT, 1, Role.DISTRICT_DESK),
            (Tier.DISTRICT, 9, Role.DISTRICT_DESK),
        ],
    )
    def test_supervision_climbs_at_the_third_time(self, tier: Tier, repetition: int, role: Role) -> None:
        assert supervisor(tier, repetition, climbs_at=3)[2] is role
