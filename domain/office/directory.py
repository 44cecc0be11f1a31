"""Which unit answers for what (派单目录): units, categories, routes, teams, and the rules that read them.

Assumes a directory in which `faults` finds nothing. A version never changes: an office that is reorganised
loads the next one. Codes stay, since orders and audits name them.

Source: our decision, ADR-0018.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import takewhile

from domain.errors import DomainError
from domain.office.teams import Team, team_on, wrong_teams
from domain.office.words import OrderClass, Tier

MAX_EVIDENCE = 9
"""Most pictures that a category may require for closing: as many as one post in WeChat Moments holds."""
OFFICE = "street"
"""The sub-district's own office: desk, call-back desk and leaders."""
DISTRICT_OFFICE = "district"
"""The district's order centre, the top of the ladder."""
OFFICES: Mapping[str, Tier] = {DISTRICT_OFFICE: Tier.DISTRICT, OFFICE: Tier.STREET}
"""The two offices that every directory has; orders are dispatched to other units."""
MAX_CODE = 64
"""Longest code of a unit, category or rule, in characters."""


class UnknownUnit(DomainError):
    """No open unit that orders can be dispatched to has that code."""

    code = "unknown_unit"


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """A unit (单位); `parent` is the one above it in the tree.

    `by_liaison`: a bureau without accounts; the street's liaison officer acts for it (ADR-0017). `successor`:
    the unit that took its place when it was closed or merged.
    """

    code: str
    name: str
    tier: Tier
    parent: str | None = None
    by_liaison: bool = False
    successor: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still works."""
        return self.successor is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Category:
    """What an order is about (诉求类别), in a tree of any depth.

    A value that is `None` is inherited from the category above. `starts_at`: the tier that usually handles
    it. `evidence`: how many attachments a result needs, where the work leaves something to see (ADR-0017).
    """

    code: str
    label: str
    parent: str | None = None
    usual_class: OrderClass | None = None
    starts_at: Tier | None = None
    evidence: int | None = None
    closed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One row: the unit that answers at a tier, for one category or all, in one community or all.

    If `unit` is `None`, the community of the place answers. `why` is the paper or agreement that says so.
    """

    rule: str
    tier: Tier
    category: str | None = None
    community: str | None = None
    unit: str | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Routed:
    """The unit found, the rule that matched, and the units passed over because their posts are vacant."""

    unit: str
    tier: Tier
    rule: str
    why: str = ""
    passed_over: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectoryFault:
    """What is wrong with one row: the table, the row's key, and a sentence."""

    table: str
    key: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Directory:
    """One version of the office's directory; version 0 is the one that every installation begins with."""

    version: int
    units: Mapping[str, Unit]
    categories: Mapping[str, Category]
    routes: tuple[Route, ...]
    teams: tuple[Team, ...] = ()

    @cached_property
    def handling_units(self) -> tuple[str, ...]:
        """The open units that orders can be dispatched to (承办单位)."""
        return tuple(each.code for each in self.units.values() if each.is_open and each.code not in OFFICES)

    @cached_property
    def communities(self) -> tuple[str, ...]:
        """The open communities (社区)."""
        return tuple(code for code in self.handling_units if self.units[code].tier is Tier.COMMUNITY)

    @cached_property
    def open_categories(self) -> tuple[str, ...]:
        """The categories that an order can be given; a closed category closes all below it."""
        return tuple(code for code in self.categories if not any(each.closed for each in self.line_of(code)))

    def handling_unit(self, code: str) -> Unit:
        """Find an open unit that orders can be dispatched to.

        Raises:
            UnknownUnit: no such unit has that code.
        """
        if code not in self.handling_units:
            raise UnknownUnit(f"there is no open unit {code!r}; known: {', '.join(self.handling_units)}")
        return self.units[code]

    def in_charge_of(self, code: str) -> Unit | None:
        """Find a unit, or the unit that has taken its place."""
        unit = self.units.get(code)
        return self.units[unit.successor] if unit and unit.successor else unit

    def team_of(self, community: str, on: date) -> Team | None:
        """Find the team that answers for a community on a day; for a closed one, that of its successor."""
        heir = self.in_charge_of(community)
        return team_on(self.teams, heir.code, on) if heir else None

    def communities_without_team(self, on: date) -> tuple[str, ...]:
        """List the open communities for which no team answers on a day."""
        return tuple(code for code in self.communities if self.team_of(code, on) is None)

    def path_of(self, code: str) -> str:
        """Write the label of a category after those above it, the topmost first."""
        return "：".join(each.label for each in reversed(self.line_of(code)))

    def line_of(self, category: str | None) -> list[Category]:
        """List a category and those above it, the nearest first; empty for an unknown one."""
        line: list[Category] = []
        nearest = self.categories.get(category or "")
        while nearest is not None and nearest not in line:
            line.append(nearest)
            nearest = self.categories.get(nearest.parent or "")
        return line

    def usual_class(self, category: str | None) -> OrderClass:
        """Return the class of an order that no clerk classified: the category's usual one, else general."""
        line = self.line_of(category)
        return next((each.usual_class for each in line if each.usual_class), OrderClass.GENERAL)

    def starts_at(self, category: str | None) -> Tier:
        """Return the tier that an order goes to first: the category's usual one, else the community's."""
        line = self.line_of(category)
        return next((each.starts_at for each in line if each.starts_at), Tier.COMMUNITY)

    def evidence(self, category: str | None) -> int:
        """Say how many attachments a result needs."""
        line = self.line_of(category)
        return next((each.evidence for each in line if each.evidence is not None), 0)

    def answering(
        self, tier: Tier, *, category: str | None, community: str | None, vacant: Collection[str] = ()
    ) -> Routed | None:
        """Find the unit that answers for a matter at one tier, by the nearest row.

        The nearest category counts first, then the community. Vacant units are passed over. Return `None` if
        no unit of the tier is left: all are vacant, or the order has no known community.
        """
        asked = self._asked(tier, category, community)
        passed_over = tuple(takewhile(lambda code: code in vacant, asked))
        found = next((item for item in asked.items() if item[0] not in vacant), None)
        if found is None:
            return None
        unit, row = found
        return Routed(unit=unit, tier=tier, rule=row.rule, why=row.why, passed_over=passed_over)

    def deserted(
        self, *, category: str | None, community: str | None, vacant: Collection[str]
    ) -> dict[Tier, tuple[str, ...]]:
        """Return the units that would answer for a matter, for each tier where all of them are vacant."""
        if not vacant:
            return {}
        asked = {tier: tuple(self._asked(tier, category, community)) for tier in Tier}
        return {tier: units for tier, units in asked.items() if units and set(units) <= set(vacant)}

    def _asked(self, tier: Tier, category: str | None, community: str | None) -> dict[str, Route]:
        """List the units that may answer at a tier, the nearest first, each with its nearest row."""
        asked: dict[str, Route] = {}
        for row in self._matching(tier, category, community):
            unit = self.in_charge_of(row.unit or community or "")
            if unit is not None and unit.tier is tier:
                asked.setdefault(unit.code, row)
        return asked

    def ladder(
        self, *, category: str | None, community: str | None, vacant: Collection[str] = ()
    ) -> dict[Tier, Routed]:
        """Find the unit that answers for a matter at each tier.

        It is never empty: if the street and the district are vacant, the street's row stands.
        """
        found = {
            tier: self.answering(tier, category=category, community=community, vacant=vacant) for tier in Tier
        }
        if not any(found[tier] for tier in (Tier.STREET, Tier.DISTRICT)):
            found[Tier.STREET] = self.answering(Tier.STREET, category=category, community=community)
        return {tier: routed for tier, routed in found.items() if routed is not None}

    def _matching(self, tier: Tier, category: str | None, community: str | None) -> list[Route]:
        nearest = {each.code: nearness for nearness, each in enumerate(self.line_of(category))}
        # A row of the community that has taken over also counts for the one that was closed.
        heir = self.in_charge_of(community) if community else None
        rows = [
            row
            for row in self.routes
            if row.tier is tier
            and (row.category is None or row.category in nearest)
            and row.community in {None, community, heir.code if heir else None}
        ]
        return sorted(
            rows, key=lambda row: (nearest.get(row.category or "", len(nearest)), row.community is None)
        )


