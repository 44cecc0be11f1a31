"""`dingdan user` and `dingdan duty`, as an operator runs them."""

import json

import pytest
from sqlalchemy import text

from domain.signin.accounts import PROFILES, wrong_password
from runtime.passwords import Passwords
from store.database import Store
from store.migrating import migrate
from store.signin.accounts import begin_enrolment, count_failure, find_account, locked_since_failures
from tests.support.commands import dingdan
from tests.support.machine.databases import Databases
from tests.support.office import Office, now
from tests.support.reorganised import MERGED, loaded
from tests.support.teams import a_team, with_teams
from tests.workflows.commands.test_operators_commands import flat

UNTIL = ("--until", "2030-01-02T09:00")


def audited(office: Office) -> list[tuple[str, str, str, dict[str, object]]]:
    return [
        (row["actor"], row["via"], row["act"], json.loads(row["data"]))
        for row in office.rows("SELECT actor, via, act, data FROM audit ORDER BY id")
    ]


class TestSomebodyWhoGoes:
    async def test_is_told_to_leave_nobody_uncovered(self, office: Office) -> None:
        await dingdan(office, "user", "away", "leader-1", *UNTIL, "--deputy", "desk-1")
        code, said = await dingdan(office, "user", "leave", "desk-1")
        assert (code, said.splitlines()[0]) == (0, "desk-1 has left; 0 token(s) revoked")
        assert (
            "leader-1 is away and has no deputy now; see: dingdan user away leader-1 --deputy …"
            in said.splitlines()
        )

    @pytest.mark.parametrize(
        "arguments",
        [
            ("away", "street-safety-handler", *UNTIL),
            ("move", "street-safety-handler", "street-peace"),
            ("leave", "street-safety-handler"),
            ("role", "street-safety-handler", "auditor"),
        ],
        ids=lambda arguments: arguments[0],
    )
    async def test_leaves_a_post_and_its_open_tasks_by_name(
        self, office: Office, arguments: tuple[str, ...]
    ) -> None:
        office.take()
        with office.store.write() as connection:
            connection.execute(text("UPDATE task SET unit = 'street-safety', role = 'unit_handler'"))
        code, said = await dingdan(office, "user", *arguments)
        assert code == 0
        assert "street-safety has no unit_handler in post now; open tasks: 1" in said.splitlines()

    @pytest.mark.parametrize(
        "arguments",
        [
            ("away", "duty-1", *UNTIL),
            ("move", "duty-1", "street-peace"),
            ("leave", "duty-1"),
            ("role", "duty-1", "street_desk"),
        ],
        ids=lambda arguments: arguments[0],
    )
    async def test_is_at_no_task_any_more(self, office: Office, arguments: tuple[str, ...]) -> None:
        office.take()
        with office.store.write() as connection:
            connection.execute(text("UPDATE task SET holder = 'duty-1'"))
        assert (await dingdan(office, "user", *arguments))[0] == 0
        assert office.rows("SELECT holder FROM task") == [{"holder": None}]

    async def test_leaves_days_on_duty(self, office: Office) -> None:
        _, said = await dingdan(office, "user", "away", "duty-1", *UNTIL, "--deputy", "duty-2")
        assert "roster" not in said
        _, said = await dingdan(office, "user", "move", "duty-1", "street-general")
        assert "web on mon, thu, sun: the roster still names duty-1; see: dingdan duty set web" in said

    async def test_leaves_a_team_by_name(self, office: Office) -> None:
        loaded(office.store, with_teams(a_team(), directory=MERGED))
        _, said = await dingdan(office, "user", "away", "leader-1", *UNTIL)
        assert "team" not in said
        _, said = await dingdan(office, "user", "leave", "leader-1")
        assert (
            "the team T1 still names leader-1; name another person in teams.csv: dingdan routing export"
            in said.splitlines()
        )


