"""Every timeout and retry of the workflows, named, with its reason."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio.common import RetryPolicy


@dataclass(frozen=True, kw_only=True, slots=True)
class ActivityOptions:
    """How an activity is bounded in time; attempts are never the bound."""

    start_to_close: timedelta
    schedule_to_close: timedelta | None
    retry: RetryPolicy


RECORD = ActivityOptions(
    # One short transaction; a lost worker is noticed after this time.
    start_to_close=timedelta(seconds=20),
    # Without its rows an order must not go on: it waits for the database as long as it takes.
    schedule_to_close=None,
    retry=RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(minutes=1)),
)

DELIVER = ActivityOptions(
    # A handful of messages of one order, each bounded by its gateway.
    start_to_close=timedelta(minutes=1),
    # A gateway may be away for a working day; after that the desk sees what did not go out.
    schedule_to_close=timedelta(hours=12),
    retry=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=10)),
)

DRAIN_OUTBOX = ActivityOptions(
    # It stops by itself well before; see `activities.reconcile`.
    start_to_close=timedelta(minutes=2),
    schedule_to_close=None,
    retry=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
)

REFUSALS_RECORDED = 200
"""Refused signals of one order that get an event of their own; beyond, only their rows are settled."""

JUDGED_AT_ONCE = 20
"""Decisions and actions that one `record` carries: 20 of at most 32 KiB stay far below Temporal's 2 MiB."""