def first_of(ladder: Mapping[Tier, Routed], starts_at: Tier) -> Routed:
    """Return the unit that an order goes to first: at its category's tier, else at the nearest above.

    If there is none above either, it is the nearest below.
    """
    tiers = list(Tier)
    upwards = [*tiers[tiers.index(starts_at) :], *reversed(tiers[: tiers.index(starts_at)])]
    return next(ladder[tier] for tier in upwards if tier in ladder)


def faults(directory: Directory, *, before: Directory | None = None) -> list[DirectoryFault]:
    """Find what is wrong with a directory; given the one `before` it, also the codes that it left out."""
    found = [
        *_faults_of_units(directory),
        *_faults_of_categories(directory),
        *_faults_of_routes(directory),
        *_faults_of_teams(directory),
    ]
    if before is not None:
        found += [
            DirectoryFault(
                table="units", key=code, reason="is missing; a unit is closed by naming its successor"
            )
            for code in before.units
            if code not in directory.units
        ]
        found += [
            DirectoryFault(
                table="categories", key=code, reason="is missing; a category is closed, never left out"
            )
            for code in before.categories
            if code not in directory.categories
        ]
    return found


_PARENT_TIERS = {Tier.COMMUNITY: Tier.STREET, Tier.STREET: Tier.STREET, Tier.DISTRICT: Tier.DISTRICT}