class TestSomebodyKnown:
    MEMBER = ("user", "add", "desk-1", "--name", "潘序（虚构）", "--unit", "street", "--role", "street_desk")

    async def test_is_not_added_again(self, office: Office) -> None:
        assert await dingdan(office, *self.MEMBER) == (
            0,
            "desk-1 exists already, with the same name, unit and roles\n",
        )
        before = office.rows("SELECT * FROM staff_role WHERE username = 'desk-1'")
        other = ("--name", "另一人", "--unit", "street-safety", "--role", "unit_handler")
        code, said = await dingdan(office, "user", "add", "desk-1", *other)
        assert (code, said) == (
            1,
            (
                "dingdan: desk-1 exists already, with another name, the unit street, the roles street_desk; "
                "nothing was changed; see: dingdan user move, dingdan user role\n"
            ),
        )
        assert office.rows("SELECT * FROM staff_role WHERE username = 'desk-1'") == before

    async def test_is_given_other_roles(self, office: Office) -> None:
        code, said = await dingdan(office, "user", "role", "desk-1", "call_back_officer", "street_desk")
        assert (code, said) == (0, "desk-1 of street now has: street_desk, call_back_officer\n")
        code, said = await dingdan(office, "user", "role", "desk-1", "king")
        assert (code, "there is no role 'king'; known: community_worker" in flat(said)) == (2, True)
        assert (await dingdan(office, "user", "role", "nobody", "auditor"))[0] == 1
        _, said = await dingdan(office, "user", "list")
        assert "desk-1\tstreet\tcall_back_officer,street_desk\t潘序（虚构）" in said.splitlines()

    async def test_comes_back_without_tokens(self, office: Office) -> None:
        assert (await dingdan(office, "user", "return", "desk-1"))[0] == 1
        await dingdan(office, "user", "token", "desk-1")
        assert (await dingdan(office, "user", "leave", "desk-1"))[1].startswith(
            "desk-1 has left; 1 token(s) revoked\n"
        )
        code, said = await dingdan(office, *self.MEMBER)
        assert (code, "desk-1 has left; see: dingdan user return desk-1" in said) == (1, True)
        assert await dingdan(office, "user", "return", "desk-1", "--unit", "street-peace") == (
            0,
            (
                "the role street_desk has nothing to decide in street-peace, of the tier street\n"
                "desk-1 is back in street-peace as street_desk; make a token with: dingdan user token desk-1\n"
            ),
        )
        (ended,) = office.rows("SELECT count(*) AS alive FROM credential WHERE revoked_at IS NULL")
        assert ended["alive"] == 0

    async def test_of_a_closed_unit_comes_back_to_another(self, office: Office) -> None:
        await dingdan(office, "user", "leave", "community-03-worker")
        loaded(office.store)
        code, said = await dingdan(office, "user", "return", "community-03-worker")
        assert (code, "there is no open unit 'community-03'" in flat(said), "--unit" in said) == (
            2,
            True,
            True,
        )

    async def test_is_listed_with_name_absence_and_deputy(self, office: Office) -> None:
        await dingdan(office, "user", "away", "leader-1", *UNTIL, "--deputy", "desk-1")
        await dingdan(office, "user", "away", "desk-2", *UNTIL)
        _, said = await dingdan(office, "user", "list")
        assert {
            "leader-1\tstreet\tstreet_leader\t严正（虚构）\taway until 2030-01-02T09:00:00+08:00, deputy: desk-1",
            "desk-1\tstreet\tstreet_desk,street_leader\t潘序（虚构）",
            "desk-2\tstreet\tstreet_desk\t石头（虚构）\taway until 2030-01-02T09:00:00+08:00, deputy: nobody",
        } <= set(said.splitlines())


class TestARole:
    @pytest.mark.parametrize(
        ("unit", "role"), [("community-03", "unit_handler"), ("street-safety", "community_worker")]
    )
    async def test_that_has_no_work_in_a_unit_is_named(self, office: Office, unit: str, role: str) -> None:
        code, said = await dingdan(
            office, "user", "add", "chen", "--name", "陈某", "--unit", unit, "--role", role
        )
        tier = unit.split("-", maxsplit=1)[0]
        assert code == 0
        assert f"the role {role} has nothing to decide in {unit}, of the tier {tier}" == said.splitlines()[0]

    async def test_is_listed_in_the_help(self, office: Office) -> None:
        assert "call_back_officer" in flat((await dingdan(office, "user", "add", "--help"))[1])


