"""The closed sets of words that describe the office: its tiers, its posts, and the classes of orders.

Assumes nothing: every value here is a word of the procedure, spelled once, and travels unchanged
through database, wire, search attributes and pages.
"""

from enum import StrEnum


class Tier(StrEnum):
    """The level of centre that has an order in hand (层级)."""

    COMMUNITY = "community"
    STREET = "street"
    DISTRICT = "district"

    @property
    def above(self) -> "Tier | None":
        """The next tier up, `None` at the district."""
        tiers = list(Tier)
        index = tiers.index(self) + 1
        return tiers[index] if index < len(tiers) else None


class OrderClass(StrEnum):
    """How urgent and how difficult an order is (分类): 1, 5 or 10 days."""

    URGENT = "urgent"
    GENERAL = "general"
    COMPLEX = "complex"

    def takes_longer_than(self, other: "OrderClass") -> bool:
        """Tell whether it has the longer limit; the classes are listed from the shortest on."""
        classes = list(OrderClass)
        return classes.index(self) > classes.index(other)


class Role(StrEnum):
    """What a member of staff is entitled to do (岗位)."""

    COMMUNITY_WORKER = "community_worker"
    DUTY_OFFICER = "duty_officer"
    STREET_DESK = "street_desk"
    UNIT_HANDLER = "unit_handler"
    UNIT_HEAD = "unit_head"
    STREET_LEADER = "street_leader"
    LIAISON = "liaison"
    DISTRICT_DESK = "district_desk"
    CALL_BACK_OFFICER = "call_back_officer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