def _faults_of_units(directory: Directory) -> Iterator[DirectoryFault]:
    units = directory.units
    for code, tier in OFFICES.items():
        if code not in units or units[code].tier is not tier or not units[code].is_open:
            yield DirectoryFault(
                table="units", key=code, reason=f"the office {code!r} must be there, open, at the tier {tier}"
            )
    for unit in units.values():
        reasons = [
            *_faults_of_parent(unit, units),
            *_faults_of_successor(unit, units),
            *(
                ["only a bureau of the district is reached by a liaison"]
                if unit.by_liaison and (unit.tier is not Tier.DISTRICT or unit.code in OFFICES)
                else []
            ),
        ]
        for reason in reasons:
            yield DirectoryFault(table="units", key=unit.code, reason=reason)


def _faults_of_parent(unit: Unit, units: Mapping[str, Unit]) -> Iterator[str]:
    if unit.code == DISTRICT_OFFICE:
        if unit.parent:
            yield f"{DISTRICT_OFFICE} is the top of the tree and has no parent"
        return
    above = Tier.DISTRICT if unit.code == OFFICE else _PARENT_TIERS[unit.tier]
    parent = units.get(unit.parent or "")
    if parent is None:
        yield f"there is no parent {unit.parent!r}" if unit.parent else "the parent is missing"
    elif parent.tier is not above:
        yield f"the parent {parent.code} is of the tier {parent.tier}; it must be of the tier {above}"
    elif unit.is_open and not parent.is_open:
        yield f"the parent {parent.code} is closed; name the unit above it now"
    elif _goes_in_a_circle(unit.code, {code: each.parent for code, each in units.items()}):
        yield "its parents go in a circle"


def _faults_of_successor(unit: Unit, units: Mapping[str, Unit]) -> Iterator[str]:
    if unit.successor is None or unit.code in OFFICES:
        return
    successor = units.get(unit.successor)
    if successor is None:
        yield f"there is no successor {unit.successor!r}"
    elif not successor.is_open:
        yield f"its successor {successor.code} is closed itself; name the one that works now"
    elif successor.tier is not unit.tier or successor.code in OFFICES:
        yield f"its successor {successor.code} must be a unit of the tier {unit.tier} that handles orders"


def _goes_in_a_circle(code: str, parents: Mapping[str, str | None]) -> bool:
    seen: set[str] = set()
    at: str | None = code
    while at is not None and at not in seen:
        seen.add(at)
        at = parents.get(at)
    return at is not None


