"""What the office's directory says of an order, as the store tells it to the workflow."""

from collections.abc import Collection
from typing import Annotated

from pydantic import Field

from domain.office.directory import MAX_CODE, Directory, Routed, Unit, first_of
from domain.office.words import Tier
from messages.wire import Wire

Code = Annotated[str, Field(max_length=MAX_CODE)]


class UnitFacts(Wire):
    """A unit as an order has to know it; `by_liaison`: a bureau without accounts."""

    code: Code
    tier: Tier
    by_liaison: bool = False

    @classmethod
    def of(cls, unit: Unit) -> "UnitFacts":
        """Say of a unit what an order has to know."""
        return cls(code=unit.code, tier=unit.tier, by_liaison=unit.by_liaison)


class RoutedUnit(UnitFacts):
    """Who answers at a tier, by which rule; `passed_over` are units in which nobody is in post."""

    rule: str
    passed_over: tuple[str, ...] = ()


class Routing(Wire):
    """What one version of the directory says of an order, by its category and community.

    `ladder`: who answers, lowest tier first, tiers without anybody left out; `first`: where it goes first. `lead`: who
    is in charge of what the order's unit does, another one if that was closed. `deserted`: who would answer at the
    tiers that are left out.
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
        """Ask a directory about an order; `unit` has it now, in those that are `vacant` nobody is in post."""

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
        """Find who answers next above a tier; `None` where only a leader is above."""
        tiers = list(Tier)
        higher = tiers[tiers.index(tier) + 1 :]
        found = next((each for each in self.ladder if each.tier in higher), None)
        return self._reached(found, higher) if found else None

    def _reached(self, found: RoutedUnit, since: list[Tier]) -> RoutedUnit:
        """Name with a unit also those of the tiers below it, from some tier on, where nobody is in post."""
        below = since[: since.index(found.tier)] if found.tier in since else []
        deserted = tuple(each.code for each in self.deserted if each.tier in below)
        return found.model_copy(update={"passed_over": (*deserted, *found.passed_over)})


class Claim(Wire):
    """A signal without the seal says that the store has it: its id, and the digest of what it holds."""

    said_id: str
    digest: str


class LookUp(Wire):
    """Ask what the directory says of codes that a signal typed by hand names, and which claims the store has."""

    matter_no: str = ""
    units: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()


class Vouched(Wire):
    """The open units and categories among those that somebody named."""

    units: tuple[UnitFacts, ...] = ()
    categories: tuple[Code, ...] = ()

    @classmethod
    def by(cls, directory: Directory, asked: LookUp) -> "Vouched":
        """Look codes up; what is not known or not open is left out."""
        handling, categories = set(directory.handling_units), set(directory.open_categories)
        return cls(
            units=tuple(UnitFacts.of(directory.units[code]) for code in asked.units if code in handling),
            categories=tuple(code for code in asked.categories if code in categories),
        )


class LookedUp(Wire):
    """What the store says: of the codes, and which of the claims it has pending, word for word."""

    vouched: Vouched
    kept: tuple[str, ...] = ()
