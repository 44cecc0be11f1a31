"""Judging the chosen outcome, and the fields that several kinds of matter may have."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.matter.faults import Fault
from domain.matter.judging import (
    Codes,
    Offered,
    Refusal,
    Submission,
    judge_choice,
    judge_fields,
    named_codes,
    wrong_issues,
)
from domain.matter.tasks import Field, FieldType, Outcome, number_field, text_field
from domain.matter.timeliness import CLOCK_SKEW
from domain.office.directory import MAX_CODE

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
GOES_ON = Outcome(name="goes_on", label="往前", fields=(text_field("说明"),))
GOES_BACK = Outcome(name="goes_back", label="退回", leads_back=True)
OPEN = Codes(categories=("noise",))
WHOLE = {
    "text": "路灯不亮",
    "category": "noise",
    "answer": "已约定周五修复",
    "name": "王某",
    "phone": "13800000000",
}


def chosen(
    name: str, *, cap: int = 3, fields: dict[str, Any] | None = None, **facts: Any
) -> Outcome | Refusal:
    usual: dict[str, Any] = {"outcomes": (GOES_ON, GOES_BACK), "opened_at": NOW, "not_by": (), "taken": 0}
    wanted = Submission(name=name, actor="somebody", at=NOW, fields=fields or {})
    return judge_choice(Offered(kind="a_task", **{**usual, **facts}), wanted, answer_cap=cap)


def told(refusal: Outcome | Refusal | None) -> tuple[Any, ...]:
    assert isinstance(refusal, Refusal)
    return (refusal.code, refusal.field, refusal.fault, refusal.bound)


class TestAChoice:
    def test_that_may_be_made_is_returned(self) -> None:
        assert chosen("goes_on", fields={"text": "好"}) is GOES_ON
        assert chosen("goes_back") is GOES_BACK

    def test_of_what_is_not_offered_is_refused_with_what_is(self) -> None:
        refusal = chosen("goes_away", outcomes=(GOES_BACK,))
        assert told(refusal) == ("unknown_outcome", "outcome", None, None)
        assert isinstance(refusal, Refusal)
        assert (
            refusal.reason
            == "a task of kind a_task has no outcome of that name now; choose one of: goes_back"
        )

    def test_with_a_field_out_of_order_is_refused(self) -> None:
        assert told(chosen("goes_on")) == ("missing_field", "text", None, None)
        assert told(chosen("goes_back", fields={"text": "x"})) == ("unknown_field", "text", None, None)

    @pytest.mark.parametrize(("taken", "is_taken"), [(0, True), (2, True), (3, False), (99, False)])
    def test_that_leads_back_is_taken_so_often(self, taken: int, is_taken: bool) -> None:
        found = chosen("goes_back", taken=taken)
        assert (found is GOES_BACK) == is_taken
        if not is_taken:
            assert told(found) == ("too_often", None, None, None)

    def test_that_leads_on_is_taken_however_often(self) -> None:
        assert chosen("goes_on", fields={"text": "好"}, taken=99) is GOES_ON

    def test_about_ones_own_work_is_a_colleagues(self) -> None:
        assert told(chosen("goes_back", not_by=("somebody",))) == ("own_work", None, None, None)
        assert chosen("goes_back", not_by=("somebody else",)) is GOES_BACK

    @pytest.mark.parametrize(
        ("ahead", "is_taken"),
        [(-SECOND, True), (CLOCK_SKEW, True), (CLOCK_SKEW + timedelta(microseconds=1), False)],
    )
    def test_is_not_made_before_the_task_opens(self, ahead: timedelta, is_taken: bool) -> None:
        found = chosen("goes_back", opened_at=NOW + ahead)
        assert (found is GOES_BACK) == is_taken
        if not is_taken:
            assert told(found) == ("not_yet", None, None, None)

    def test_is_refused_for_the_first_reason_of_several(self) -> None:
        late = NOW + timedelta(hours=1)
        assert told(chosen("x", opened_at=late, not_by=("somebody",)))[0] == "not_yet"
        assert told(chosen("x", not_by=("somebody",)))[0] == "own_work"
        assert told(chosen("goes_back", taken=3, fields={"x": 1}))[0] == "too_often"


class TestANumber:
    @pytest.mark.parametrize("value", [1, 2, 10_000])
    def test_of_people_is_taken(self, value: int) -> None:
        wanted = Submission(name="x", actor="somebody", at=NOW, fields={"attendees": value})
        assert judge_fields((number_field("attendees", "人数"),), wanted) is None

    @pytest.mark.parametrize("value", [0, -3, 10_001, 10**30, True, False, 2.0, "2", "", [], {}, [2]])
    def test_that_counts_nobody_or_is_none_is_refused(self, value: Any) -> None:
        wanted = Submission(name="x", actor="somebody", at=NOW, fields={"attendees": value})
        refusal = judge_fields((number_field("attendees", "人数"),), wanted)
        assert told(refusal) == ("invalid_field", "attendees", Fault.NUMBER, 10_000)

    def test_is_required(self) -> None:
        wanted = Submission(name="x", actor="somebody", at=NOW, comment="17", stored=frozenset({"attendees"}))
        refusal = judge_fields((number_field("attendees", "人数"),), wanted)
        assert told(refusal) == ("missing_field", "attendees", None, None)


class TestIssues:
    @pytest.mark.parametrize(
        "issues",
        [
            [{"text": "路灯不亮"}],
            [{"text": "路灯不亮", "answer": "已约定周五修复"}],
            [WHOLE],
            [WHOLE] * 20,
            [{"text": "好" * 4_000, "answer": "好" * 4_000, "name": "王" * 100, "phone": "1" * 40}],
        ],
    )
    def test_are_taken(self, issues: list[dict[str, str]]) -> None:
        assert wrong_issues("issues", issues, OPEN) is None

    @pytest.mark.parametrize(
        "value", [[], [WHOLE] * 21, "路灯不亮", None, 5, {}, {"text": "路灯不亮"}, (WHOLE,)]
    )
    def test_are_a_list_of_one_to_twenty(self, value: Any) -> None:
        assert told(wrong_issues("issues", value, OPEN)) == ("invalid_field", "issues", Fault.ISSUES, 20)

    @pytest.mark.parametrize(
        "issue",
        [
            "路灯不亮",
            None,
            5,
            [],
            ["text"],
            {},
            {"answer": "好"},
            {**WHOLE, "unit": "x"},
            {"text": "x", 1: "y"},
        ],
    )
    def test_have_a_text_and_nothing_that_nobody_knows(self, issue: Any) -> None:
        refusal = wrong_issues("issues", [WHOLE, issue], OPEN)
        assert told(refusal) == ("invalid_field", "issues", Fault.ISSUES, None)

    @pytest.mark.parametrize("part", sorted(WHOLE))
    @pytest.mark.parametrize(
        "value", ["", " ", "\u200b", "a\x00b", "half \ud83d", 5, None, [], {"text": "x"}, True]
    )
    def test_are_written_in_letters_that_can_be_seen_and_stored(self, part: str, value: Any) -> None:
        refusal = wrong_issues("issues", [WHOLE, {**WHOLE, part: value}], OPEN)
        assert told(refusal) == ("invalid_field", "issues", Fault.LETTERS, None)

    @pytest.mark.parametrize(
        ("part", "longest"),
        [("text", 4_000), ("answer", 4_000), ("name", 100), ("phone", 40), ("category", MAX_CODE)],
    )
    def test_are_not_longer_than_their_bounds(self, part: str, longest: int) -> None:
        value = "n" * longest
        codes = Codes(categories=(value, f"{value}n"))
        plain = {name: said for name, said in WHOLE.items() if name != "category"}
        assert wrong_issues("issues", [{**plain, part: value}], codes) is None
        refusal = wrong_issues("issues", [plain, {**plain, part: f"{value}n"}], codes)
        assert told(refusal) == ("invalid_field", "issues", Fault.TOO_LONG, longest)

    def test_name_a_category_that_is_open(self) -> None:
        refusal = wrong_issues("issues", [WHOLE, {**WHOLE, "category": "weather"}], OPEN)
        assert told(refusal) == ("invalid_field", "issues", Fault.CHOICE, None)
        assert isinstance(refusal, Refusal)
        assert "weather" not in refusal.reason

    def test_name_their_categories_for_whoever_vouches_for_them(self) -> None:
        field = Field(name="issues", label="事项", type=FieldType.ISSUES)
        given_ = {"issues": [WHOLE, {"text": "x"}, "y", {"category": 5}, {"category": "n" * (MAX_CODE + 1)}]}
        assert named_codes([field], given_) == ([], ["noise"])
        assert named_codes([field], {"issues": "noise"}) == ([], [])

    @given(
        value=st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from([*WHOLE, "colour"]), inner, max_size=3)
            ),
            max_leaves=8,
        )
    )
    def test_are_judged_whatever_they_are(self, value: Any) -> None:
        refusal = wrong_issues("issues", value, OPEN)
        assert refusal is None or (refusal.code, refusal.field) == ("invalid_field", "issues")
        if refusal is None:
            assert isinstance(value, list)
            assert all(isinstance(each["text"], str) for each in value)
