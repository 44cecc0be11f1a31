"""The office's people: their deputies, and the duty roster."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from domain.office.permissions import RolesApart
from domain.office.words import Role, Tier
from store.database import Store
from store.office.directory import routing_of
from store.office.people import (
    UnknownStaff,
    WrongDeputy,
    change_duty,
    change_unit,
    dismiss,
    duty_roster,
    find_staff,
    leave_post,
    return_to_post,
    set_roles,
)
from store.order.receiving import reception
from tests.support.office import now

WEEK = timedelta(days=7)


def roles(store: Store, username: str, *, later: timedelta = timedelta(0)) -> frozenset[Role]:
    with store.read() as connection:
        found = find_staff(connection, username, now=now() + later)
    return found.roles if found else frozenset()


def lose(connection: Connection, username: str, way: str) -> None:
    """End a person's service as deputy in one of the possible ways."""
    if way == "left":
        dismiss(connection, username, now=now())
    elif way == "moved":
        change_unit(connection, username, "street-peace", now=now())
    else:
        leave_post(connection, username, until=now() + WEEK, deputy=None, now=now())


class TestARoleThatStandsAlone:
    @pytest.mark.parametrize("alone", [Role.AUDITOR, Role.ADMINISTRATOR])
    def test_is_given_to_nobody_with_another_one(self, store: Store, alone: Role) -> None:
        with pytest.raises(RolesApart, match=alone), store.write() as connection:
            set_roles(connection, "desk-1", [Role.STREET_DESK, alone])
        assert roles(store, "desk-1") == {Role.STREET_DESK}

    @pytest.mark.parametrize("alone", ["auditor-1", "administrator-1"])
    def test_is_lent_to_nobody_with_another_one(self, store: Store, alone: str) -> None:
        for absent, deputy in ((alone, "desk-1"), ("desk-1", alone)):
            with pytest.raises(RolesApart), store.write() as connection:
                leave_post(connection, absent, until=now() + WEEK, deputy=deputy, now=now())

    @pytest.mark.parametrize("who", ["desk-1", "desk-2"])
    def test_is_given_to_neither_of_two_who_stand_in_for_each_other(self, store: Store, who: str) -> None:
        with store.write() as connection:
            leave_post(connection, "desk-1", until=now() + WEEK, deputy="desk-2", now=now())
        with pytest.raises(RolesApart, match="dingdan user back"), store.write() as connection:
            set_roles(connection, who, [Role.AUDITOR])

    def test_that_came_into_the_store_otherwise_is_not_lent(self, store: Store) -> None:
        with store.write() as connection:
            leave_post(connection, "desk-1", until=now() + WEEK, deputy="desk-2", now=now())
            connection.execute(text("UPDATE staff_role SET role = 'auditor' WHERE username = 'desk-1'"))
        assert roles(store, "desk-2") == {Role.STREET_DESK}


class TestADeputy:
    def test_has_the_absent_ones_roles_until_the_absence_ends(self, store: Store) -> None:
        with store.write() as connection:
            leave_post(connection, "leader-1", until=now() + WEEK, deputy="desk-1", now=now())
        assert roles(store, "desk-1") == {Role.STREET_DESK, Role.STREET_LEADER}
        assert roles(store, "desk-1", later=WEEK) == {Role.STREET_DESK}
        assert roles(store, "leader-1") == {Role.STREET_LEADER}
        with store.write() as connection:
            return_to_post(connection, "leader-1", now=now())
        assert roles(store, "desk-1") == {Role.STREET_DESK}

    def test_loses_them_when_the_absent_one_leaves_or_changes_unit(self, store: Store) -> None:
        with store.write() as connection:
            leave_post(connection, "desk-1", until=now() + WEEK, deputy="duty-1", now=now())
            change_unit(connection, "desk-1", "street-safety", now=now())
            leave_post(connection, "desk-2", until=now() + WEEK, deputy="duty-1", now=now())
            dismiss(connection, "desk-2", now=now())
        assert roles(store, "duty-1") == {Role.DUTY_OFFICER}
        assert roles(store, "desk-2") == frozenset()

    @pytest.mark.parametrize("deputy", ["leader-1", "community-01-worker"])
    def test_is_somebody_else_of_the_same_unit(self, store: Store, deputy: str) -> None:
        with pytest.raises(WrongDeputy, match="another person of the same unit"), store.write() as connection:
            leave_post(connection, "leader-1", until=now() + WEEK, deputy=deputy, now=now())

    def test_is_there_while_the_other_one_is_not(self, store: Store) -> None:
        with store.write() as connection:
            leave_post(connection, "desk-1", until=now() + WEEK, deputy=None, now=now())
        with pytest.raises(WrongDeputy, match="desk-1 is away as well"), store.write() as connection:
            leave_post(connection, "leader-1", until=now() + WEEK, deputy="desk-1", now=now())

    def test_stands_in_for_somebody_who_is_away_for_a_time(self, store: Store) -> None:
        with pytest.raises(WrongDeputy, match="in the future"), store.write() as connection:
            leave_post(connection, "leader-1", until=now(), deputy="desk-1", now=now())
        for absent, deputy in (("nobody", None), ("leader-1", "nobody")):
            with pytest.raises(UnknownStaff, match="nobody"), store.write() as connection:
                leave_post(connection, absent, until=now() + WEEK, deputy=deputy, now=now())


