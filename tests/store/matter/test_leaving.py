"""What a person leaves behind: posts with open tasks, absences without a deputy, days on duty, teams."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, text

from domain.office.words import Role
from store.database import Store
from store.matter.leaving import LeftBehind, left_behind
from store.office.people import StaffRow, change_duty, change_unit, dismiss, leave_post, put_staff, set_roles
from tests.store.taking import take
from tests.support.office import now
from tests.support.reorganised import MERGED, loaded
from tests.support.teams import a_team, with_teams

WEEK = timedelta(days=7)


def behind(connection: Connection, username: str, unit: str, *roles: Role) -> LeftBehind:
    return left_behind(connection, username, unit=unit, roles=roles, now=now())


class TestADeputyWhoGoes:
    @pytest.mark.parametrize("way", ["left", "moved", "away"])
    def test_leaves_the_absent_one_uncovered(self, store: Store, way: str) -> None:
        with store.write() as connection:
            for absent in ("leader-1", "desk-1"):
                leave_post(connection, absent, until=now() + WEEK, deputy="desk-2", now=now())
            assert behind(connection, "desk-2", "street", Role.STREET_DESK).uncovered == ()
            if way == "left":
                dismiss(connection, "desk-2", now=now())
            elif way == "moved":
                change_unit(connection, "desk-2", "street-peace", now=now())
            else:
                leave_post(connection, "desk-2", until=now() + WEEK, deputy=None, now=now())
            found = behind(connection, "desk-2", "street", Role.STREET_DESK)
        assert found.uncovered == ("desk-1", "leader-1")
        assert found.posts == {Role.STREET_DESK: 0}


class TestAPost:
    @pytest.mark.parametrize(
        ("gone", "unit", "role", "posts"),
        [
            (["street-safety-handler"], "street-safety", "unit_handler", {Role.UNIT_HANDLER: 1}),
            # The head may decide the handlers' tasks.
            (["street-livelihood-handler"], "street-livelihood", "unit_handler", {}),
            (
                ["street-livelihood-handler", "street-livelihood-head"],
                "street-livelihood",
                "unit_handler",
                {Role.UNIT_HANDLER: 1, Role.UNIT_HEAD: 0},
            ),
            (["desk-1"], "street", "street_desk", {}),
            # The street's liaison officer decides the tasks of a bureau without accounts.
            (["liaison-1"], "district-planning", "liaison", {Role.LIAISON: 1}),
        ],
    )
    def test_is_named_with_its_open_tasks_once_nobody_decides_them(
        self, store: Store, gone: list[str], unit: str, role: str, posts: dict[Role, int]
    ) -> None:
        take(store)
        with store.write() as connection:
            connection.execute(
                text("UPDATE task SET unit = :unit, role = :role"), {"unit": unit, "role": role}
            )
            for username in gone:
                dismiss(connection, username, now=now())
            own = "street" if role == "liaison" else unit
            roles = [Role.UNIT_HEAD] if gone[-1].endswith("head") else [Role(role)]
            assert behind(connection, gone[-1], own, *roles).posts == posts


class TestTheRoster:
    def test_names_somebody_who_does_not_answer_any_more(self, store: Store) -> None:
        with store.write() as connection:
            change_duty(connection, channel="web", weekdays=[5, 6], username="duty-1", now=now())
            connection.execute(text("DELETE FROM roster WHERE username = 'duty-1' AND channel <> 'web'"))
            before = behind(connection, "duty-1", "street", Role.DUTY_OFFICER)
            change_unit(connection, "duty-1", "street-general", now=now())
            after = behind(connection, "duty-1", "street", Role.DUTY_OFFICER)
        assert before.on_duty == ()
        assert after.on_duty == (("web", 0), ("web", 3), ("web", 5), ("web", 6))


class TestATeam:
    @pytest.mark.parametrize("way", ["left", "moved", "another role"])
    @pytest.mark.parametrize("username", ["leader-1", "leader-2"])
    def test_in_force_or_to_come_names_a_leader_or_deputy_who_may_not_lead_any_more(
        self, store: Store, username: str, way: str
    ) -> None:
        with store.write() as connection:
            for each in ("leader-2", "leader-3"):
                row = StaffRow(username=each, name="某人（虚构）", unit="street", roles=(Role.STREET_LEADER,))
                put_staff(connection, [row])
        in_force = a_team(deputy="leader-2", valid_to=now().date() + WEEK)
        to_come = replace(in_force, code="T2", valid_from=now().date() + 2 * WEEK, valid_to=None)
        over = a_team(code="T3", deputy="leader-2", communities=("community-05",), valid_to=date(2021, 3, 1))
        another = a_team(code="T4", leader="leader-3", communities=("community-04",))
        loaded(store, with_teams(in_force, to_come, over, another, directory=MERGED))
        with store.write() as connection:
            before = behind(connection, username, "street", Role.STREET_LEADER)
            if way == "left":
                dismiss(connection, username, now=now())
            elif way == "moved":
                change_unit(connection, username, "street-peace", now=now())
            else:
                set_roles(connection, username, [Role.STREET_DESK])
            after = behind(connection, username, "street", Role.STREET_LEADER)
        assert (before.teams, after.teams) == ((), ("T1", "T2"))
