"""How far a person with several roles sees and acts, and which roles must stand alone."""

from itertools import combinations

import pytest

from domain.office.permissions import (
    GRANTS,
    REACHES,
    Permission,
    Reach,
    RolesApart,
    are_apart,
    keep_apart,
    reaches,
)
from domain.office.words import Role


class TestAReach:
    def test_comes_from_roles_that_read_orders(self) -> None:
        assert reaches({Role.COMMUNITY_WORKER, Role.ADMINISTRATOR}) == {Reach.COMMUNITY}
        assert reaches({Role.ADMINISTRATOR}) == frozenset()

    def test_of_an_action_comes_from_roles_that_act(self) -> None:
        assert reaches({Role.ADMINISTRATOR}, Permission.ACT_ON_ORDERS) == {Reach.OFFICE}
        assert reaches({Role.UNIT_HANDLER, Role.AUDITOR}, Permission.REVEAL_CONTACTS) == {Reach.UNIT}

    @pytest.mark.parametrize("permission", Permission)
    def test_is_never_wider_than_that_of_the_roles_with_the_permission(self, permission: Permission) -> None:
        for pair in combinations(Role, 2):
            entitled = {REACHES[role] for role in pair if permission in GRANTS[role]}
            assert reaches(pair, permission) == entitled


class TestRoles:
    def test_of_the_three_members_stand_alone(self) -> None:
        apart = {pair for pair in combinations(Role, 2) if are_apart(pair)}
        assert apart == {
            pair for pair in combinations(Role, 2) if {Role.AUDITOR, Role.ADMINISTRATOR} & {*pair}
        }

    @pytest.mark.parametrize("role", Role)
    def test_stand_by_themselves(self, role: Role) -> None:
        keep_apart([role, role])
        keep_apart([])

    def test_that_may_not_come_together_are_named(self) -> None:
        with pytest.raises(RolesApart, match="administrator goes with no other role"):
            keep_apart([Role.COMMUNITY_WORKER, Role.ADMINISTRATOR])
