"""The voice behind an action on an order: that of the order's own people, or of a follower.

A follower is the resident of an order that was joined to this one (并单). What they add or urge goes to the
leading order, signed with the number of their own (ADR-0024). Pure functions over signatures and counts, for
store and workflow alike. Source: our decision, ADR-0008 and ADR-0024.
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
    """Return the number of the follower's own order; `None` if the actor is no follower."""
    return actor.removeprefix(_FOLLOWER) if actor.startswith(_FOLLOWER) else None


def voice(actor: str) -> str:
    """Return the voice that an action counts for: each follower has one, all other actors share one."""
    return followed(actor) or _OWN


def by_voice(said: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Add up counts by actor into counts by voice."""
    taken: dict[str, int] = {}
    for actor, times in said:
        taken[voice(actor)] = taken.get(voice(actor), 0) + times
    return taken


def said_enough(taken: Mapping[str, int], actor: str, book: PolicyBook) -> int | None:
    """Return how often an action was taken if that is its cap, otherwise `None`; `taken` counts by voice.

    Followers never use up the share of the order's own people, nor each other's. All followers together have
    a cap as well, so that they cannot fill a history.
    """
    mine = voice(actor)
    if (times := taken.get(mine, 0)) >= book.action_cap:
        return times
    of_followers = sum(taken.values()) - taken.get(_OWN, 0)
    return of_followers if mine != _OWN and of_followers >= book.followers_cap else None


def answers_the_question(actor: str, *, left: bool) -> bool:
    """Tell whether an actor's word is the answer for which a unit's work rests.

    The order's own resident was asked, and staff may answer for them; a follower was not asked. Once the
    resident has left (`left`), a follower's word is the answer, also to an earlier question. Followers wait
    for the same result, and the work would otherwise rest until its limit for a resident who is gone.
    """
    return left or followed(actor) is None
