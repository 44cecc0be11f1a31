"""The state of an order at the beginning of a later round."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta

from messages.order.workflow import StartOrder
from store.database import Store
from tests.support.stories.stored_story import StoredStory
from workflows.order.state import State

OF_THE_ORDER = frozenset(
    {
        # Where it is and what it is about; the next step sets it again.
        *("stage", "tier", "unit", "category", "routing", "lead", "units", "order_class", "reclassified"),
        *("suggested_class", "suggested_unit", "round", "round_began_at", "can_be_asked"),
        # Counts and caps over all rounds, and facts to show.
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
        # People who may not review or call back, because it is about their own work.
        *("reviewed_by", "handled_by"),
        # Facts of the office, not of the round.
        *("hold", "holds", "holds_heard", "held_until"),
        # Heard and recorded things.
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
"""Fields that survive into the next round. List a new field here, or declare it as one of a round: think which."""


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
