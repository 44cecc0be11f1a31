"""Whose word an action on an order is: of whoever has to do with that order itself, or of a follower.

A follower is the resident of an order that was joined to this one (并单): what they add or urge goes to the leading
order, signed with the number of their own (ADR-0024). Pure functions over signatures and counts, which store and
workflow ask alike. Source: our decision, ADR-0008 and ADR-0024.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from domain.order.policy import PolicyBook

RESIDENT: Final = "resident"
"""How an order's own resident signs."""
_FOLLOWER: Final = f"{RESIDENT} "
_OWN: Final = ""


def follower(order_no: str) -> str:
    """Sign for the resident of a joined order."""
    return f"{_FOLLOWER}{order_no}"


def followed(actor: str) -> str | None:
    """Give the order whose resident speaks as a follower; `None` for everybody else."""
    return actor.removeprefix(_FOLLOWER) if actor.startswith(_FOLLOWER) else None


def voice(actor: str) -> str:
    """Name whom an action is counted for: each follower by themselves, and all others as one."""
    return followed(actor) or _OWN


def by_voice(said: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Count by voice what was counted by actor."""
    taken: dict[str, int] = {}
    for actor, times in said:
        taken[voice(actor)] = taken.get(voice(actor), 0) + times
    return taken


def said_enough(taken: Mapping[str, int], actor: str, book: PolicyBook) -> int | None:
    """Say how often an action was taken, if that is as often as may be; `taken` counts it by voice.

    Followers never use up what the order's own people may say, nor each other's; all of them together are bounded, so
    that they cannot fill a history.
    """
    mine = voice(actor)
    if (times := taken.get(mine, 0)) >= book.action_cap:
        return times
    of_followers = sum(taken.values()) - taken.get(_OWN, 0)
    return of_followers if mine != _OWN and of_followers >= book.followers_cap else None


def answers_the_question(actor: str, *, left: bool) -> bool:
    """Tell whether somebody's word is the answer for which a unit's work rests.

    The order's own resident was asked, and staff say it for them; a follower was not. Where the resident has left
    (`left`), a follower's word is the answer, also to what was asked before: they wait for the same, and the work would
    rest until its limit for somebody who is gone.
    """
    return left or followed(actor) is None