def _faults_of_categories(directory: Directory) -> Iterator[DirectoryFault]:
    categories = directory.categories
    parents = {code: each.parent for code, each in categories.items()}
    for category in categories.values():
        reason = None
        if category.parent and category.parent not in categories:
            reason = f"there is no parent {category.parent!r}"
        elif _goes_in_a_circle(category.code, parents):
            reason = "its parents go in a circle"
        elif category.parent is None and not (category.usual_class and category.starts_at):
            reason = "a category at the top names its usual class and the tier that it starts at"
        elif category.evidence is not None and not 0 <= category.evidence <= MAX_EVIDENCE:
            reason = f"evidence is a number from 0 to {MAX_EVIDENCE}"
        if reason:
            yield DirectoryFault(table="categories", key=category.code, reason=reason)
    if not categories:
        yield DirectoryFault(table="categories", key="", reason="there is no category")


def _faults_of_routes(directory: Directory) -> Iterator[DirectoryFault]:
    taken: dict[tuple[Tier, str | None, str | None], str] = {}
    for route in directory.routes:
        key = (route.tier, route.category, route.community)
        for reason in _faults_of_route(route, directory):
            yield DirectoryFault(table="routes", key=route.rule, reason=reason)
        if key in taken:
            yield DirectoryFault(
                table="routes",
                key=route.rule,
                reason=f"overlaps rule {taken[key]}: one tier, category and community has one row",
            )
        taken.setdefault(key, route.rule)
    for tier in Tier:
        if (tier, None, None) not in taken:
            yield DirectoryFault(
                table="routes",
                key="",
                reason=f"the tier {tier} has no default row: one without category and community",
            )


def _faults_of_route(route: Route, directory: Directory) -> Iterator[str]:
    if route.category and route.category not in directory.open_categories:
        yield f"there is no open category {route.category!r}"
    if route.community and route.community not in directory.communities:
        yield f"there is no open community {route.community!r}"
    if route.unit is None:
        if route.tier is not Tier.COMMUNITY:
            yield "the unit is missing; only a row of the tier community may leave it to the place"
        return
    if route.unit not in directory.handling_units:
        yield f"there is no open unit {route.unit!r} that handles orders"
    elif directory.units[route.unit].tier is not route.tier:
        yield f"{route.unit} is of the tier {directory.units[route.unit].tier}, not {route.tier}"


def _faults_of_teams(directory: Directory) -> Iterator[DirectoryFault]:
    open_units = {code: directory.units[code].tier for code in directory.handling_units}
    for code, reason in wrong_teams(
        directory.teams, open_units=open_units, communities=directory.communities
    ):
        yield DirectoryFault(table="teams", key=code, reason=reason)


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A step at which two directories treat a matter differently, and what each of them says there."""

    category: str | None
    community: str | None
    step: str
    before: str
    after: str


def differences(
    before: Directory, after: Directory, matters: Collection[tuple[str | None, str | None]]
) -> list[Difference]:
    """Compare two directories by matters, each a category and a community.

    Compared are the class, the first unit, and the unit of every tier.
    """
    found: list[Difference] = []
    for category, community in sorted(matters, key=lambda matter: (matter[0] or "", matter[1] or "")):
        said = [_steps(directory, category, community) for directory in (before, after)]
        found += [
            Difference(
                category=category,
                community=community,
                step=step,
                before=said[0].get(step, "nobody"),
                after=said[1].get(step, "nobody"),
            )
            for step in dict.fromkeys([*said[0], *said[1]])
            if said[0].get(step) != said[1].get(step)
        ]
    return found


def _steps(directory: Directory, category: str | None, community: str | None) -> dict[str, str]:
    ladder = directory.ladder(category=category, community=community)
    first = first_of(ladder, directory.starts_at(category))
    return {
        "class": str(directory.usual_class(category)),
        "first": f"{first.unit} ({first.rule})",
        **{str(tier): f"{routed.unit} ({routed.rule})" for tier, routed in ladder.items()},
    }