class TestTheAudit:
    async def test_holds_what_was_done_to_staff_and_by_whom(self, office: Office) -> None:
        by = ("--as", "administrator-1")
        member = ("--name", "陈某", "--unit", "street-safety", "--role", "unit_handler")
        for arguments in (
            ("user", "add", "chen", *member),
            ("user", "add", "chen", *member),
            ("user", "role", "chen", "unit_head"),
            ("user", "move", "chen", "street-peace"),
            ("user", "away", "chen", "--until", "2030-01-02"),
            ("user", "back", "chen"),
            ("user", "leave", "chen"),
            ("user", "return", "chen"),
            ("duty", "set", "web", "--nobody", "--day", "sat"),
        ):
            assert (await dingdan(office, *arguments, *by))[0] == 0, arguments
        assert [each[:3] for each in audited(office)] == [
            ("administrator-1", "operator", act)
            for act in (
                "staff_added",
                "staff_roles_set",
                "staff_moved",
                "staff_away",
                "staff_back",
                "staff_left",
                "staff_returned",
                "duty_set",
            )
        ]
        assert audited(office)[0][3] == {
            "username": "chen",
            "unit": "street-safety",
            "roles": ["unit_handler"],
        }
        assert "陈某" not in str(audited(office))
        await dingdan(office, "user", "leave", "chen")
        assert audited(office)[-1][0] == "operator"


class TestAnInstallation:
    async def test_without_units_asks_for_its_setup(self, office: Office, databases: Databases) -> None:
        address = databases.empty()
        store = Store(address)
        migrate(store.engine)
        store.close()
        member = ("chen", "--name", "陈某", "--unit", "street-safety", "--role", "unit_handler")
        code, said = await dingdan(office, "user", "add", *member, database=address)
        assert (code, said) == (1, "dingdan: the store has no units yet; run: dingdan setup\n")


class TestWhatIsTyped:
    def people(self, office: Office) -> list[object]:
        return [
            office.rows("SELECT * FROM staff"),
            office.rows("SELECT * FROM staff_role"),
            office.rows("SELECT * FROM roster"),
            office.rows("SELECT * FROM office_hold"),
            office.rows("SELECT * FROM audit"),
        ]

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (
                ("user", "add", "Chen", "--name", "陈", "--unit", "street", "--role", "auditor"),
                "small letters",
            ),
            (("user", "add", "chen", "--name", " ", "--unit", "street", "--role", "auditor"), "1 to 50"),
            (("user", "leave", "desk-1", "--as", "x" * 65), "1 to 64"),
            (("user", "away", "desk-1", "--until", "soon"), "write a day like 2026-12-01"),
            (("user", "away", "desk-1", "--until", "9999-12-31T23:59-08:00"), "of the years 2000 to 2199"),
            (("hold", "--reason", "storm", "--until", "20301201"), "2026-12-01T09:00"),
            (("duty", "set", "web"), "name a duty officer, or say --nobody"),
            (("duty", "set", "web", "duty-1", "--nobody"), "name a duty officer, or say --nobody"),
        ],
    )
    async def test_wrong_is_refused_with_what_to_write(
        self, office: Office, arguments: tuple[str, ...], reason: str
    ) -> None:
        before = self.people(office)
        code, said = await dingdan(office, *arguments)
        assert (code, reason in flat(said)) == (2, True), said
        assert self.people(office) == before

    @pytest.mark.parametrize(
        "arguments",
        [
            ("add", "chen", "--name", "陈", "--unit", "street", "--role", "auditor", "--role", "street_desk"),
            ("role", "desk-1", "street_desk", "administrator"),
            ("away", "desk-1", *UNTIL, "--deputy", "auditor-1"),
        ],
        ids=lambda arguments: arguments[0],
    )
    async def test_that_unites_roles_which_stand_alone_changes_nothing(
        self, office: Office, arguments: tuple[str, ...]
    ) -> None:
        before = self.people(office)
        code, said = await dingdan(office, "user", *arguments)
        assert (code, "goes with no other role" in flat(said)) == (1, True), said
        assert self.people(office) == before

    @pytest.mark.parametrize(
        "arguments",
        [
            ("user", "add", "chen", "--name", "\udcb3\udcc2", "--unit", "street", "--role", "auditor"),
            ("unit", "move", "community-03", "community-04", "--reason", "\udcb3\udcc2"),
            ("routing", "check", "\udcb3\udcc2"),
        ],
        ids=lambda arguments: arguments[0],
    )
    async def test_in_another_encoding_is_refused(self, office: Office, arguments: tuple[str, ...]) -> None:
        code, said = await dingdan(office, *arguments)
        assert (code, said) == (
            1,
            "dingdan: the arguments are not UTF-8 text: set the terminal to UTF-8, and try again\n",
        )

    @pytest.mark.parametrize(
        ("until", "instant"),
        [
            ("2030-01-02", "2030-01-02T00:00:00+08:00"),
            ("2030-01-02T09:00", "2030-01-02T09:00:00+08:00"),
            ("2030-01-02T09:00+09:00", "2030-01-02T08:00:00+08:00"),
        ],
    )
    async def test_as_an_instant_is_shown_in_the_offices_time(
        self, office: Office, until: str, instant: str
    ) -> None:
        code, said = await dingdan(office, "user", "away", "leader-1", "--until", until)
        assert (code, said.splitlines()[0]) == (0, f"leader-1 is away until {instant}; deputy: nobody")
        assert "2026-12-01T09:00" in flat((await dingdan(office, "user", "away", "--help"))[1])


