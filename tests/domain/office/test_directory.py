"""Which unit answers for what."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.office import STAFF, UNITS
from domain.matter.tasks import MAX_ATTACHMENTS
from domain.office.directory import (
    OFFICES,
    Category,
    Directory,
    Route,
    Unit,
    UnknownUnit,
    differences,
    faults,
    first_of,
)
from domain.office.first_directory import FIRST
from domain.office.responsibility import handler, may_decide, reviewer
from domain.office.words import OrderClass, Tier
from messages.office.directory import Routing


def first_unit(category: str | None, community: str | None) -> tuple[str, str]:
    routed = first_of(FIRST.ladder(category=category, community=community), FIRST.starts_at(category))
    return routed.unit, routed.rule


def changed(
    directory: Directory = FIRST,
    *,
    units: tuple[Unit, ...] = (),
    categories: tuple[Category, ...] = (),
    routes: tuple[Route, ...] = (),
) -> Directory:
    """Return a directory with these rows added or replaced, by their keys."""
    return replace(
        directory,
        units={**directory.units, **{each.code: each for each in units}},
        categories={**directory.categories, **{each.code: each for each in categories}},
        routes=tuple(
            {
                **{each.rule: each for each in directory.routes},
                **{each.rule: each for each in routes},
            }.values()
        ),
    )


class TestARouting:
    def test_names_a_tier_in_which_nobody_is_in_post(self) -> None:
        streets = {"street-urban-management", "street-general"}
        routing = Routing.of(FIRST, category="noise", community="community-03", vacant=streets)
        above = routing.above(Tier.COMMUNITY)
        assert above is not None
        assert (above.code, above.passed_over) == (
            "district-urban-management",
            ("street-urban-management", "street-general"),
        )
        assert routing.first.passed_over == ()

    def test_names_it_where_an_order_goes_first(self) -> None:
        routing = Routing.of(FIRST, category="noise", community="community-03", vacant={"community-03"})
        assert (routing.first.code, routing.first.passed_over) == (
            "street-urban-management",
            ("community-03",),
        )

    def test_does_not_name_a_tier_below_the_one_where_the_category_begins(self) -> None:
        routing = Routing.of(
            FIRST, category="city_appearance", community="community-03", vacant={"community-03"}
        )
        assert routing.first.passed_over == ()

    def test_finds_what_was_written_for_the_community_that_has_taken_over(self) -> None:
        closed = replace(FIRST.units["community-03"], successor="community-04")
        row = Route(
            rule="S2-04", tier=Tier.STREET, category="noise", community="community-04", unit="street-peace"
        )
        merged = changed(units=(closed,), routes=(row,))
        for community in ("community-03", "community-04"):
            found = merged.answering(Tier.STREET, category="noise", community=community)
            assert found is not None
            assert found.unit == "street-peace", community


class TestTheFirstDirectory:
    def test_has_no_fault(self) -> None:
        assert faults(FIRST) == []

    @pytest.mark.parametrize(
        ("category", "community", "unit", "rule"),
        [
            ("city_appearance", "community-03", "street-urban-management", "S1"),
            ("noise", "community-05", "community-05", "C0"),
            ("noise", None, "street-urban-management", "S2"),
            ("old_housing", "community-12", "district-housing", "D5"),
            (None, "community-01", "community-01", "C0"),
            (None, None, "street-general", "S0"),
        ],
    )
    def test_sends_a_matter_first_to_its_unit(
        self, category: str | None, community: str | None, unit: str, rule: str
    ) -> None:
        assert first_unit(category, community) == (unit, rule)

    @pytest.mark.parametrize(
        ("tier", "unit"),
        [
            (Tier.COMMUNITY, "community-05"),
            (Tier.STREET, "street-urban-management"),
            (Tier.DISTRICT, "district-urban-management"),
        ],
    )
    def test_has_a_unit_for_each_tier(self, tier: Tier, unit: str) -> None:
        routed = FIRST.answering(tier, category="noise", community="community-05")
        assert routed is not None
        assert routed.unit == unit

    def test_knows_the_usual_class(self) -> None:
        assert FIRST.usual_class("safety") is OrderClass.URGENT
        assert FIRST.usual_class(None) is OrderClass.GENERAL
        assert FIRST.usual_class("witchcraft") is OrderClass.GENERAL
        assert FIRST.usual_class("old_housing") is OrderClass.COMPLEX

    def test_knows_no_other_unit(self) -> None:
        with pytest.raises(UnknownUnit, match="street-safety"):
            FIRST.handling_unit("witches")


FINE = "noise_at_night"
DEEP = changed(
    categories=(
        Category(code=FINE, label="夜间噪音", parent="noise", usual_class=OrderClass.URGENT, evidence=2),
        Category(code="noise_of_a_bar", label="酒吧噪音", parent=FINE),
    ),
    routes=(
        Route(rule="S2a", tier=Tier.STREET, category=FINE, unit="street-peace", why="街道职责分工"),
        Route(rule="S2b", tier=Tier.STREET, category="noise", community="community-07", unit="street-safety"),
        Route(
            rule="S0b", tier=Tier.STREET, category=None, community="community-07", unit="street-livelihood"
        ),
    ),
)


class TestACategoryInATree:
    def test_inherits_what_it_does_not_say(self) -> None:
        assert DEEP.usual_class("noise_of_a_bar") is OrderClass.URGENT
        assert DEEP.starts_at("noise_of_a_bar") is Tier.COMMUNITY
        assert DEEP.evidence("noise_of_a_bar") == 2
        assert faults(DEEP) == []

    @pytest.mark.parametrize(
        ("category", "community", "rule"),
        [
            ("noise_of_a_bar", "community-01", "S2a"),
            (FINE, "community-07", "S2a"),
            ("noise", "community-07", "S2b"),
            ("noise", "community-01", "S2"),
            ("consultation", "community-07", "S0b"),
            ("consultation", "community-01", "S0"),
            (None, None, "S0"),
        ],
    )
    def test_goes_by_the_nearest_row_category_before_community(
        self, category: str | None, community: str | None, rule: str
    ) -> None:
        routed = DEEP.answering(Tier.STREET, category=category, community=community)
        assert routed is not None
        assert routed.rule == rule

    def test_is_closed_with_those_above_it(self) -> None:
        closed = changed(DEEP, categories=(replace(DEEP.categories[FINE], closed=True),))
        assert "noise" in closed.open_categories
        assert FINE not in closed.open_categories
        assert "noise_of_a_bar" not in closed.open_categories


class TestAVacantPost:
    def test_is_passed_over_with_its_reason(self) -> None:
        routed = DEEP.answering(
            Tier.STREET, category=FINE, community="community-07", vacant={"street-peace", "street-safety"}
        )
        assert routed is not None
        assert (routed.unit, routed.rule) == ("street-urban-management", "S2")
        assert routed.passed_over == ("street-peace", "street-safety")

    def test_leaves_its_tier_out_if_nobody_else_is_there(self) -> None:
        ladder = FIRST.ladder(
            category="noise",
            community="community-05",
            vacant={"community-05", "street-urban-management", "street-general"},
        )
        assert list(ladder) == [Tier.DISTRICT]
        assert first_of(ladder, Tier.COMMUNITY).tier is Tier.DISTRICT

    @given(
        vacant=st.sets(st.sampled_from(sorted(FIRST.handling_units))),
        category=st.sampled_from([None, *FIRST.categories]),
        community=st.sampled_from([None, *FIRST.communities]),
    )
    def test_never_leaves_a_matter_without_a_unit(
        self, vacant: set[str], category: str | None, community: str | None
    ) -> None:
        ladder = FIRST.ladder(category=category, community=community, vacant=vacant)
        assert first_of(ladder, FIRST.starts_at(category)) in ladder.values()
        assert all(FIRST.units[routed.unit].tier is tier for tier, routed in ladder.items())
        nobody_there = {tier for tier, routed in ladder.items() if routed.unit in vacant}
        assert nobody_there <= {Tier.STREET}
        assert not nobody_there or Tier.DISTRICT not in ladder


CLOSED = replace(FIRST.units["community-03"], successor="community-04")


class TestAClosedUnit:
    def test_is_followed_by_its_successor(self) -> None:
        merged = changed(units=(CLOSED,))
        assert faults(merged, before=FIRST) == []
        assert "community-03" not in merged.communities
        unit = merged.in_charge_of("community-03")
        assert unit is not None
        assert unit.code == "community-04"
        routed = merged.answering(Tier.COMMUNITY, category=None, community="community-03")
        assert routed is not None
        assert routed.unit == "community-04"


def without(table: str, key: str) -> Directory:
    rows: Any = {code: each for code, each in getattr(FIRST, table).items() if code != key}
    return replace(FIRST, **{table: rows})


OFFICE_UNIT = FIRST.units["street"]
SAFETY = FIRST.units["street-safety"]
NOISE = FIRST.categories["noise"]
WRONG: list[tuple[Directory, str, str]] = [
    (without("units", "district"), "district", "must be there"),
    (changed(units=(replace(OFFICE_UNIT, successor="street-safety"),)), "street", "must be there, open"),
    (changed(units=(replace(OFFICE_UNIT, parent=None),)), "street", "the parent is missing"),
    (changed(units=(replace(FIRST.units["district"], parent="street"),)), "district", "has no parent"),
    (changed(units=(replace(SAFETY, parent="nobody"),)), "street-safety", "there is no parent 'nobody'"),
    (changed(units=(replace(SAFETY, parent="district"),)), "street-safety", "of the tier district"),
    (changed(units=(replace(SAFETY, parent="street-safety"),)), "street-safety", "go in a circle"),
    (changed(units=(replace(SAFETY, by_liaison=True),)), "street-safety", "only a bureau of the district"),
    (changed(units=(replace(SAFETY, successor="nobody"),)), "street-safety", "there is no successor"),
    (
        changed(units=(replace(SAFETY, successor="community-01"),)),
        "street-safety",
        "must be a unit of the tier street",
    ),
    (changed(units=(replace(SAFETY, successor="street"),)), "street-safety", "that handles orders"),
    (
        changed(units=(replace(FIRST.units["community-02"], successor="community-03"), CLOSED)),
        "community-02",
        "is closed itself",
    ),
    (
        changed(
            units=(
                replace(SAFETY, successor="street-peace"),
                replace(FIRST.units["community-01"], parent="street-safety"),
            )
        ),
        "community-01",
        "the parent street-safety is closed",
    ),
    (changed(categories=(replace(NOISE, parent="witchcraft"),)), "noise", "there is no parent"),
    (changed(categories=(replace(NOISE, parent="noise"),)), "noise", "go in a circle"),
    (changed(categories=(replace(NOISE, usual_class=None),)), "noise", "names its usual class"),
    (changed(categories=(replace(NOISE, starts_at=None),)), "noise", "the tier that it starts at"),
    (changed(categories=(replace(NOISE, evidence=MAX_ATTACHMENTS + 1),)), "noise", "from 0 to 9"),
    (replace(FIRST, categories={}), "", "there is no category"),
    (
        changed(routes=(Route(rule="X", tier=Tier.STREET, category="nois", unit="street-safety"),)),
        "X",
        "nois",
    ),
    (
        changed(routes=(Route(rule="X", tier=Tier.STREET, community="community-99", unit="street-safety"),)),
        "X",
        "community-99",
    ),
    (
        changed(routes=(Route(rule="X", tier=Tier.STREET, category="noise", unit="street"),)),
        "X",
        "no open unit",
    ),
    (
        changed(routes=(Route(rule="X", tier=Tier.STREET, category="noise", unit="community-01"),)),
        "X",
        "is of the tier community",
    ),
    (changed(routes=(Route(rule="X", tier=Tier.STREET, category="noise"),)), "X", "the unit is missing"),
    (
        changed(routes=(Route(rule="X", tier=Tier.STREET, category="noise", unit="street-safety"),)),
        "X",
        "overlaps rule S2",
    ),
    (
        replace(FIRST, routes=tuple(each for each in FIRST.routes if each.rule != "D0")),
        "",
        "the tier district has no default row",
    ),
    (
        changed(units=(CLOSED,), routes=(Route(rule="X", tier=Tier.STREET, community="community-03"),)),
        "X",
        "03",
    ),
    (without("units", "community-09"), "community-09", "closed by naming its successor"),
    (without("categories", "noise"), "noise", "closed, never left out"),
]


class TestAFaultyDirectory:
    @pytest.mark.parametrize(("directory", "key", "reason"), WRONG, ids=[reason for _, _, reason in WRONG])
    def test_is_told_row_by_row(self, directory: Directory, key: str, reason: str) -> None:
        found = faults(directory, before=FIRST)
        assert any(each.key == key and reason in each.reason for each in found), found


class TestWhatWouldChange:
    def test_is_said_for_each_matter_and_tier(self) -> None:
        found = differences(FIRST, DEEP, [("noise", "community-07"), ("noise", "community-01")])
        assert [(each.community, each.step, each.before, each.after) for each in found] == [
            ("community-07", "street", "street-urban-management (S2)", "street-safety (S2b)")
        ]

    def test_is_nothing_between_equal_ones(self) -> None:
        matters: Any = [(category, community) for category in FIRST.categories for community in FIRST.units]
        assert differences(FIRST, FIRST, matters) == []


class TestTheDemoOffice:
    def test_has_every_unit_of_the_table_at_its_place(self) -> None:
        known = {code: (each.tier, each.parent) for code, each in FIRST.units.items()}
        assert {unit.code: (unit.tier, unit.parent) for unit in UNITS} == known

    @pytest.mark.parametrize("unit", sorted(FIRST.handling_units))
    def test_has_somebody_to_handle_in_every_unit(self, unit: str) -> None:
        assert able(unit)

    @pytest.mark.parametrize("unit", sorted(FIRST.handling_units))
    def test_has_somebody_else_to_review_every_unit(self, unit: str) -> None:
        judge = reviewer(owner_of(unit))
        judging = {
            each.username
            for each in STAFF
            if may_decide(each.unit, each.roles, unit=judge.unit, role=judge.role)
        }
        assert judging
        assert len(judging | able(unit)) > 1

    def test_marks_every_person_as_fictional(self) -> None:
        assert all(each.name.endswith("（虚构）") for each in STAFF)

    def test_has_the_two_offices(self) -> None:
        assert set(OFFICES) <= {unit.code for unit in UNITS}


def owner_of(unit: str) -> Any:
    known = FIRST.units[unit]
    return handler(unit, known.tier, by_liaison=known.by_liaison)


def able(unit: str) -> set[str]:
    role = owner_of(unit).role
    return {each.username for each in STAFF if may_decide(each.unit, each.roles, unit=unit, role=role)}
