"""The rules of the figures, by literal cases."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from domain.figures.counting import (
    OWED,
    Count,
    Judged,
    Owing,
    Rate,
    is_due,
    is_overdue,
    judge,
    lines,
    satisfaction,
    window,
)
from domain.order.words import ANSWERED, OPEN, Ending, Satisfied, Stage

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PROMISED = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
BEFORE, AFTER = PROMISED - HOUR, PROMISED + HOUR


class TestAnOrder:
    @pytest.mark.parametrize(
        ("case", "order", "judged"),
        [
            (
                "answered before its promise",
                Owing(
                    stage=Stage.FOLLOW_UP, ending=Ending.RESOLVED, promised_at=PROMISED, answered_at=BEFORE
                ),
                Judged(BEFORE, on_time=True),
            ),
            (
                "answered at the very instant promised, which is late",
                Owing(stage=Stage.CLOSED, ending=Ending.RESOLVED, promised_at=PROMISED, answered_at=PROMISED),
                Judged(PROMISED, on_time=False),
            ),
            (
                "answered late: late since the promise passed",
                Owing(stage=Stage.ARCHIVED, ending=Ending.EXPLAINED, promised_at=PROMISED, answered_at=AFTER),
                Judged(PROMISED, on_time=False),
            ),
            (
                "settled at first contact, before anything was promised",
                Owing(stage=Stage.ARCHIVED, ending=Ending.RESOLVED_ON_THE_SPOT, answered_at=AFTER),
                Judged(AFTER, on_time=True),
            ),
            (
                "not answered, its promise ahead",
                Owing(stage=Stage.HANDLING, promised_at=NOW + HOUR),
                None,
            ),
            (
                "not answered, its promise passed at this instant",
                Owing(stage=Stage.REVIEW, promised_at=NOW),
                Judged(NOW, on_time=False),
            ),
            ("not answered, its clock at rest", Owing(stage=Stage.PAUSED, promised_at=PROMISED), None),
            (
                "not answered, the office's clocks held",
                Owing(stage=Stage.HANDLING, held=True, promised_at=PROMISED),
                None,
            ),
            (
                "in a later round, of which the answer is owed still",
                Owing(stage=Stage.HANDLING, promised_at=NOW + HOUR, answered_at=BEFORE),
                None,
            ),
            ("not sorted yet", Owing(stage=Stage.CLASSIFICATION), None),
            *(
                (
                    f"ended {ending}: nobody was owed an answer",
                    Owing(stage=Stage.CLOSED, ending=ending, promised_at=PROMISED, answered_at=AFTER),
                    None,
                )
                for ending in (Ending.WITHDRAWN, Ending.MERGED, Ending.NOT_ACCEPTED)
            ),
        ],
    )
    def test_is_judged_by_its_promise(self, case: str, order: Owing, judged: Judged | None) -> None:
        assert judge(order, now=NOW) == judged, case

    @pytest.mark.parametrize(
        ("case", "stage", "overdue", "due_at", "counts"),
        [
            ("missed a limit long ago", Stage.HANDLING, True, NOW + HOUR, True),
            ("misses one at this instant", Stage.DISPATCH, False, NOW, True),
            ("its limit lies ahead", Stage.DISPATCH, False, NOW + HOUR, False),
            ("has none now", Stage.REPLYING, False, None, False),
            ("is over", Stage.CLOSED, True, None, False),
        ],
    )
    def test_is_overdue(
        self, case: str, stage: Stage, overdue: bool, due_at: datetime | None, counts: bool
    ) -> None:
        assert is_overdue(stage, overdue=overdue, due_at=due_at, now=NOW) is counts, case

    @pytest.mark.parametrize(
        ("case", "stage", "due_at", "counts"),
        [
            ("within the day", Stage.HANDLING, NOW + HOUR, True),
            ("passed already", Stage.HANDLING, NOW, False),
            ("when the next day begins", Stage.HANDLING, datetime(2026, 11, 24, 16, 0, tzinfo=UTC), False),
            ("is over", Stage.CLOSED, NOW + HOUR, False),
        ],
    )
    def test_is_still_due_today(self, case: str, stage: Stage, due_at: datetime, counts: bool) -> None:
        until = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
        assert is_due(stage, due_at, until=until, now=NOW) is counts, case


class TestAWindow:
    def test_is_whole_days_of_the_office_today_last(self) -> None:
        """At 00:30 at the office, it is still the day before in UTC."""
        days = window(7, now=datetime(2026, 11, 30, 16, 30, tzinfo=UTC))
        assert [day.on for day in days] == [
            *(date(2026, 11, day) for day in range(25, 31)),
            date(2026, 12, 1),
        ]
        assert days[-1].begins == datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
        assert all(day.ends == after.begins for day, after in pairwise(days))


class TestARate:
    @pytest.mark.parametrize(
        ("part", "whole", "percent"),
        [
            (0, 0, None),
            (0, 3, "0.0"),
            (1, 3, "33.3"),
            (2, 3, "66.6"),
            (9_999, 10_000, "99.9"),
            (3, 3, "100.0"),
        ],
    )
    def test_says_100_of_nothing_but_all(self, part: int, whole: int, percent: str | None) -> None:
        assert Rate(part, whole).percent == percent

    def test_of_satisfaction_counts_the_basically_satisfied_and_nobody_who_did_not_answer(self) -> None:
        answers = {Satisfied.YES: 5, Satisfied.BASICALLY: 2, Satisfied.NO: 3}
        assert satisfaction(answers) == Rate(7, 10)
        assert satisfaction({}) == Rate(0, 0)

    def test_of_a_line_is_that_of_all_its_orders(self) -> None:
        counts = [
            Count(
                stage="handling", tier="street", unit="a", open=2, due_today=1, overdue=1, on_time=Rate(0, 1)
            ),
            Count(stage="", tier="street", unit="a", on_time=Rate(3, 4)),
            Count(stage="", tier="street", unit="b", on_time=Rate(1, 1)),
        ]
        first, second = lines(counts, lambda each: each.unit)
        assert (first.key, first.open, first.due_today, first.overdue) == ("a", 2, 1, 1)
        assert (first.on_time, second.on_time) == (Rate(3, 5), Rate(1, 1))


def test_every_open_stage_is_owed_answered_or_at_rest() -> None:
    assert set(OPEN) == {*OWED, Stage.PAUSED, Stage.JOINED, *ANSWERED} - {Stage.CLOSED, Stage.ARCHIVED}
