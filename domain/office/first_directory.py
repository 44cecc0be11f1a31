"""The directory (派单目录) that every installation begins with, until the office loads its own.

It is version 0: its codes and rules stay, since orders and audits name them.

Source: our decision, ADR-0007 and ADR-0018.
"""

from domain.office.directory import DISTRICT_OFFICE, OFFICE, Category, Directory, Route, Unit
from domain.office.words import OrderClass, Tier

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
    "district-education",
    "district-health",
    "district-market-supervision",
)
_BY_LIAISON = frozenset({"district-planning"})


def _units() -> dict[str, Unit]:
    """List the units, parents first; each has its code for a name until the office names it."""
    offices = (
        Unit(code=DISTRICT_OFFICE, name=DISTRICT_OFFICE, tier=Tier.DISTRICT),
        Unit(code=OFFICE, name=OFFICE, tier=Tier.STREET, parent=DISTRICT_OFFICE),
    )
    handling = {
        **dict.fromkeys(COMMUNITIES, Tier.COMMUNITY),
        **dict.fromkeys(STREET_UNITS, Tier.STREET),
        **dict.fromkeys(DISTRICT_UNITS, Tier.DISTRICT),
    }
    return {unit.code: unit for unit in offices} | {
        code: Unit(
            code=code,
            name=code,
            tier=tier,
            parent=DISTRICT_OFFICE if tier is Tier.DISTRICT else OFFICE,
            by_liaison=code in _BY_LIAISON,
        )
        for code, tier in handling.items()
    }


def _category(
    code: str, label: str, usual_class: OrderClass, starts_at: Tier, *, evidence: int = 0
) -> Category:
    return Category(code=code, label=label, usual_class=usual_class, starts_at=starts_at, evidence=evidence)


_CATEGORIES: dict[str, Category] = {
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
        _category("housing_quality", "房屋质量", OrderClass.COMPLEX, Tier.DISTRICT),
        _category("education", "教育服务", OrderClass.GENERAL, Tier.DISTRICT),
        _category("health", "医疗卫生", OrderClass.GENERAL, Tier.DISTRICT),
        _category("market", "市场消费", OrderClass.GENERAL, Tier.DISTRICT),
        _category("consultation", "政策咨询", OrderClass.GENERAL, Tier.STREET),
    )
}


def _route(rule: str, tier: Tier, category: str | None, unit: str | None) -> Route:
    return Route(rule=rule, tier=tier, category=category, unit=unit)


_ROUTES: tuple[Route, ...] = (
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
    _route("S14", Tier.STREET, "housing_quality", "street-construction"),
    _route("S15", Tier.STREET, "education", "street-livelihood"),
    _route("S16", Tier.STREET, "health", "street-livelihood"),
    _route("S17", Tier.STREET, "market", "street-peace"),
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
    _route("D12", Tier.DISTRICT, "housing_quality", "district-housing"),
    _route("D13", Tier.DISTRICT, "education", "district-education"),
    _route("D14", Tier.DISTRICT, "health", "district-health"),
    _route("D15", Tier.DISTRICT, "market", "district-market-supervision"),
    _route("C0", Tier.COMMUNITY, None, None),
    _route("S0", Tier.STREET, None, "street-general"),
    _route("D0", Tier.DISTRICT, None, "district-general"),
)

FIRST = Directory(version=0, units=_units(), categories=_CATEGORIES, routes=_ROUTES)
"""The directory of version 0."""
