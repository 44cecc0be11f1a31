"""What the office's directory says about an order, as the store passes it to the workflow."""

from collections.abc import Collection
from typing import Annotated

from pydantic import Field

from domain.office.directory import MAX_CODE, Directory, Routed, Unit, first_of
from domain.office.words import Tier
from messages.wire import Wire

Code = Annotated[str, Field(max_length=MAX_CODE)]


class UnitFacts(Wire):
    """The facts about a unit that an order needs; `by_liaison`: a bureau without accounts."""

    code: Code
    tier: Tier
    by_liaison: bool = False

    @classmethod
    def of(cls, unit: Unit) -> "UnitFacts":
        """Return the facts about a unit that an order needs."""
        return cls(code=unit.code, tier=unit.tier, by_liaison=unit.by_liaison)


class RoutedUnit(UnitFacts):
    """The unit that answers at a tier, and by which rule; `passed_over`: units without staff in post."""

    rule: str
    passed_over: tuple[str, ...] = ()


class Routing(Wire):
    """What one version of the directory says about an order, by its category and community.

    `ladder`: the units that answer, lowest tier first, without vacant tiers. `first`: the unit that the order
    goes to first. `lead`: the order's present unit, or its successor if it was closed. `deserted`: the units
    that would answer at the vacant tiers.
    """

    version: int
    ladder: tuple[RoutedUnit, ...]
    first: RoutedUnit
    usual_class: str
    evidence: int = 0
    lead: UnitFacts | None = None
    deserted: tuple[UnitFacts, ...] = ()

    @classmethod
    def of(
        cls,
        directory: Directory,
        *,
        category: str | None,
        community: str | None,
        unit: str | None = None,
        vacant: Collection[str] = (),
    ) -> "Routing":
        """Ask a directory about an order; `unit` has it now, and `vacant` units have no staff in post."""

        def facts(routed: Routed) -> RoutedUnit:
            known = directory.units[routed.unit]
            return RoutedUnit(
                code=known.code,
                tier=known.tier,
                by_liaison=known.by_liaison,
                rule=routed.rule,
                passed_over=routed.passed_over,
            )

        ladder = directory.ladder(category=category, community=community, vacant=vacant)
        lead = directory.in_charge_of(unit) if unit else None
        deserted = directory.deserted(category=category, community=community, vacant=vacant)
        routing = cls(
            version=directory.version,
            ladder=tuple(facts(routed) for routed in ladder.values()),
            first=facts(first_of(ladder, directory.starts_at(category))),
            usual_class=directory.usual_class(category),
            evidence=directory.evidence(category),
            lead=UnitFacts.of(lead) if lead else None,
            deserted=tuple(
                UnitFacts.of(directory.units[code]) for units in deserted.values() for code in units
            ),
        )
        tiers = list(Tier)
        since = tiers[tiers.index(directory.starts_at(category)) :]
        return routing.model_copy(update={"first": routing._reached(routing.first, since)})

    def above(self, tier: Tier) -> RoutedUnit | None:
        """Find the unit that answers next above a tier; return `None` if only a leader is above."""
        tiers = list(Tier)
        higher = tiers[tiers.index(tier) + 1 :]
        found = next((each for each in self.ladder if each.tier in higher), None)
        return self._reached(found, higher) if found else None

    def _reached(self, found: RoutedUnit, since: list[Tier]) -> RoutedUnit:
        """Add to a unit's `passed_over` the units of the vacant tiers in `since` below its own."""
        below = since[: since.index(found.tier)] if found.tier in since else []
        deserted = tuple(each.code for each in self.deserted if each.tier in below)
        return found.model_copy(update={"passed_over": (*deserted, *found.passed_over)})


class Claim(Wire):
    """The claim of a signal without the seal that the store has it: its id, and the digest of its content."""

    said_id: str
    digest: str


class LookUp(Wire):
    """Ask what the directory says about codes in a signal typed by hand, and which claims the store has."""

    matter_no: str = ""
    units: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()


class Vouched(Wire):
    """The open units and categories among those that a signal names."""

    units: tuple[UnitFacts, ...] = ()
    categories: tuple[Code, ...] = ()

    @classmethod
    def by(cls, directory: Directory, asked: LookUp) -> "Vouched":
        """Look codes up, and leave out those that are unknown or closed."""
        handling, categories = set(directory.handling_units), set(directory.open_categories)
        return cls(
            units=tuple(UnitFacts.of(directory.units[code]) for code in asked.units if code in handling),
            categories=tuple(code for code in asked.categories if code in categories),
        )


class LookedUp(Wire):
    """The store's answer about codes, and the ids of the claims that it has pending, word for word."""

    vouched: Vouched
    kept: tuple[str, ...] = ()
