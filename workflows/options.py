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
    # An order must not go on without its rows: it waits for the database as long as it takes.
    schedule_to_close=None,
    retry=RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(minutes=1)),
)

DELIVER = ActivityOptions(
    # A handful of messages of one order, each bounded by its gateway.
    start_to_close=timedelta(minutes=1),
    # A gateway may be away for a working day; after that the desk sees which messages did not go out.
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
    # One call to Temporal for each order, and one for each of its signals: twenty orders at most.
    start_to_close=timedelta(seconds=15),
    # Beyond that `Reconcile` starts them.
    schedule_to_close=timedelta(seconds=30),
    retry=RetryPolicy(initial_interval=timedelta(seconds=1)),
)

OPEN_PERIOD = ActivityOptions(
    # A hundred communities in a transaction: a district's whole year would fit.
    start_to_close=timedelta(minutes=10),
    # Without its duties no team owes anything in a period: it waits for the database as long as it takes.
    schedule_to_close=None,
    retry=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
)
OPEN_PERIOD_SILENCE = timedelta(minutes=1)
"""A worker that opens a period sends a heartbeat after each transaction; silent for longer, it is lost."""

JOINED_LOOKS_AGAIN = timedelta(days=7)
"""A joined order hears when its leading one has answered; if that is lost, it asks the store by itself."""

JOINED_COUNTED = 20
"""How many promises of joined orders bind at once, the earliest first: each request carries them. More than
one can matter only while clocks stand still."""

REFUSALS_RECORDED = 200
"""Refused signals of one order that get an event of their own; beyond that, only their rows are settled."""

JUDGED_AT_ONCE = 20
"""Decisions and actions that one `record` carries: 20 of at most 32 KiB stay far below Temporal's 2 MiB."""

HEARD_BY_HAND = 300
"""Signals without the store's seal that one order hears: 18 events each at most. Those that the store
confirms are not counted. Beyond that, a signal costs only itself and the task that drops it, so that even the
10,000 that the server lets pass do not end the order."""

ASKED_BEYOND = 300
"""Signals beyond those about which the store is asked, since they claim to be its own: 10 events each."""
