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
    # It stops by itself well before; see `activities.matter.reconcile`.
    start_to_close=timedelta(minutes=2),
    schedule_to_close=None,
    retry=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
)

START_ORDERS = ActivityOptions(
    # One call to Temporal an order, and one for what was said to it: twenty orders at most.
    start_to_close=timedelta(seconds=15),
    # Beyond that `Reconcile` starts them.
    schedule_to_close=timedelta(seconds=30),
    retry=RetryPolicy(initial_interval=timedelta(seconds=1)),
)

OPEN_PERIOD = ActivityOptions(
    # A hundred communities a transaction: a district's whole year would fit.
    start_to_close=timedelta(minutes=10),
    # Without its duties a period is nobody's: it waits for the database as long as it takes.
    schedule_to_close=None,
    retry=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
)
OPEN_PERIOD_SILENCE = timedelta(minutes=1)
"""A worker that opens a period says so after each transaction; silent for longer, it counts as lost."""

JOINED_LOOKS_AGAIN = timedelta(days=7)
"""A joined order is told when its leading one has answered; should that be lost, it asks the store itself."""

JOINED_COUNTED = 20
"""Promises of joined orders that bind at once, the earliest: each request carries them. More than one can matter only
while clocks stand still."""

REFUSALS_RECORDED = 200
"""Refused signals of one order that get an event of their own; beyond, only their rows are settled."""

JUDGED_AT_ONCE = 20
"""Decisions and actions that one `record` carries: 20 of at most 32 KiB stay far below Temporal's 2 MiB."""

HEARD_BY_HAND = 300
"""Signals without the store's seal that one order hears: 18 events each at most. What the store confirms is not
counted. Beyond, a signal costs itself and the task that drops it, so that even the 10,000 that the server lets pass do
not end the order."""

ASKED_BEYOND = 300
"""Signals beyond these of which the store is still asked, because they claim to be its own: 10 events each."""
