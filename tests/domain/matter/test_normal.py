"""The one form of what somebody sent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