class TestAHold:
    async def test_is_typed_and_shown_in_the_offices_time(self, office: Office) -> None:
        code, said = await dingdan(office, "hold", "--reason", "storm", "--until", "2030-12-01")
        until = "until 2030-12-01T00:00:00+08:00"
        assert (code, said) == (0, f"clocks are held {until}; 0 open order(s) are told\n")
        _, said = await dingdan(office, "hold")
        assert f"{until}: storm" in said


class TestAPassword:
    async def test_is_shown_once_and_has_to_be_changed(self, office: Office) -> None:
        code, said = await dingdan(office, "user", "password", "desk-1")
        assert code == 0
        with office.store.read() as connection:
            account = find_account(connection, "desk-1")
        assert account is not None
        assert account.must_change
        assert await Passwords().matches(account.password_hash, said.strip())
        assert wrong_password(said.strip(), PROFILES["mlps"], username="desk-1") is None
        assert wrong_password(said.strip(), PROFILES["asvs"], username="desk-1") is None
        assert said.strip() not in str(audited(office))
        assert ("operator", "staff", "password_set", {"username": "desk-1"}) in audited(office)

    async def test_is_for_who_is_there(self, office: Office) -> None:
        code, said = await dingdan(office, "user", "password", "nobody")
        assert code == 2
        assert "there is no active member of staff 'nobody'" in flat(said)

    async def test_opens_a_name_that_was_locked(self, office: Office) -> None:
        secret = "k" * 40
        with office.store.write() as connection:
            for _ in range(5):
                count_failure(connection, "desk-1", profile=PROFILES["mlps"], secret=secret, now=now())
            assert locked_since_failures(connection, "desk-1", secret=secret, now=now())
        await dingdan(office, "user", "password", "desk-1")
        with office.store.read() as connection:
            assert locked_since_failures(connection, "desk-1", secret=secret, now=now()) is None


class TestASecondFactor:
    async def test_that_is_lost_is_removed(self, office: Office) -> None:
        await dingdan(office, "user", "password", "leader-1")
        with office.store.write() as connection:
            begin_enrolment(connection, "leader-1", secret="x" * 32)
        _, said = await dingdan(office, "user", "second-factor", "leader-1")
        assert said.strip() == "leader-1 has no second factor any more"
        _, said = await dingdan(office, "user", "second-factor", "leader-1")
        assert said.strip() == "leader-1 has no second factor and had none"
