"""The state of an order: what a later round begins with."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta

from messages.order.workflow import StartOrder
from store.database import Store
from tests.support.stories.stored_story import StoredStory
from workflows.order.state import State

OF_THE_ORDER = frozenset(
    {
        # Where it is and what it is about; the next step says it anew.
        *("stage", "tier", "unit", "category", "routing", "lead", "units", "order_class", "reclassified"),
        *("suggested_class", "suggested_unit", "round", "round_began_at", "can_be_asked"),
        # What is counted and capped over all rounds, or shown as having happened.
        *(
            "escalations",
            "taken",
            "answered",
            "by_hand",
            "asked_beyond",
            "ignored",
            "ignored_since",
            "reworks",
            "overdue",
            "is_split",
            "returns",
            "extensions",
            "reopened",
        ),
        *("counts_only", "requester_left"),
        # Who may not review or call back, being about their own work.
        *("reviewed_by", "handled_by"),
        # The office's, not the round's.
        *("hold", "holds", "holds_heard", "held_until"),
        # What was said and recorded.
        *(
            "seq",
            "tasks_opened",
            "records",
            "open_tasks",
            "finished",
            "heard",
            "inbox",
            "refused",
            "refusals",
        ),
    }
)
"""What survives into the next round. A new field stands here, or is declared as one of a round: think about which."""


class TestARound:
    def test_begins_with_nothing_that_was_said_of_the_last_one_alone(self, store: Store) -> None:
        start: StartOrder = StoredStory(store).start
        fresh, state = State.of(start), State.of(start)
        for each in fields(State):
            setattr(state, each.name, each.name)
        state.round = 4
        now = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(days=9)
        state.begin_round(now)
        for each in fields(State):
            if each.name not in OF_THE_ORDER:
                assert getattr(state, each.name) == getattr(fresh, each.name), each.name
            elif each.name not in {"round", "round_began_at"}:
                assert getattr(state, each.name) == each.name, each.name
        assert (state.round, state.round_began_at) == (5, now)
