"""The events that each thing costs: nobody can fill an order's history until the server ends it (ADR-0008)."""

from datetime import timedelta
from typing import Any

import pytest

from domain.order.policy import SECONDS
from messages.names import LONG_HISTORY
from store.database import Store
from store.matter.said.decisions import Refused
from tests.support.attacker import FORGERS
from tests.support.stories.stored_story import StoredStory
from workflows import options

ENDS_AT = 51_200
"""Events at which the server ends a workflow."""


def by_hand(story: StoredStory, number: int, **changes: Any) -> dict[str, Any]:
    (task, *_) = story.status.tasks
    said = {"task_id": task.task_id, "decision_id": f"by-hand-{number}", "actor": "x", "outcome": "nonsense"}
    return {**said, **changes}


def flood(story: StoredStory, count: int, **changes: Any) -> None:
    for _ in range(count):
        story.decide(by_hand(story, story.events, **changes), by_hand=True)
        story.settle()


class TestAnEventCount:
    def test_of_an_ordinary_order_stays_within_its_budget(self, store: Store) -> None:
        story = StoredStory(store)
        story.to_work()
        story.decide_task("handle", "report_result", text="已办")
        story.decide_task("review", "approve")
        story.decide_task("follow_up", "reached", solved="yes", satisfied="yes")
        story.forward(timedelta(days=1))
        assert story.ended
        assert story.events <= 110

    def test_of_a_supervision_that_nobody_answers_is_what_adr_0008_says(self, store: Store) -> None:
        story = StoredStory(store)
        story.to_work("district-housing")
        story.forward(timedelta(minutes=5))
        before, supervisions = story.events, story.event_types.count("SupervisionBegan")
        story.forward(timedelta(minutes=20))
        each = (story.events - before) / (story.event_types.count("SupervisionBegan") - supervisions)
        assert 20 <= each <= 40

    def test_of_a_refused_signal_typed_by_hand_is_what_adr_0008_says(self, store: Store) -> None:
        story = StoredStory(store)
        before = story.events
        for number in range(20):
            story.decide(by_hand(story, number, stored=["text"]), by_hand=True)
            story.settle()
        assert (story.events - before) / 20 <= 20


class TestAFlood:
    @pytest.mark.timeout(400)
    @pytest.mark.parametrize("claimed", [{}, {"stored": ["text"]}])
    def test_of_signals_typed_by_hand_is_heard_so_long_and_then_costs_itself_alone(
        self, store: Store, claimed: dict[str, Any]
    ) -> None:
        story = StoredStory(store)
        bound = options.HEARD_BY_HAND + (options.ASKED_BEYOND if claimed else 0)
        flood(story, bound, **claimed)
        heard = story.events
        flood(story, 100, **claimed)
        rest = 10_000 - bound
        assert heard + rest * (story.events - heard) / 100 < ENDS_AT
        story.decide_task("first_contact", "resolve", text="答复")
        assert story.status.ending == "resolved_on_the_spot"

    def test_of_signals_typed_by_hand_is_told_once_with_how_many_are_not_heard(self, store: Store) -> None:
        story = StoredStory(store)
        flood(story, options.HEARD_BY_HAND + 30)
        assert story.event_types.count("SignalsIgnored") == 1
        last = story.status.refusals[-1]
        assert (last.code, last.reason.split()[0]) == ("not_heard", "30")
        assert "Not heard: 30 signals" in story.details

    def test_of_signals_typed_by_hand_leaves_what_the_store_has_under_an_older_key(
        self, store: Store
    ) -> None:
        story = StoredStory(store)
        flood(story, options.HEARD_BY_HAND + 30)
        submitted = story.submit("first_contact", "resolve", text="答复")
        assert submitted.said is not None
        payload = submitted.said.model_dump(mode="json")
        story.decide({**payload, "seal": FORGERS.sign(story.order_no, payload)}, by_hand=True)
        story.settle()
        assert story.status.ending == "resolved_on_the_spot"

    def test_of_merges_by_one_account_is_refused_where_it_is_sent(self, store: Store) -> None:
        """Only a leader joins an order that climbed, so each of these came back from `record`."""
        leading, story = StoredStory(store), StoredStory(store)
        story.to_work("community-03")
        story.decide_task("handle", "hand_up", text="无权处理")
        sent = 0
        with pytest.raises(Refused) as refused:  # noqa: PT012
            for sent in range(SECONDS.action_cap + 1):  # noqa: B007
                story.order_action("merge", by="desk-1", leading_order_no=leading.order_no)
        assert (refused.value.refusal.code, sent) == ("too_often", SECONDS.action_cap)

    def test_of_duplicates_by_hand_is_refused_by_the_order(self, store: Store) -> None:
        story = StoredStory(store)
        fields = {"leading_order_no": "20260101-AAAAAA"}
        for number in range(SECONDS.answer_cap + 1):
            story.decide(by_hand(story, number, outcome="mark_duplicate", fields=fields), by_hand=True)
            story.settle()
        assert story.event_types.count("MergeRefused") == SECONDS.answer_cap
        assert story.status.refusals[-1].code == "too_often"

    def test_of_dates_by_one_leader_is_refused(self, store: Store) -> None:
        story = StoredStory(store)
        story.to_work("district-housing")
        set_dates = 0
        with pytest.raises(Refused) as refused:  # noqa: PT012
            for _ in range(100):
                while not any(each.kind == "supervise" for each in story.status.tasks):
                    story.forward(timedelta(seconds=2))
                story.decide_task(
                    "supervise", "set_date", due_at=(story.now + timedelta(seconds=2)).isoformat()
                )
                set_dates += 1
        assert (refused.value.refusal.code, set_dates) == ("too_often", SECONDS.answer_cap)


class TestALeadingOrder:
    @pytest.mark.parametrize("written", ["20260101-AAAAAA", "20260101 aaaaaa"])
    def test_that_does_not_exist_is_refused_where_it_is_named(self, store: Store, written: str) -> None:
        story = StoredStory(store)
        with pytest.raises(Refused) as refused:
            story.decide_task("first_contact", "mark_duplicate", leading_order_no=written)
        assert (refused.value.refusal.code, refused.value.refusal.field) == (
            "unknown_order",
            "leading_order_no",
        )

    def test_that_is_answered_is_refused_where_it_is_named(self, store: Store) -> None:
        leading, story = StoredStory(store), StoredStory(store)
        leading.decide_task("first_contact", "resolve", text="答复")
        with pytest.raises(Refused) as refused:
            story.decide_task("first_contact", "mark_duplicate", leading_order_no=leading.order_no)
        assert refused.value.refusal.code == "cannot_lead"

    def test_is_found_however_its_number_was_written(self, store: Store) -> None:
        leading, story = StoredStory(store), StoredStory(store)
        written = leading.order_no.lower().replace("-", "－")  # noqa: RUF001
        story.decide_task("first_contact", "mark_duplicate", leading_order_no=written)
        assert story.row["merged_into"] == leading.order_no


class TestALongHistory:
    def test_is_told_to_operators(self, store: Store) -> None:
        story = StoredStory(store)
        story.events = LONG_HISTORY
        story.order_action("urge")
        assert "Its history is long" in story.details
