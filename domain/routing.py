"""Which unit answers for what (派单目录): a small literal table with a default row per tier.

Assumes unit codes of the office's directory. The decision names the rule that matched, so that
page, audit and test print the same reason.

Source: our decision, ADR-0007, until the office loads its own directory.
"""

from dataclasses import dataclass

from domain.errors import DomainError
from domain.orders import OrderClass, Tier

OFFICE = "street"
"""The sub-district's own office: desk, call-back desk and leaders."""
DISTRICT_OFFICE = "district"
"""The district's order centre, the top of the ladder."""

COMMUNITIES: tuple[str, ...] = tuple(f"community-{number:02}" for number in range(1, 13))
"""The twelve communities of the sub-district."""
STREET_UNITS: tuple[str, ...] = (
    "street-general",
    "street-urban-management",
    "street-construction",
    "street-safety",
    "street-livelihood",
    "street-party-affairs",
    "street-peace",
)
DISTRICT_UNITS: tuple[str, ...] = (
    "district-general",
    "district-urban-management",
    "district-traffic",
    "district-housing",
    "district-planning",
    "district-emergency",
    "district-civil-affairs",
)
HANDLING_UNITS: dict[str, Tier] = {
    **dict.fromkeys(COMMUNITIES, Tier.COMMUNITY),
    **dict.fromkeys(STREET_UNITS, Tier.STREET),
    **dict.fromkeys(DISTRICT_UNITS, Tier.DISTRICT),
}
"""Every unit that orders can be dispatched to (承办单位), with its tier."""
BY_LIAISON: frozenset[str] = frozenset({"district-planning"})
"""District bureaus without accounts of their own: the street's liaison officer acts for them (ADR-0017)."""


class UnknownCategory(DomainError):
    """The category does not exist."""

    code = "unknown_category"


