"""How `record` settles which run a step belongs to: Temporal says it, and never a clock."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.order.record import Recorder
from messages.matter.step import EventRecord
from messages.order.step import OrderStep
from messages.order.workflow import StartOrder
from store.database import Store
from tests.store.taking import rows, step_of, take


def another(start: StartOrder, run_id: str, *, after: timedelta, seq: int = 1) -> OrderStep:
    """Build the step of another run."""
    at = start.received_at + after
    event = EventRecord(seq=seq + 1, at=at, type=f"Of{run_id}", actor="system")
    return step_of(
        start,
        run_id=run_id,
        seq=seq,
        at=at,
        next_event=seq + 1,
        events=(event,),
        opened=(),
        closed=(),
        clocks=(),
    )


def live(store: Store) -> list[str]:
    return [type_ for (type_,) in rows(store, "SELECT type FROM event WHERE NOT abandoned ORDER BY seq")]


def recorder(store: Store, *present: str) -> Recorder:
    """Make a recorder whose Temporal names these runs one by one, and then always the last."""
    names: Iterator[str] = iter(present)
    last = present[-1]
    return Recorder(store, present_run=lambda _: next(names, last))


class TestTheRunThatTemporalNames:
    def test_takes_over_although_its_clock_is_ten_minutes_behind(self, store: Store) -> None:
        start = take(store)
        recorder(store, "run-1").record(step_of(start, at=start.received_at + timedelta(minutes=30)))
        recorder(store, "run-2").record(another(start, "run-2", after=timedelta(minutes=20)))
        assert live(store) == ["OrderReceived", "Ofrun-2"]
        assert rows(store, "SELECT run_id FROM matter") == [("run-2",)]

    def test_takes_over_again_after_another_reset_and_when_it_was_left_itself(self, store: Store) -> None:
        start = take(store)
        for index, run_id in enumerate(("run-1", "run-2", "run-3", "run-1")):
            seq = 2 if index == 3 else 1
            recorder(store, run_id).record(
                another(start, run_id, after=timedelta(minutes=9 - index), seq=seq)
            )
            assert rows(store, "SELECT run_id FROM matter") == [(run_id,)]

    def test_is_asked_for_again_if_yet_another_was_faster(self, store: Store) -> None:
        start = take(store)
        recorder(store, "run-1").record(step_of(start))

        def present_run(order_no: str) -> str:
            asked.append(order_no)
            if len(asked) == 1:
                recorder(store, "run-3").record(another(start, "run-3", after=timedelta(minutes=3)))
                return "run-2"
            return "run-3"

        asked: list[str] = []
        with pytest.raises(ApplicationError, match="a later run has taken over"):
            Recorder(store, present_run=present_run).record(
                another(start, "run-2", after=timedelta(minutes=2))
            )
        assert (len(asked), live(store)) == (2, ["OrderReceived", "Ofrun-3"])

    def test_is_not_asked_for_by_the_run_whose_rows_are_there(self, store: Store) -> None:
        start = take(store)
        Recorder(store).record(step_of(start))
        Recorder(store).record(another(start, "run-1", after=timedelta(minutes=-5), seq=2))
        assert rows(store, "SELECT COUNT(*) FROM record_entry") == [(2,)]


class TestARunThatWasLeft:
    @pytest.mark.parametrize(
        "seq", [2, 1], ids=["a step of one that recorded", "the first of one that never did"]
    )
    def test_changes_nothing_however_late_it_says_it_is(self, store: Store, seq: int) -> None:
        start = take(store)
        recorder(store, "run-1").record(step_of(start))
        recorder(store, "run-3").record(another(start, "run-3", after=timedelta(minutes=5)))
        left = "run-1" if seq == 2 else "run-2"
        with pytest.raises(ApplicationError) as refused:
            recorder(store, "run-3").record(another(start, left, after=timedelta(hours=1), seq=seq))
        assert (refused.value.type, refused.value.non_retryable) == ("StaleRun", True)
        assert live(store) == ["OrderReceived", "Ofrun-3"]


class TestAStepThatDiffers:
    def test_is_refused_in_words_and_may_be_tried_again(self, store: Store) -> None:
        start = take(store)
        recorder(store, "run-1").record(step_of(start))
        with pytest.raises(ApplicationError, match=f"dingdan rebuild {start.order_no}") as refused:
            recorder(store, "run-1").record(another(start, "run-1", after=timedelta(minutes=2)))
        assert (refused.value.type, refused.value.non_retryable) == ("StepDiffers", False)
        assert live(store) == ["OrderReceived", "OrderReferred"]
