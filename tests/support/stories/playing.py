"""Stories of an office: what happens in each, by its number; how it is played, and made short if it breaks a promise.

The same number is the same story, wherever and however often it is played, as long as the code is the same.
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from sqlalchemy import select

from store.matter.tables import event
from tests.support.machine.databases import Databases
from tests.support.stories.office import Office

FEWEST, MOST = 15, 40
"""Moves of a story, before people bring everything to its end."""
WEIGHTS: Final = {
    "somebody_asks": 2,
    "staff_go_on": 5,
    "staff_bring_it_to_a_unit": 10,
    "staff_bring_it_to_its_answer": 2,
    "staff_choose_anything": 2,
    "staff_go_a_rare_way": 12,
    "a_review_is_decided": 8,
    "somebody_acts": 1,
    "somebody_acts_in_time": 5,
    "an_order_is_joined": 3,
    "an_order_is_reopened": 2,
    "an_order_is_withdrawn": 1,
    "things_come_at_once": 3,
    "a_period_is_opened": 2,
    "a_team_goes_on": 3,
    "a_team_holds_its_meeting": 3,
    "a_report_comes_late": 1,
    "a_leader_decides": 4,
    "the_office_holds_or_goes_on": 2,
    "a_year_is_announced": 1,
    "a_unit_is_moved": 1,
    "time_goes_by": 4,
    "time_goes_by_to_the_next_limit": 4,
    "a_worker_dies": 2,
    "an_operator_resets": 1,
    "an_operator_signals": 1,
    "a_fault": 2,
    "everything_comes_to_rest": 2,
}
"""How often each move comes, against the others."""
_MOST_TRIES: Final = 200
"""Stories that are played to find a shorter one."""


@dataclass(frozen=True, slots=True)
class Move:
    """A move by its name, with the seed of what is chosen in it; so another move can be left out before it."""

    name: str
    seed: int


@dataclass
class Met:
    """What stories met: types of events, and pairs of types in the history of one matter; each with its stories."""

    events: Counter[str] = field(default_factory=Counter)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: "Met") -> None:
        """Count the stories of another part, too."""
        self.events += other.events
        self.pairs += other.pairs


@dataclass(frozen=True, slots=True)
class _Played:
    table: str
    met: Met
    broken: Exception | None

    @property
    def promise(self) -> str | None:
        """What was broken: a promise by its number, or anything else by its error."""
        if self.broken is None:
            return None
        return f"{type(self.broken).__name__} {self.broken}".partition(":")[0]


def play(databases: Databases, numbers: Iterable[int]) -> Met:
    """Play the stories of these numbers, and return what they met.

    Raises:
        AssertionError: a promise was broken; a note holds the shortest such story as a table.
    """
    met = Met()
    for number in numbers:
        played = _played(databases, number, moves := moves_of(number))
        if played.broken is not None:
            shortest = _shortest(databases, number, moves, played)
            assert shortest.broken is not None
            shortest.broken.add_note(
                f"the shortest way in which story {number} breaks it:\n{shortest.table}\n"
                f"play it again: make stories N=1 SEED={number}"
            )
            raise shortest.broken
        met.add(played.met)
    return met


def moves_of(number: int) -> Sequence[Move]:
    """Draw the moves of a story."""
    choose = random.Random(number)
    names = choose.choices(list(WEIGHTS), list(WEIGHTS.values()), k=choose.randint(FEWEST, MOST))
    return tuple(Move(each, choose.getrandbits(32)) for each in names)


def _played(databases: Databases, number: int, moves: Sequence[Move]) -> _Played:
    office = Office(databases, random.Random(number))
    broken = None
    try:
        for each in moves:
            office.move(each.name, random.Random(each.seed))
        office.end()
    except Exception as error:  # noqa: BLE001 - whatever it is, its story is told
        broken = error
    try:
        return _Played(office.told.table(), _met(office), broken)
    finally:
        office.close()


def _met(office: Office) -> Met:
    with office.store.read() as connection:
        rows = connection.execute(select(event.c.matter_no, event.c.type).distinct()).all()
    types: dict[str, set[str]] = {}
    for matter_no, type_ in rows:
        types.setdefault(matter_no, set()).add(type_)
    pairs = {pair for each in types.values() for pair in combinations(sorted(each), 2)}
    return Met(Counter({each.type for each in rows}), Counter(pairs))


def _shortest(databases: Databases, number: int, moves: Sequence[Move], found: _Played) -> _Played:
    """Leave out moves, first half of them at once and then fewer, while what is left breaks the same promise."""
    size, tries = len(moves) // 2, 0
    while size:
        at = 0
        while at < len(moves) and tries < _MOST_TRIES:
            fewer = (*moves[:at], *moves[at + size :])
            tries += 1
            played = _played(databases, number, fewer)
            if played.promise == found.promise:
                moves, found = fewer, played
            else:
                at += size
        size //= 2
    return found
