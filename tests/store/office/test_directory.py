"""The directory's versions: loaded whole or not at all, never changed, and followed by the intake."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Connection, text

from demo.office import UNITS
from domain.office.directory import Route
from domain.office.first_directory import FIRST
from domain.office.teams import Team
from domain.office.words import Role, Tier
from messages.office.directory import LookUp
from store.database import Store
from store.migrating import migrate
from store.office.directory import (
    FaultyDirectory,
    UnknownVersion,
    current,
    find_version,
    load,
    look_up,
    named,
    routing_of,
    versions,
)
from store.office.people import StaffRow, dismiss, put_staff, put_units
from store.order.intake import UnknownCode
from tests.store.taking import take
from tests.support.machine.databases import Databases
from tests.support.office import now
from tests.support.reorganised import MERGED, loaded
from tests.support.teams import a_team, with_teams


class TestAVersion:
    def test_is_the_first_one_until_another_is_loaded(self, store: Store) -> None:
        with store.read() as connection:
            assert current(connection) == FIRST
            assert versions(connection) == []
        loaded(store)
        with store.read() as connection:
            assert current(connection).version == 1
            assert current(connection).routes == MERGED.routes
            assert find_version(connection, 0) == FIRST
            assert [(each.version, each.source) for each in versions(connection)] == [
                (1, "街办发2026年第1号")
            ]
            with pytest.raises(UnknownVersion, match="version 2"):
                find_version(connection, 2)

    def test_is_loaded_once(self, store: Store) -> None:
        loaded(store)
        with store.write() as connection:
            again = load(connection, named(connection, MERGED), source="b", loaded_by="b", now=now())
            assert again is None
            assert len(versions(connection)) == 1

    def test_with_a_fault_changes_nothing(self, store: Store) -> None:
        faulty = replace(FIRST, routes=(*FIRST.routes, Route(rule="X", tier=Tier.STREET, unit="nobody")))
        with (
            pytest.raises(FaultyDirectory, match="there is no open unit 'nobody'"),
            store.write() as connection,
        ):
            load(connection, faulty, source="a", loaded_by="a", now=now())
        with store.read() as connection:
            assert current(connection) == FIRST

    def test_stands_as_it_was_loaded_whatever_comes_after(self, store: Store) -> None:
        loaded(store)
        with store.write() as connection:
            later = replace(MERGED, routes=FIRST.routes)
            second = load(connection, named(connection, later), source="b", loaded_by="b", now=now())
            assert second is not None
            assert (second.version, find_version(connection, 1).routes) == (2, MERGED.routes)

    def test_is_written_to_the_audit(self, store: Store) -> None:
        loaded(store)
        with store.read() as connection:
            rows = connection.execute(text("SELECT actor, act FROM audit ORDER BY id DESC")).all()
        assert rows[0] == ("administrator-1", "directory_loaded")


class TestATeam:
    def test_is_kept_with_its_version(self, store: Store) -> None:
        team = a_team(valid_to=date(2199, 12, 31), communities=("community-04",))
        loaded(store, with_teams(team, directory=MERGED))
        with store.read() as connection:
            assert current(connection).version == 1
            assert current(connection).teams == (team,)

    @pytest.mark.parametrize(
        ("team", "reason"),
        [
            (a_team(leader="nobody"), "the leader nobody is not a member of staff"),
            (a_team(deputy="nobody"), "the deputy nobody is not a member of staff"),
            (a_team(leader="desk-1"), "the leader desk-1 does not have the role street_leader"),
            (a_team(deputy="desk-1"), "the deputy desk-1 does not have the role street_leader"),
            (a_team(leader="leader-4"), "the leader leader-4 belongs to the unit street-safety, not street"),
            (a_team(leader="leader-3"), "the leader leader-3 has left"),
            (a_team(leader="leader-3", valid_from=date(2199, 1, 1)), "the leader leader-3 has left"),
            (
                a_team(leader="nobody", valid_to=date(2021, 3, 1)),
                "the leader nobody is not a member of staff",
            ),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_of_somebody_who_may_not_lead_one_changes_nothing(
        self, store: Store, team: Team, reason: str
    ) -> None:
        with store.write() as connection:
            _add_leaders(connection)
            given = named(connection, with_teams(a_team(code="T0", communities=("community-05",)), team))
        with pytest.raises(FaultyDirectory) as refused, store.write() as connection:
            load(connection, given, source="a", loaded_by="a", now=now())
        (fault,) = refused.value.faults
        assert (fault.table, fault.key) == ("teams", "T1")
        assert reason in fault.reason
        with store.read() as connection:
            assert current(connection) == FIRST

    def test_that_is_over_may_have_been_led_by_somebody_who_has_left(self, store: Store) -> None:
        with store.write() as connection:
            _add_leaders(connection)
            ended = with_teams(a_team(leader="leader-3", valid_to=date(2021, 3, 1)))
            assert (
                load(connection, named(connection, ended), source="a", loaded_by="a", now=now()) is not None
            )

    def test_is_taken_back_with_the_version_before(self, store: Store) -> None:
        with store.write() as connection:
            for directory, teams in ((with_teams(a_team()), (a_team(),)), (FIRST, ())):
                given = named(connection, directory)
                assert load(connection, given, source="a", loaded_by="a", now=now()) is not None
                assert current(connection).teams == teams
            assert find_version(connection, 1).teams == (a_team(),)


def _add_leaders(connection: Connection) -> None:
    """Add a leader in another unit, and a leader who has left."""
    for username, unit in (("leader-4", "street-safety"), ("leader-3", "street")):
        row = StaffRow(username=username, name="某人（虚构）", unit=unit, roles=(Role.STREET_LEADER,))
        put_staff(connection, [row])
    dismiss(connection, "leader-3", now=now())


class TestAUnit:
    def test_is_called_by_its_code_until_it_is_named(self, databases: Databases) -> None:
        store = Store(databases.empty())
        migrate(store.engine)
        units = list(FIRST.units.values())
        with store.write() as connection:
            put_units(connection, units)
            assert set(named(connection, FIRST).units.values()) == set(units)
            put_units(connection, [*UNITS])
            put_units(connection, units)
            names = {each.code: each.name for each in named(connection, FIRST).units.values()}
        assert names == {each.code: each.name for each in UNITS}
        store.close()

    def test_takes_name_and_place_of_the_version_in_force(self, store: Store) -> None:
        loaded(store)
        with store.read() as connection:
            row = connection.execute(text("SELECT name, parent FROM unit WHERE code = 'street-safety'")).one()
        assert row == ("安全办（示例）", "street")


class TestRouting:
    def test_names_units_passed_over_because_nobody_is_in_post(self, store: Store) -> None:
        with store.write() as connection:
            connection.execute(text("UPDATE staff SET active = false WHERE unit = 'street-urban-management'"))
            routing = routing_of(connection, category="noise", community="community-03", now=now())
        street = next(each for each in routing.ladder if each.tier is Tier.STREET)
        assert (street.code, street.rule) == ("street-general", "S0")
        assert street.passed_over == ("street-urban-management",)

    def test_finds_a_bureau_by_the_streets_liaison(self, store: Store) -> None:
        with store.write() as connection:
            bureau = routing_of(connection, category="planning", community=None, now=now()).ladder[-1]
            assert (bureau.code, bureau.by_liaison, bureau.passed_over) == ("district-planning", True, ())
            connection.execute(text("UPDATE staff SET active = false WHERE username = 'liaison-1'"))
            vacant = routing_of(connection, category="planning", community=None, now=now()).ladder[-1]
        assert (vacant.code, vacant.passed_over) == ("district-general", ("district-planning",))

    def test_follows_a_closed_unit(self, store: Store) -> None:
        loaded(store)
        with store.read() as connection:
            routing = routing_of(
                connection, category=None, community="community-03", unit="community-03", now=now()
            )
        assert routing.version == 1
        assert routing.lead is not None
        assert {routing.lead.code, routing.first.code} == {"community-04"}

    def test_vouches_for_open_codes_only(self, store: Store) -> None:
        loaded(store)
        asked = LookUp(
            units=("community-03", "community-04", "street", "nobody"), categories=("noise", "nonsense")
        )
        with store.read() as connection:
            vouched = look_up(connection, asked)
        assert [each.code for each in vouched.units] == ["community-04"]
        assert vouched.categories == ("noise",)


class TestAnOrder:
    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"community": "community-03"}, "place.community"),
            ({"community": "community-99"}, "place.community"),
            ({"category": "consultation"}, "category"),
            ({"category": "witchcraft"}, "category"),
        ],
    )
    def test_of_a_closed_or_unknown_code_is_refused_with_the_valid_ones(
        self, store: Store, body: dict[str, str], field: str
    ) -> None:
        loaded(store)
        with pytest.raises(UnknownCode) as refused:
            take(store, **{"community": "community-04", **body})
        assert refused.value.field == field
        assert ("community-04" if field == "place.community" else "noise") in str(refused.value)
        assert next(iter(body.values())) not in str(refused.value)

    def test_carries_what_the_directory_says_of_it(self, store: Store) -> None:
        loaded(store)
        routing = take(store, category="noise", community="community-04").routing
        assert routing is not None
        assert (routing.version, routing.first.code) == (1, "community-04")
        assert [each.rule for each in routing.ladder] == ["C0", "S2x", "D2"]
