"""The table of human tasks, and its judgement of decisions and actions."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.matter.faults import Fault
from domain.matter.judging import Codes, named_codes
from domain.matter.tasks import Outcome, Silence
from domain.order.actions import ACTIONS, ActionName
from domain.order.lifecycle import REQUESTS, TASKS, Progress, TaskKind, outcomes_of, withheld
from domain.order.policy import STANDARD_2
from domain.order.words import Stage
from tests.domain.order.judged import LATER, NOW, acted, code_of, judged, wanted

WRONG_PARTS: list[Any] = [
    "text",
    [],
    [{"text": "一"}] * 6,
    ["text"],
    [{}],
    [{"text": " "}],
    [{"text": "一", "category": "weather"}],
    [{"text": "一", "category": ["noise"]}],
    [{"text": "一", "category": []}],
    [{"text": "一", "category": 0}],
    [{"text": "一", "category": ""}],
    [{"text": "一", "unit": "street-safety"}],
]
NO_LISTS: list[Any] = ["0" * 32, ["0" * 32] * 2, [f"{n:032x}" for n in range(10)], ["F" * 32], [None], {}]
"""Values that are not lists of attachment ids."""


class TestTheTable:
    def test_has_a_row_for_every_kind(self) -> None:
        assert set(TASKS) == set(TaskKind)

    def test_has_a_row_for_every_action(self) -> None:
        assert set(ACTIONS) == set(ActionName)

    def test_names_every_outcome_once_but_for_those_that_mean_the_same(self) -> None:
        names = [outcome.name for row in TASKS.values() for outcome in row.outcomes]
        assert {name for name in names if names.count(name) > 1} == {"mark_duplicate"}

    def test_offers_exactly_the_outcomes_of_the_contract(self) -> None:
        assert {kind.value: [outcome.name for outcome in outcomes_of(kind)] for kind in TaskKind} == {
            "first_contact": ["resolve", "refer", "mark_duplicate"],
            "classify": ["urgent", "general", "complex", "reject", "mark_duplicate", "split"],
            "dispatch": ["assign", "reclassify"],
            "acknowledge": ["accept", "send_back"],
            "handle": [
                "report_result",
                "cannot_resolve",
                "hand_up",
                "transfer",
                "request_extension",
                "request_pause",
                "request_reclassification",
                "ask_resident",
            ],
            "assist": ["contribute", "decline"],
            "review": ["approve", "revise"],
            "explain": ["explained"],
            "follow_up": ["reached", "not_reached"],
            "supervise": ["take_over", "urge", "set_date", "accept_delay", "conclude"],
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
            (TaskKind.FIRST_CONTACT, "refer", {"text": "意见", "reject_reason": "petition_concluded"}),
            (TaskKind.FIRST_CONTACT, "refer", {"text": "意见", "reject_reason": "not_ours"}),
            (TaskKind.CLASSIFY, "reject", {"reason": "not_ours", "goes_to": "court", "text": "说明"}),
            (TaskKind.CLASSIFY, "reject", {"reason": "no_public_matter", "text": "说明"}),
            (TaskKind.CLASSIFY, "mark_duplicate", {"leading_order_no": "20261123-AAAAAA"}),
            (
                TaskKind.CLASSIFY,
                "split",
                {"parts": [{"text": "另一件"}, {"text": "又一件", "category": "noise"}]},
            ),
            (TaskKind.DISPATCH, "assign", {"lead_unit": "street-safety", "helping_units": ["community-01"]}),
            (TaskKind.ACKNOWLEDGE, "send_back", {"reason": "out_of_area", "text": "不在辖区"}),
            (TaskKind.HANDLE, "transfer", {"unit": "street-safety", "reason": "better_placed"}),
            (TaskKind.HANDLE, "request_extension", {"due_at": LATER, "reason": "weather"}),
            (TaskKind.HANDLE, "request_pause", {"until": LATER, "reason": "season"}),
            (TaskKind.HANDLE, "request_reclassification", {"class": "complex", "reason": "more_difficult"}),
            (TaskKind.HANDLE, "ask_resident", {"text": "具体位置？"}),
            (TaskKind.ASSIST, "contribute", {"text": "已协助"}),
            (TaskKind.ASSIST, "decline", {"reason": "not_competent"}),
            (TaskKind.REVIEW, "approve", {}),
            (TaskKind.REVIEW, "revise", {"text": "请补充"}),
            (TaskKind.SUPERVISE, "take_over", {}),
            (TaskKind.SUPERVISE, "accept_delay", {"until": LATER, "reason": "weather"}),
            (TaskKind.EXPLAIN, "explained", {"how": "phone", "at": "2026-05-15T10:00:00Z", "text": "说明"}),
            (TaskKind.FOLLOW_UP, "reached", {"solved": "no", "satisfied": "no", "cause": "unit"}),
            (TaskKind.FOLLOW_UP, "not_reached", {}),
            (TaskKind.SUPERVISE, "urge", {}),
            (TaskKind.SUPERVISE, "set_date", {"due_at": LATER}),
            (TaskKind.SUPERVISE, "conclude", {"reason": "taken_elsewhere", "text": "说明"}),
        ],
    )
    def test_that_is_complete_is_taken(self, kind: TaskKind, name: str, fields: dict[str, Any]) -> None:
        assert judged(kind, wanted(name, fields)) is None

    @pytest.mark.parametrize(
        ("kind", "name", "fields", "code", "field"),
        [
            (TaskKind.HANDLE, "resolve", {}, "unknown_outcome", "outcome"),
            (TaskKind.HANDLE, "report_result", {}, "missing_field", "text"),
            (TaskKind.HANDLE, "report_result", {"text": "  "}, "invalid_field", "text"),
            *(
                (TaskKind.HANDLE, "report_result", {"text": text}, "invalid_field", "text")
                for text in ("\u200b", "\u3164", "\u2800", "\ufeff", "\u202e", "\xad", "\u200d\ufe0f\n")
            ),
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
            (TaskKind.HANDLE, "report_result", {"text": "好", "colour": "red"}, "unknown_field", "colour"),
            (TaskKind.HANDLE, "report_result", {"text": "好", "王 先生": "red"}, "unknown_field", "fields"),
            *(
                (
                    TaskKind.FIRST_CONTACT,
                    "refer",
                    {"text": "意见", "reject_reason": "no_facts", **more},
                    "invalid_field",
                    "reject_reason",
                )
                for more in ({"class": "urgent"}, {"unit": "street-safety"})
            ),
            *(
                (
                    TaskKind.CLASSIFY,
                    "reject",
                    {"text": "说明", **said},
                    "invalid_field",
                    "goes_to",
                )
                for said in ({"reason": "not_ours"}, {"reason": "no_facts", "goes_to": "court"})
            ),
            *(
                (
                    TaskKind.FOLLOW_UP,
                    "reached",
                    {"solved": "yes", "satisfied": satisfied, "cause": "unit"},
                    "invalid_field",
                    "cause",
                )
                for satisfied in ("yes", "basically")
            ),
            *(
                (
                    TaskKind.EXPLAIN,
                    "explained",
                    {"how": "phone", "at": at, "text": "x"},
                    "invalid_field",
                    "at",
                )
                for at in ("2026-05-15T12:01:01Z", "2025-05-13T12:00:00Z")
            ),
            (TaskKind.SUPERVISE, "set_date", {"due_at": "2027-05-17T12:00:00Z"}, "invalid_field", "due_at"),
            (TaskKind.HANDLE, "cannot_resolve", {"text": "好", "reason": "tired"}, "invalid_field", "reason"),
            (TaskKind.CLASSIFY, "urgent", {"unit": "street-nowhere"}, "invalid_field", "unit"),
            (TaskKind.CLASSIFY, "urgent", {"unit": ["street-safety"]}, "invalid_field", "unit"),
            (TaskKind.DISPATCH, "assign", {}, "missing_field", "lead_unit"),
            (TaskKind.DISPATCH, "assign", {"lead_unit": "street"}, "invalid_field", "lead_unit"),
            *(
                (
                    TaskKind.DISPATCH,
                    "assign",
                    {"lead_unit": "street-safety", "helping_units": units},
                    code,
                    "helping_units",
                )
                for units, code in (
                    ("community-01", "invalid_field"),
                    (["nowhere"], "invalid_field"),
                    ([["community-01"]], "invalid_field"),
                    (["community-01"] * 2, "invalid_field"),
                    (["street-safety"], "same_unit"),
                )
            ),
            (TaskKind.CLASSIFY, "reject", {"reason": "tiresome", "text": "说明"}, "invalid_field", "reason"),
            (
                TaskKind.HANDLE,
                "transfer",
                {"unit": "mine", "reason": "better_placed"},
                "invalid_field",
                "unit",
            ),
            (TaskKind.REVIEW, "revise", {}, "missing_field", "text"),
            *(
                (TaskKind.CLASSIFY, "split", {"parts": parts}, "invalid_field", "parts")
                for parts in WRONG_PARTS
            ),
            (
                TaskKind.CLASSIFY,
                "mark_duplicate",
                {"leading_order_no": "X" * 41},
                "invalid_field",
                "leading_order_no",
            ),
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
        refusal = judged(kind, wanted(name, fields))
        assert refusal is not None
        assert (refusal.code, refusal.field) == (code, field)

    def test_by_a_clock_that_is_45_seconds_ahead_is_not_of_the_future(self) -> None:
        said = {"how": "phone", "at": "2026-05-15T12:00:45Z", "text": "说明"}
        assert judged(TaskKind.EXPLAIN, wanted("explained", said)) is None

    @pytest.mark.parametrize(("seconds", "code"), [(5, None), (60, None), (61, "not_yet")])
    def test_by_a_machine_that_is_some_seconds_behind_is_not_too_early(
        self, seconds: int, code: str | None
    ) -> None:
        opens = NOW + timedelta(seconds=seconds)
        refusal = judged(TaskKind.ACKNOWLEDGE, wanted("accept"), opened_at=opens)
        assert code_of(refusal) == code

    def test_takes_a_comment_for_a_required_text(self) -> None:
        assert judged(TaskKind.HANDLE, wanted("report_result", comment="已办")) is None

    def test_takes_a_text_that_the_store_keeps(self) -> None:
        assert judged(TaskKind.HANDLE, wanted("report_result", stored=frozenset({"text"}))) is None

    @pytest.mark.parametrize("comment", ["", " \n", "\u3164\u200b"])
    def test_takes_no_comment_that_nobody_sees(self, comment: str) -> None:
        refusal = judged(TaskKind.HANDLE, wanted("report_result", comment=comment))
        assert refusal is not None
        assert refusal.code == "missing_field"

    def test_takes_no_comment_for_a_code(self) -> None:
        refusal = judged(TaskKind.HANDLE, wanted("cannot_resolve", comment="no"))
        assert code_of(refusal) == "missing_field"

    def test_to_reclassify_is_offered_once(self) -> None:
        fields = {"class": "complex", "reason": "more_difficult"}
        refusal = judged(TaskKind.DISPATCH, wanted("reclassify", fields), withheld={"reclassify"})
        assert code_of(refusal) == "unknown_outcome"

    @pytest.mark.parametrize(
        ("kind", "name"), [(TaskKind.FOLLOW_UP, "not_reached"), (TaskKind.REVIEW, "approve")]
    )
    def test_about_ones_own_work_is_refused(self, kind: TaskKind, name: str) -> None:
        assert code_of(judged(kind, wanted(name), not_by=("somebody",))) == "own_work"
        assert judged(kind, wanted(name), not_by=("somebody-else",)) is None

    def test_to_call_an_order_a_duplicate_of_itself_is_refused(self) -> None:
        own = "20261123-AAAAAA"
        for written in (own, "20261123 aaaaaa"):
            said = wanted("mark_duplicate", {"leading_order_no": written})
            assert code_of(judged(TaskKind.CLASSIFY, said, order_no=own)) == "same_order"
            merge = wanted("merge", {"leading_order_no": written})
            assert code_of(acted(merge, Stage.HANDLING, order_no=own)) == "same_order"

    @pytest.mark.parametrize(
        ("kind", "outcome"),
        [(kind, each) for kind, row in TASKS.items() for each in row.outcomes if each.leads_back],
    )
    def test_that_leads_back_is_taken_so_often_and_no_more(self, kind: TaskKind, outcome: Outcome) -> None:
        cap = STANDARD_2.answer_cap
        assert code_of(judged(kind, wanted(outcome.name), taken=cap)) == "too_often"
        assert code_of(judged(kind, wanted(outcome.name), taken=cap - 1)) != "too_often"

    def test_to_transfer_to_oneself_is_refused(self) -> None:
        fields = {"unit": "street-safety", "reason": "better_placed"}
        assert (
            code_of(judged(TaskKind.HANDLE, wanted("transfer", fields), unit="street-safety")) == "same_unit"
        )

    @pytest.mark.parametrize(
        ("name", "fields", "due", "code"),
        [
            # Decided at 12:00, with these due times; half-open: at the due time itself it is too late.
            ("request_extension", {"due_at": "2026-05-16T09:00:00Z"}, "12:00", "too_late"),
            ("request_extension", {"due_at": "2026-05-16T09:00:00Z"}, "12:01", None),
            ("request_extension", {"due_at": "2026-05-15T12:00:30Z"}, "12:01", "invalid_field"),
            ("request_extension", {"due_at": "2026-06-14T12:00:00Z"}, "12:01", None),
            ("request_extension", {"due_at": "2026-06-14T12:00:01Z"}, "12:01", "invalid_field"),
            ("request_pause", {"until": "2026-06-14T12:00:00Z"}, "12:01", None),
            ("request_pause", {"until": "2026-06-14T12:00:01Z"}, "12:01", "invalid_field"),
        ],
    )
    def test_to_ask_for_time_keeps_its_bounds(
        self, name: str, fields: dict[str, str], due: str, code: str | None
    ) -> None:
        due_at = datetime.fromisoformat(f"2026-05-15T{due}:00+00:00")
        said = wanted(name, {**fields, "reason": "weather"})
        assert code_of(judged(TaskKind.HANDLE, said, due_at=due_at)) == code

    def test_to_report_without_the_evidence_of_its_category_is_refused(self) -> None:
        said = wanted("report_result", {"text": "已办"})
        refused = judged(TaskKind.HANDLE, said, evidence=2)
        assert refused
        assert (refused.code, refused.fault, refused.bound) == ("evidence_required", Fault.EVIDENCE, 2)
        with_picture = wanted("report_result", {"text": "已办", "attachments": ["0" * 32]})
        assert judged(TaskKind.HANDLE, with_picture, evidence=1) is None

    @given(
        kind=st.sampled_from(TaskKind),
        name=st.sampled_from([each.name for row in TASKS.values() for each in row.outcomes]) | st.text(),
        fields=st.dictionaries(
            st.sampled_from(
                ["text", "reason", "class", "unit", "at", "due_at", "until", "attachments", "helping_units"]
            )
            | st.text(),
            st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()) | st.just(LATER),
        ),
    )
    def test_is_judged_whatever_it_holds(self, kind: TaskKind, name: str, fields: dict[str, Any]) -> None:
        refusal = judged(kind, wanted(name, fields))
        assert refusal is None or (refusal.code and refusal.reason)


class TestWhatIsWithheld:
    """One row for each reason why an outcome is not offered."""

    @pytest.mark.parametrize(
        ("kind", "progress", "gone"),
        [
            (TaskKind.HANDLE, Progress(), set()),
            (TaskKind.DISPATCH, Progress(reclassified=True), {"reclassify"}),
            (TaskKind.HANDLE, Progress(reclassified=True), {"request_reclassification"}),
            (TaskKind.CLASSIFY, Progress(is_split=True), {"split"}),
            (TaskKind.ACKNOWLEDGE, Progress(returns=1), set()),
            (TaskKind.ACKNOWLEDGE, Progress(returns=2), {"send_back"}),
            (TaskKind.HANDLE, Progress(returns=2), {"transfer"}),
            (TaskKind.HANDLE, Progress(extensions=1), set()),
            (TaskKind.HANDLE, Progress(extensions=2), {"request_extension"}),
            (TaskKind.HANDLE, Progress(can_be_asked=False), {"ask_resident"}),
            (TaskKind.HANDLE, Progress(requested=frozenset({"request_pause"})), {"request_pause"}),
            (TaskKind.HANDLE, Progress(is_busy=True), {*REQUESTS, "ask_resident"}),
        ],
    )
    def test_follows_from_what_lies_behind_the_order(
        self, kind: TaskKind, progress: Progress, gone: set[str]
    ) -> None:
        assert withheld(kind, progress, extension_cap=2, return_cap=2) == gone

    def test_is_never_all_of_a_task(self) -> None:
        everything = Progress(
            reclassified=True,
            returns=9,
            extensions=9,
            requested=frozenset(REQUESTS),
            can_be_asked=False,
            is_busy=True,
        )
        for kind in TaskKind:
            gone = withheld(kind, everything, extension_cap=2, return_cap=2)
            assert outcomes_of(kind, without=gone)


class TestProposals:
    def test_say_what_silence_means(self) -> None:
        silences = {
            each.name: each.silence for row in TASKS.values() for each in row.outcomes if each.silence
        }
        assert silences == {
            "reject": Silence.CLIMBS,
            "send_back": Silence.DENIES,
            "report_result": Silence.APPROVES,
            "cannot_resolve": Silence.CLIMBS,
            "transfer": Silence.DENIES,
            "request_extension": Silence.DENIES,
            "request_pause": Silence.DENIES,
            "request_reclassification": Silence.DENIES,
        }


class TestACodeOfTheDirectory:
    """The workflow accepts only codes that the store vouched for; typed text is never repeated."""

    @pytest.mark.parametrize(
        ("kind", "name", "fields", "field"),
        [
            (TaskKind.CLASSIFY, "general", {"unit": "street-safety"}, "unit"),
            (TaskKind.CLASSIFY, "general", {"category": "noise"}, "category"),
            (
                TaskKind.DISPATCH,
                "assign",
                {"lead_unit": "street-peace", "helping_units": ["street-safety"]},
                "helping_units",
            ),
            (TaskKind.CLASSIFY, "split", {"parts": [{"text": "一", "category": "noise"}]}, "parts"),
        ],
    )
    def test_that_nobody_vouched_for_is_refused(
        self, kind: TaskKind, name: str, fields: dict[str, Any], field: str
    ) -> None:
        codes = Codes(units={"street-peace"}, categories={"welfare"})
        refusal = judged(kind, wanted(name, fields, codes=codes))
        assert refusal is not None
        assert (refusal.code, refusal.field) == ("invalid_field", field)
        assert "dingdan routing show" in refusal.reason
        assert "noise" not in refusal.reason
        assert judged(kind, wanted(name, fields)) is None

    def test_is_found_wherever_it_is_named(self) -> None:
        fields = {"lead_unit": "a", "helping_units": ["b", 7, ""], "unit": ["c"], "category": "d" * 65}
        specs = [*outcomes_of(TaskKind.DISPATCH)[0].fields, *outcomes_of(TaskKind.CLASSIFY)[0].fields]
        assert named_codes(specs, fields) == (["a", "b"], [])
        parts = {"parts": [{"text": "一", "category": "noise"}, "nonsense", {"text": "二"}]}
        split = next(each for each in outcomes_of(TaskKind.CLASSIFY) if each.name == "split")
        assert named_codes(split.fields, parts) == ([], ["noise"])
