"""Which roles have tasks to decide in which unit."""

from typing import Any

import pytest

from domain.office.first_directory import FIRST
from domain.office.responsibility import (
    DISTRICT_DESK,
    STREET_DESK,
    STREET_LEADER,
    Owner,
    above,
    entitled_roles,
    grants_extension,
    handler,
    has_work,
    may_decide,
    reviewer,
    supervisor,
)
from domain.office.words import Role, Tier

ANYWHERE = "duty_officer auditor administrator"


class TestARole:
    @pytest.mark.parametrize(
        ("unit", "roles"),
        [
            ("community-03", "community_worker unit_head"),
            ("street-safety", "unit_handler unit_head"),
            ("district-traffic", "unit_handler unit_head"),
            # A bureau without accounts: the street's liaison officer acts for it.
            ("district-planning", ""),
            ("street", "street_desk street_leader liaison call_back_officer"),
            ("district", "district_desk"),
        ],
    )
    def test_has_work_in_its_own_units_alone(self, unit: str, roles: str) -> None:
        expected = {Role(each) for each in f"{roles} {ANYWHERE}".split()}
        assert {role for role in Role if has_work(role, FIRST.units[unit])} == expected


COMMUNITY = handler("community-01", Tier.COMMUNITY)

STREET = handler("street-safety", Tier.STREET)

DISTRICT = handler("district-housing", Tier.DISTRICT)

BUREAU = handler("district-planning", Tier.DISTRICT, by_liaison=True)

DISTRICT_HEAD = Owner(unit="district-housing", tier=Tier.DISTRICT, role=Role.UNIT_HEAD)


class TestResponsibility:
    @pytest.mark.parametrize(
        ("unit", "tier", "role"),
        [
            ("community-01", Tier.COMMUNITY, Role.COMMUNITY_WORKER),
            ("street-safety", Tier.STREET, Role.UNIT_HANDLER),
            ("district-housing", Tier.DISTRICT, Role.UNIT_HANDLER),
            ("district-planning", Tier.DISTRICT, Role.UNIT_HANDLER),
            ("street", Tier.STREET, Role.STREET_LEADER),
            ("district", Tier.DISTRICT, Role.DISTRICT_DESK),
        ],
    )
    def test_for_handling_depends_on_the_unit(self, unit: str, tier: Tier, role: Role) -> None:
        assert handler(unit, tier) == Owner(unit=unit, tier=tier, role=role)

    def test_for_a_bureau_without_accounts_is_the_liaisons(self) -> None:
        assert Owner(unit="district-planning", tier=Tier.DISTRICT, role=Role.LIAISON) == BUREAU

    def test_a_head_may_decide_for_the_handlers_and_nobody_for_the_desk(self) -> None:
        assert entitled_roles(Role.UNIT_HANDLER) == {Role.UNIT_HANDLER, Role.UNIT_HEAD}
        assert entitled_roles(Role.STREET_DESK) == {Role.STREET_DESK}

    def test_the_officer_on_duty_may_act_for_the_desk_where_the_clock_runs_by_the_wall(self) -> None:
        for on_duty in (True, False):
            desk: Any = {"unit": "street", "role": Role.STREET_DESK, "on_duty": on_duty}
            assert may_decide("street", {Role.DUTY_OFFICER}, **desk) is on_duty
            assert may_decide("street", {Role.STREET_DESK}, **desk)
            assert not may_decide("street-safety", {Role.DUTY_OFFICER}, **desk)
            assert not may_decide("street", {Role.UNIT_HANDLER}, **desk)

    @pytest.mark.parametrize(
        ("own_unit", "role", "unit", "for_role", "may"),
        [
            ("street-safety", Role.UNIT_HANDLER, "street-safety", Role.UNIT_HANDLER, True),
            ("street-safety", Role.UNIT_HEAD, "street-safety", Role.UNIT_HANDLER, True),
            ("street-safety", Role.UNIT_HANDLER, "street-peace", Role.UNIT_HANDLER, False),
            ("street", Role.LIAISON, "district-planning", Role.LIAISON, True),
            ("district-planning", Role.UNIT_HANDLER, "district-planning", Role.LIAISON, False),
            ("street", Role.STREET_DESK, "district-planning", Role.LIAISON, False),
        ],
    )
    def test_to_decide_is_the_units_own_or_its_liaisons(
        self, own_unit: str, role: Role, unit: str, for_role: Role, may: bool
    ) -> None:
        assert may_decide(own_unit, {role}, unit=unit, role=for_role) is may

    @pytest.mark.parametrize(
        ("tier", "by_liaison", "repetition", "owner"),
        [
            (Tier.COMMUNITY, False, 1, STREET_LEADER),
            (Tier.STREET, False, 2, STREET_LEADER),
            (Tier.STREET, False, 3, DISTRICT_DESK),
            (Tier.DISTRICT, False, 1, DISTRICT_DESK),
            (Tier.DISTRICT, False, 9, DISTRICT_DESK),
            (Tier.DISTRICT, True, 1, STREET_LEADER),
            (Tier.DISTRICT, True, 3, DISTRICT_DESK),
        ],
    )
    def test_to_supervise_climbs_at_the_third_time(
        self, tier: Tier, by_liaison: bool, repetition: int, owner: Owner
    ) -> None:
        assert supervisor(tier, repetition, climbs_at=3, by_liaison=by_liaison) == owner

    @pytest.mark.parametrize(
        ("proposer", "first", "then"),
        [
            (COMMUNITY, STREET_DESK, STREET_LEADER),
            (STREET, STREET_DESK, STREET_LEADER),
            (BUREAU, STREET_DESK, STREET_LEADER),
            (STREET_DESK, STREET_LEADER, DISTRICT_DESK),
            (DISTRICT, DISTRICT_HEAD, DISTRICT_DESK),
            (STREET_LEADER, DISTRICT_DESK, DISTRICT_DESK),
        ],
    )
    def test_to_review_is_never_the_proposers(self, proposer: Owner, first: Owner, then: Owner) -> None:
        assert reviewer(proposer) == first != proposer
        assert reviewer(proposer, is_rework=True) == (DISTRICT_DESK if proposer == DISTRICT else first)
        assert above(first) == then

    @pytest.mark.parametrize(
        ("working", "first", "second"),
        [
            (COMMUNITY, STREET_DESK, DISTRICT_DESK),
            (STREET, STREET_DESK, DISTRICT_DESK),
            (DISTRICT, DISTRICT_HEAD, DISTRICT_HEAD),
        ],
    )
    def test_to_extend_is_the_desks_once_and_then_the_tiers_above(
        self, working: Owner, first: Owner, second: Owner
    ) -> None:
        assert grants_extension(working, granted=0) == first
        assert grants_extension(working, granted=1) == second
