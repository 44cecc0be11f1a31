"""Which unit answers for what."""

from dataclasses import replace

import pytest

from demo.office import STAFF, UNITS
from domain.orders import OrderClass, Tier
from domain.responsibility import handler, may_decide, reviewer
from domain.routing import (
    CATEGORIES,
    HANDLING_UNITS,
    ROUTES,
    UnknownCategory,
    category,
    first_unit,
    responsible_unit,
    usual_class,
)
from store.office import routed_units


class TestTheTable:
    @pytest.mark.parametrize("tier", list(Tier))
    def test_has_one_default_row_for_each_tier(self, tier: Tier) -> None:
        assert len([row for row in ROUTES if row.tier is tier and row.category is None]) == 1

    def test_names_existing_units_of_its_tier(self) -> None:
        named = [(row.unit, row.tier) for row in ROUTES if row.unit]
        assert all(HANDLING_UNITS[unit] is tier for unit, tier in named)

    def test_has_no_two_rows_for_the_same_matter(self) -> None:
        keys = [(row.tier, row.category) for row in ROUTES]
        assert len(keys) == len(set(keys))
        assert len({row.rule for row in ROUTES}) == len(ROUTES)


class TestAMatter:
    @pytest.mark.parametrize(
        ("matter", "community", "unit", "rule"),
        [
            ("city_appearance", "community-03", "street-urban-management", "S1"),
            ("noise", "community-05", "community-05", "C0"),
            ("noise", None, "street-urban-management", "S2"),
            ("old_housing", "community-12", "district-housing", "D5"),
            (None, "community-01", "community-01", "C0"),
            (None, None, "street-general", "S0"),
        ],
    )
    def test_goes_first_to_its_unit(
        self, matter: str | None, community: str | None, unit: str, rule: str
    ) -> None:
        routed = first_unit(category=matter, community=community)
        assert (routed.unit, routed.rule) == (unit, rule)

    @pytest.mark.parametrize(
        ("tier", "unit"),
        [
            (Tier.COMMUNITY, "community-05"),
            (Tier.STREET, "street-urban-management"),
            (Tier.DISTRICT, "district-urban-management"),
        ],
    )
    def test_climbs_to_the_unit_of_each_tier(self, tier: Tier, unit: str) -> None:
        assert responsible_unit(tier, category="noise", community="community-05").unit == unit

    def test_of_an_unknown_category_is_refused(self) -> None:
        with pytest.raises(UnknownCategory, match="noise"):
            category("witchcraft")

    def test_has_a_usual_class(self) -> None:
        assert usual_class("safety") is OrderClass.URGENT
        assert usual_class(None) is OrderClass.GENERAL
        assert category("old_housing").usual_class is OrderClass.COMPLEX


class TestTheDemoOffice:
    def test_has_every_unit_of_the_table_at_its_place(self) -> None:
        assert [replace(unit, name=unit.code) for unit in UNITS] == routed_units()

    @pytest.mark.parametrize("unit", sorted(HANDLING_UNITS))
    def test_has_somebody_to_handle_in_every_unit(self, unit: str) -> None:
        owner = handler(unit, HANDLING_UNITS[unit])
        assert any(may_decide(each.unit, each.roles, unit=unit, role=owner.role) for each in STAFF)

    @pytest.mark.parametrize("unit", sorted(HANDLING_UNITS))
    def test_has_somebody_else_to_review_every_unit(self, unit: str) -> None:
        owner = handler(unit, HANDLING_UNITS[unit])
        judge = reviewer(owner)
        able = {
            each.username
            for each in STAFF
            if may_decide(each.unit, each.roles, unit=judge.unit, role=judge.role)
        }
        working = {
            each.username for each in STAFF if may_decide(each.unit, each.roles, unit=unit, role=owner.role)
        }
        assert able
        assert len(able | working) > 1

    def test_marks_every_person_as_fictional(self) -> None:
        assert all(each.name.endswith("（虚构）") for each in STAFF)

    def test_knows_every_category(self) -> None:
        assert all(code == each.code for code, each in CATEGORIES.items())
