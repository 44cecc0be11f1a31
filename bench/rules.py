"""The pure core, compared with reading the signal that brings a decision: rules decided per second."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from bench.figures import Figure, median
from domain.calendar.workdays import CalendarYear, WorkCalendar
from domain.matter.judging import Codes, Submission
from domain.office.directory import first_of
from domain.office.first_directory import FIRST
from domain.office.words import OrderClass
from domain.order.deadlines import Basis, ClockFacts, clock
from domain.order.judgement import TaskFacts, judge_outcome
from domain.order.lifecycle import TaskKind
from domain.order.policy import STANDARD_2
from messages.matter.signals import CompleteTask

_NOW = datetime(2026, 9, 24, 9, 30, tzinfo=UTC)
_ROUNDS = 5
_CALENDAR = WorkCalendar(
    {2026: CalendarYear(year=2026, version=1, source="bench", days_off=frozenset(), make_up_days=frozenset())}
)
_FIELDS = {"lead_unit": "street-safety", "helping_units": ["community-01", "community-02"]}
_SIGNAL = {"task_id": "t", "decision_id": "d", "actor": "desk-1", "outcome": "assign", "fields": _FIELDS}
_CODES = Codes.of(FIRST)


def measure(*, times: int) -> list[Figure]:
    """Run each rule `times` times, in turns with reading signals; the median of the rounds counts."""
    works: Mapping[str, Callable[[], object]] = {
        "signals read (pydantic)": lambda: CompleteTask.model_validate(_SIGNAL),
        "decisions judged": _judge,
        "clocks of five working days reckoned": _reckon,
        "matters routed through all tiers": _route,
    }
    rates: dict[str, list[float]] = {what: [] for what in works}
    for _ in range(_ROUNDS):
        for what, work in works.items():
            began = time.perf_counter()
            for _ in range(times):
                work()
            rates[what].append(times / (time.perf_counter() - began))
    found = {what: median(each) for what, each in rates.items()}
    bare = next(iter(found.values()))
    return [
        Figure(
            program="rules",
            place="this process",
            what=f"{what} a second" + ("" if rate == bare else "; ÷ signals read"),
            value=f"{rate:,.0f}" + ("" if rate == bare else f"; {rate / bare:.2f}"),
        )
        for what, rate in found.items()
    ]


_TASK = TaskFacts(
    kind=TaskKind.DISPATCH,
    order_no="",
    unit="street",
    order_class=None,
    opened_at=_NOW,
    due_at=None,
    withheld=(),
    not_by=(),
    evidence=0,
    taken=0,
)


def _judge() -> object:
    wanted = Submission(name="assign", actor="desk-1", at=_NOW, fields=_FIELDS, codes=_CODES)
    refusal = judge_outcome(_TASK, wanted, STANDARD_2)
    assert refusal is None
    return refusal


def _reckon() -> object:
    facts = ClockFacts(basis=Basis.PROMISE, since=_NOW + timedelta(minutes=7), order_class=OrderClass.GENERAL)
    return clock(facts, STANDARD_2, _CALENDAR)


def _route() -> object:
    ladder = FIRST.ladder(category="noise", community="community-05")
    return first_of(ladder, FIRST.starts_at("noise"))