class TestAPost:
    @pytest.mark.parametrize(("deputy", "unit"), [(None, "street-general"), ("duty-3", "street-safety")])
    def test_is_vacant_while_its_only_holder_is_away_without_a_deputy(
        self, store: Store, deputy: str | None, unit: str
    ) -> None:
        with store.write() as connection:
            change_unit(connection, "duty-3", "street-safety", now=now())
            leave_post(
                connection,
                "street-safety-handler",
                until=now() + WEEK,
                deputy=deputy,
                now=now(),
            )
            routing = routing_of(connection, category="safety", community=None, now=now())
        street = next(each for each in routing.ladder if each.tier is Tier.STREET)
        assert street.code == unit

    @pytest.mark.parametrize("lost", ["left", "moved", "away"])
    def test_is_vacant_when_the_deputy_is_lost(self, store: Store, lost: str) -> None:
        with store.write() as connection:
            change_unit(connection, "duty-3", "street-safety", now=now())
            leave_post(connection, "street-safety-handler", until=now() + WEEK, deputy="duty-3", now=now())
            lose(connection, "duty-3", lost)
            routing = routing_of(connection, category="safety", community=None, now=now())
        street = next(each for each in routing.ladder if each.tier is Tier.STREET)
        assert (street.code, street.passed_over) == ("street-general", ("street-safety",))


class TestTheDutyRoster:
    def owner(self, store: Store) -> tuple[str, Tier, Role]:
        with store.read() as connection:
            found = reception(connection, channel="web", now=now()).on_duty
        return found.unit, found.tier, found.role

    def test_is_changed_by_day(self, store: Store) -> None:
        with store.write() as connection:
            change_unit(connection, "duty-1", "street-general", now=now())
            change_duty(connection, channel="web", weekdays=range(7), username="duty-1", now=now())
            assert {row[2] for row in duty_roster(connection) if row[0] == "web"} == {"duty-1"}
        assert self.owner(store) == ("street-general", Tier.STREET, Role.DUTY_OFFICER)
        with store.write() as connection:
            change_duty(connection, channel="web", weekdays=range(7), username=None, now=now())
        assert self.owner(store) == ("street", Tier.STREET, Role.DUTY_OFFICER)

    def test_passes_over_who_is_away_without_a_deputy(self, store: Store) -> None:
        with store.write() as connection:
            change_unit(connection, "duty-1", "street-general", now=now())
            change_duty(connection, channel="web", weekdays=range(7), username="duty-1", now=now())
            leave_post(connection, "duty-1", until=now() + WEEK, deputy=None, now=now())
        assert self.owner(store)[0] == "street"

    @pytest.mark.parametrize("lost", ["left", "moved", "away"])
    def test_passes_over_who_is_away_and_whose_deputy_is_lost(self, store: Store, lost: str) -> None:
        with store.write() as connection:
            for username in ("duty-1", "duty-2"):
                change_unit(connection, username, "street-general", now=now())
            change_duty(connection, channel="web", weekdays=range(7), username="duty-1", now=now())
            leave_post(connection, "duty-1", until=now() + WEEK, deputy="duty-2", now=now())
        assert self.owner(store)[0] == "street-general"
        with store.write() as connection:
            lose(connection, "duty-2", lost)
        assert self.owner(store)[0] == "street"

    def test_passes_over_who_is_no_duty_officer_any_more(self, store: Store) -> None:
        with store.write() as connection:
            change_unit(connection, "duty-1", "street-general", now=now())
            change_duty(connection, channel="web", weekdays=range(7), username="duty-1", now=now())
            set_roles(connection, "duty-1", [Role.UNIT_HANDLER])
        assert self.owner(store)[0] == "street"

    def test_names_duty_officers_only(self, store: Store) -> None:
        with pytest.raises(UnknownStaff, match="duty_officer"), store.write() as connection:
            change_duty(connection, channel="web", weekdays=[0], username="desk-1", now=now())
