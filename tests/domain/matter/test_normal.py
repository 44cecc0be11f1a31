"""The one normal form of sent values."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.duty.lifecycle import DutyTask
from domain.kinds import DUTY_TABLES
from domain.matter.normal import normal
from domain.matter.tasks import Field
from domain.order.actions import action_fields
from domain.order.lifecycle import TASKS, outcome_fields

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


def fields_of(name: str) -> tuple[Field, ...]:
    return action_fields(name) or next(found for kind in TASKS if (found := outcome_fields(kind, name)))


def fields_of_a_report() -> tuple[Field, ...]:
    found = DUTY_TABLES.outcome(DutyTask.CLOSE_MEETING, "close")
    assert found is not None
    return found.fields


class TestWhatMeansTheSame:
    @pytest.mark.parametrize(
        ("name", "one", "other"),
        [
            ("report_result", {"text": "一\r\n二"}, {"text": "一\n二"}),
            ("report_result", {"text": " 已\u200b办 "}, {"text": "已办"}),
            ("split", {"parts": [{"text": "一\r\n二"}]}, {"parts": [{"text": "一\n二"}]}),
            ("request_pause", {"until": "2026-12-01T09:00+08:00"}, {"until": "2026-12-01T01:00:00Z"}),
            (
                "mark_duplicate",
                {"leading_order_no": "20261123 7k3m9q"},
                {"leading_order_no": "20261123-7K3M9Q"},
            ),
            ("mark_duplicate", {"reason": None}, {}),
        ],
    )
    def test_is_written_alike(self, name: str, one: dict[str, Any], other: dict[str, Any]) -> None:
        assert normal(fields_of(name), one) == normal(fields_of(name), other)

    @pytest.mark.parametrize(
        ("name", "given_"),
        [
            ("report_result", {"text": 5}),
            ("request_pause", {"until": "noon"}),
            ("request_pause", {"until": "2026-12-01T09:00"}),
            ("mark_duplicate", {"leading_order_no": "x"}),
            ("split", {"parts": "x"}),
            ("split", {"parts": [{"text": 5}, "x"]}),
            ("reassign", {"colour": None}),
        ],
    )
    def test_and_what_means_nothing_is_left_to_be_judged(self, name: str, given_: dict[str, Any]) -> None:
        assert normal(fields_of(name), given_) == given_

    @given(
        name=st.sampled_from(["report_result", "request_pause", "mark_duplicate", "split", "reassign"]),
        data=st.data(),
    )
    def test_stays_as_it_is_from_then_on(self, name: str, data: st.DataObject) -> None:
        names = st.sampled_from([*(each.name for each in fields_of(name)), "colour"])
        once = normal(fields_of(name), data.draw(st.dictionaries(names, ANYTHING)))
        assert normal(fields_of(name), once) == once


class TestAReport:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ({"issues": [{"text": " 一\r\n二 "}]}, {"issues": [{"text": "一\n二"}]}),
            (
                {"issues": [{"text": "一", "answer": "好\u200b "}]},
                {"issues": [{"text": "一", "answer": "好"}]},
            ),
            ({"issues": [{"text": "一", "category": None, "answer": None}]}, {"issues": [{"text": "一"}]}),
            ({"issues": None, "attendees": 17}, {"attendees": 17}),
            ({"started_at": "2026-11-18T19:00+08:00"}, {"started_at": "2026-11-18T11:00:00Z"}),
            ({"summary": "好 "}, {"summary": "好"}),
        ],
    )
    def test_that_means_the_same_is_written_alike(self, one: dict[str, Any], other: dict[str, Any]) -> None:
        assert normal(fields_of_a_report(), one) == normal(fields_of_a_report(), other)

    @pytest.mark.parametrize(
        "given_",
        [
            {"issues": "路灯"},
            {"issues": [5, "路灯", {"text": 5}, []]},
            {"issues": [{"text": ""}]},
            {"attendees": "17"},
            {"attendees": 17.5},
            {"attendees": True},
        ],
    )
    def test_that_means_nothing_is_left_to_be_judged(self, given_: dict[str, Any]) -> None:
        assert normal(fields_of_a_report(), given_) == given_

    @given(data=st.data())
    def test_stays_as_it_is_from_then_on(self, data: st.DataObject) -> None:
        names = st.sampled_from([*(each.name for each in fields_of_a_report()), "colour"])
        once = normal(fields_of_a_report(), data.draw(st.dictionaries(names, ANYTHING)))
        assert normal(fields_of_a_report(), once) == once
