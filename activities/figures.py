"""The figures of the worker's activities, on the SDK's own meter, so that the worker's one port serves both.

Assumes calls after the commit: a step is counted once, never when it is repeated, and not at all if the
worker dies between commit and count. Labels come from closed sets; they never name an order or a person.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from temporalio.common import MetricMeter

from domain.duty.events import DutyEvent
from domain.duty.words import DutyEnding, DutyStage
from domain.kinds import KINDS
from domain.matter.events import MatterEvent
from domain.office.words import Tier
from domain.order.events import EventName
from domain.order.words import Ending, Stage
from messages.matter.step import EventRecord, MatterAnswer, MatterStep
from messages.names import REQUESTER
from store.matter.outbox import OutboxKind, Result
from store.matter.step import Written

SECONDS: Final = "dingdan_record_seconds"
BUCKETS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
"""Bounds for `SECONDS`, up to the time after which the workflow gives an attempt up."""

_TASKS = [row for kind in KINDS for row in kind.tables.tasks.values()]
_KINDS = {row.kind for row in _TASKS}
_OUTCOMES = {"expired", "superseded"} | {each.name for row in _TASKS for each in row.outcomes}
_STAGES = {*Stage, *DutyStage}


class Figures:
    """The counters of the worker's activities."""

    def __init__(self, meter: MetricMeter = MetricMeter.noop) -> None:
        """Register the counters; without a meter nothing is counted."""
        counter = meter.create_counter
        self._entered = counter("dingdan_stage_entered", "Matters that entered a stage.")
        self._closed = counter(
            "dingdan_orders_closed", "Orders closed, by ending; a reopened order counts again."
        )
        self._finished = counter("dingdan_tasks_finished", "Human tasks finished, by kind and outcome.")
        self._limits = counter("dingdan_limits_passed", "Limits that passed, by task and tier of the matter.")
        self._handed_up = counter(
            "dingdan_orders_handed_up",
            "Orders that went up a tier, by cause: the `limit` passed, or the `unit` handed them up.",
        )
        self._duties = counter("dingdan_duties_closed", "Duties that ended, by ending.")
        self._missed = counter("dingdan_duties_missed", "Duties that were not kept in their period.")
        self._lost = meter.create_gauge(
            "dingdan_schedule_runs_lost",
            "Runs that the schedule of the meetings has skipped or missed so far.",
        )
        self._paused = meter.create_gauge(
            "dingdan_schedule_stopped", "1 while the schedule of the meetings is paused or gone."
        )
        self._messages = counter(
            "dingdan_messages",
            "Messages to people: `sent`, `logged` without reaching anybody, or `failed` for good.",
        )
        self._steps = counter("dingdan_record_steps", "Steps that `record` was asked to commit, by result.")
        self._outbox = counter(
            "dingdan_outbox_drained", "Starts and signals that Reconcile tried to send, by result."
        )
        self._seconds = meter.create_histogram_float(SECONDS, "Time to record a step.")

    def recorded(self, step: MatterStep, written: Written[MatterAnswer], took: timedelta) -> None:
        """Count a step, and its content if it was committed just now."""
        self._steps.add(1, {"result": written.result})
        self._seconds.record(took.total_seconds(), {"result": written.result})
        if not written.is_new:
            return
        if written.entered is not None:
            self._entered.add(1, {"stage": _known(written.entered, _STAGES)})
        for kind, outcome in written.finished:
            self._finished.add(1, {"kind": _known(kind, _KINDS), "outcome": _known(outcome, _OUTCOMES)})
        for event in step.events:
            self._told(event, step)

    def refused(self, why: str) -> None:
        """Count a step that was not committed: `stale` (abandoned run), or `differs` from an earlier one."""
        self._steps.add(1, {"result": why})

    def message(self, *, recipient: str, state: str) -> None:
        """Count a message that was sent or logged, or never will be."""
        self._messages.add(1, {"to": "resident" if recipient == REQUESTER else "unit", "result": state})

    def drained(self, kind: str, result: Result) -> None:
        """Count a row of the outbox that Reconcile tried to send."""
        self._outbox.add(1, {"kind": _known(kind, set(OutboxKind)), "result": result})

    def schedule(self, *, lost: int, is_stopped: bool) -> None:
        """Show how many runs the meetings' schedule has lost, and whether it is stopped."""
        self._lost.set(lost)
        self._paused.set(int(is_stopped))

    def _told(self, event: EventRecord, step: MatterStep) -> None:
        tier = _known(step.facts.tier, set(Tier))
        match event.type:
            case EventName.ORDER_CLOSED:
                self._closed.add(1, {"ending": _known(str(event.data.get("ending")), set(Ending))})
            case MatterEvent.LIMIT_PASSED:
                kind = _known(str(event.data.get("kind")), _KINDS)
                self._limits.add(1, {"kind": kind, "tier": tier})
            case DutyEvent.DUTY_CLOSED:
                self._duties.add(1, {"ending": _known(str(event.data.get("ending")), set(DutyEnding))})
            case DutyEvent.DUTY_MISSED:
                self._missed.add(1)
            case EventName.ORDER_ESCALATED:
                self._handed_up.add(1, {"cause": "limit", "tier": tier})
            case EventName.ORDER_HANDED_UP:
                self._handed_up.add(1, {"cause": "unit", "tier": tier})
            case _:
                pass


UNCOUNTED: Final = Figures()
"""For callers that run an activity without a meter."""


def _known(value: str, known: Collection[str]) -> str:
    """Keep a label within its closed set, whatever an operator's signal brought."""
    return value if value in known else "other"
