"""Sentences of the hand-written pages that quote a rule say what the code says.

Generated pages cannot drift; these could. A changed rule leads to its sentence here, and a new sentence with a figure
of the code gets a line.
"""

from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

import doctor
from activities.matter import reconcile as sending
from api import app, keys
from api.channels import orders
from api.limits import RATES
from api.operations import health
from domain.attachment.kinds import MAX_SIZE
from domain.calendar import calendar_file
from messages.matter.outbox import Reconcile
from messages.names import RETENTION_DAYS
from runtime import schedules
from runtime.temporal import CALL_LIMIT
from store.duty.clashes import APART
from store.matter import outbox
from workflows import options
from workflows.matter import reconcile

_ROOT: Final = Path(__file__).parents[2]
_WORDS: Final = {2: "two", 3: "three", 5: "five", 10: "ten", 12: "twelve", 300: "300", 30: "30"}
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


def word(number: float) -> str:
    return _WORDS[int(number)]


def _hours(limit: timedelta | None) -> int:
    assert limit is not None
    return limit // timedelta(hours=1)


QUOTES: Final = [
    ("docs/architecture.md", f"for at most {CALL_LIMIT.total_seconds():g} seconds"),
    ("docs/architecture.md", f"rests ({Reconcile().interval_seconds:g} seconds,"),
    ("docs/architecture.md", f"continues as new after {reconcile._ROUNDS} rounds"),
    ("docs/architecture.md", f"up to {word(outbox._LONGEST_PAUSE / _MINUTE)} minutes"),
    ("docs/architecture.md", f"history is kept for {RETENTION_DAYS} days"),
    ("docs/operate.md", f"kept for {RETENTION_DAYS} days after the end of an order"),
    ("docs/operate.md", f"differ by more than {word(doctor._CLOCKS_APART.seconds)} seconds"),
    ("docs/operate.md", f"read at most every {word(health._FIGURES_FRESH_SECONDS)} seconds"),
    ("docs/operate.md", f"{RATES['orders_of_one_caller'].amount} orders an hour per telephone"),
    ("docs/operate.md", f"{RATES['actions_on_one_order'].amount} actions a minute per order"),
    ("docs/operate.md", f"{RATES['order'].amount} orders in {word(RATES['order'].multiples)} minutes"),
    ("docs/operate.md", f"{RATES['wrong_codes'].amount} wrong tracking codes a minute"),
    ("docs/operate.md", f"sent again for up to {_hours(options.DELIVER.schedule_to_close)} hours"),
    ("docs/api.md", f"at most {MAX_SIZE // 2**20} MiB"),
    (
        "docs/api.md",
        f"A body is at most {app.MAX_BODY // 2**10} KiB, an order's {orders.MAX_BODY // 2**10} KiB",
    ),
    ("docs/api.md", f"still runs for more than {word(keys._WAIT_SECONDS)} seconds"),
    ("docs/glossary.md", f"less than {word(APART / timedelta(hours=1))} hours apart"),
    ("docs/runbooks.md", f"refused it {word(sending._REFUSED_FOR_GOOD)} times as invalid"),
    ("docs/runbooks.md", f"each at most {CALL_LIMIT.total_seconds():g} seconds later"),
    ("docs/runbooks.md", f"tried for {_hours(options.DELIVER.schedule_to_close)} hours"),
    ("docs/runbooks.md", f"within {schedules._CATCH_UP // _DAY} days"),
    (
        "docs/runbooks.md",
        f"fewer than {calendar_file._FEWEST_OFF} or more than {calendar_file._MOST_OFF} days off",
    ),
    ("docs/runbooks.md", f"more than {word(calendar_file._LONGEST_RUN)} days in a row"),
]
"""File and words, as the code would write them."""


@pytest.mark.parametrize(("page", "words"), QUOTES)
class TestASentence:
    def test_quotes_the_rule_as_it_is(self, page: str, words: str) -> None:
        assert words in " ".join((_ROOT / page).read_text(encoding="utf-8").split())