@dataclass(frozen=True, kw_only=True, slots=True)
class Category:
    """What an order is about; `starts_at` is the tier that usually handles it.

    `evidence`: how many attachments a result needs, because what was done can be seen (ADR-0017).
    """

    code: str
    label: str
    usual_class: OrderClass
    starts_at: Tier
    evidence: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One row of the table; `category` `None` is the tier's default row, `unit` `None` the place's community."""

    rule: str
    tier: Tier
    category: str | None
    unit: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Routed:
    """The unit found and the rule that matched."""

    unit: str
    tier: Tier
    rule: str


def _category(
    code: str, label: str, usual_class: OrderClass, starts_at: Tier, *, evidence: int = 0
) -> Category:
    return Category(code=code, label=label, usual_class=usual_class, starts_at=starts_at, evidence=evidence)


CATEGORIES: dict[str, Category] = {
    category.code: category
    for category in (
        _category("city_appearance", "市容环境", OrderClass.GENERAL, Tier.STREET, evidence=1),
        _category("noise", "噪音扰民", OrderClass.GENERAL, Tier.COMMUNITY),
        _category("neighbourhood", "邻里纠纷", OrderClass.GENERAL, Tier.COMMUNITY),
        _category("public_facilities", "公共设施", OrderClass.GENERAL, Tier.COMMUNITY, evidence=1),
        _category("property_management", "物业管理", OrderClass.GENERAL, Tier.COMMUNITY),
        _category("utilities", "水电气暖", OrderClass.URGENT, Tier.STREET),
        _category("safety", "安全隐患", OrderClass.URGENT, Tier.STREET, evidence=1),
        _category("welfare", "民生救助", OrderClass.GENERAL, Tier.COMMUNITY),
        _category("employment", "就业社保", OrderClass.GENERAL, Tier.STREET),
        _category("traffic", "交通出行", OrderClass.GENERAL, Tier.STREET),
        _category("party_affairs", "党群事务", OrderClass.GENERAL, Tier.STREET),
        _category("old_housing", "老旧住房改造", OrderClass.COMPLEX, Tier.DISTRICT),
        _category("planning", "规划建设", OrderClass.COMPLEX, Tier.DISTRICT),
        _category("consultation", "政策咨询", OrderClass.GENERAL, Tier.STREET),
    )
}


def _route(rule: str, tier: Tier, category: str | None, unit: str | None) -> Route:
    return Route(rule=rule, tier=tier, category=category, unit=unit)


ROUTES: tuple[Route, ...] = (
    _route("S1", Tier.STREET, "city_appearance", "street-urban-management"),
    _route("S2", Tier.STREET, "noise", "street-urban-management"),
    _route("S3", Tier.STREET, "traffic", "street-urban-management"),
    _route("S4", Tier.STREET, "utilities", "street-construction"),
    _route("S5", Tier.STREET, "public_facilities", "street-construction"),
    _route("S6", Tier.STREET, "property_management", "street-construction"),
    _route("S7", Tier.STREET, "old_housing", "street-construction"),
    _route("S8", Tier.STREET, "planning", "street-construction"),
    _route("S9", Tier.STREET, "safety", "street-safety"),
    _route("S10", Tier.STREET, "welfare", "street-livelihood"),
    _route("S11", Tier.STREET, "employment", "street-livelihood"),
    _route("S12", Tier.STREET, "party_affairs", "street-party-affairs"),
    _route("S13", Tier.STREET, "neighbourhood", "street-peace"),
    _route("D1", Tier.DISTRICT, "city_appearance", "district-urban-management"),
    _route("D2", Tier.DISTRICT, "noise", "district-urban-management"),
    _route("D3", Tier.DISTRICT, "traffic", "district-traffic"),
    _route("D4", Tier.DISTRICT, "utilities", "district-housing"),
    _route("D5", Tier.DISTRICT, "old_housing", "district-housing"),
    _route("D6", Tier.DISTRICT, "property_management", "district-housing"),
    _route("D7", Tier.DISTRICT, "public_facilities", "district-housing"),
    _route("D8", Tier.DISTRICT, "planning", "district-planning"),
    _route("D9", Tier.DISTRICT, "safety", "district-emergency"),
    _route("D10", Tier.DISTRICT, "welfare", "district-civil-affairs"),
    _route("D11", Tier.DISTRICT, "employment", "district-civil-affairs"),
    _route("C0", Tier.COMMUNITY, None, None),
    _route("S0", Tier.STREET, None, "street-general"),
    _route("D0", Tier.DISTRICT, None, "district-general"),
)


def category(code: str) -> Category:
    """Find a category.

    Raises:
        UnknownCategory: there is no such code.
    """
    try:
        return CATEGORIES[code]
    except KeyError:
        raise UnknownCategory(
            f"there is no category {code!r}; known: {', '.join(sorted(CATEGORIES))}"
        ) from None


def responsible_unit(tier: Tier, *, category: str | None, community: str | None) -> Routed:
    """Find the unit that answers for a matter at one tier.

    An order without a known community has no unit at the community tier: the street's row answers.
    """
    if tier is Tier.COMMUNITY and community is None:
        return responsible_unit(Tier.STREET, category=category, community=None)
    rows = [row for row in ROUTES if row.tier is tier and row.category in {category, None}]
    row = max(rows, key=lambda row: row.category is not None)
    return Routed(unit=row.unit or community or OFFICE, tier=tier, rule=row.rule)


def first_unit(*, category: str | None, community: str | None) -> Routed:
    """Find the unit to which an order goes first: its category's usual tier, else the community's."""
    known = CATEGORIES.get(category or "")
    tier = known.starts_at if known else Tier.COMMUNITY
    return responsible_unit(tier, category=category, community=community)


def evidence_for(category: str | None) -> int:
    """Say how many attachments a result needs."""
    known = CATEGORIES.get(category or "")
    return known.evidence if known else 0


def usual_class(category: str | None) -> OrderClass:
    """Give the class an order gets when nobody classed it: the category's usual one, else general."""
    known = CATEGORIES.get(category or "")
    return known.usual_class if known else OrderClass.GENERAL
