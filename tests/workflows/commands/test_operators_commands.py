"""`dingdan check`, `rebuild`, `setup` and `unit`, as an operator runs them."""

from pathlib import Path

import pytest
from sqlalchemy import text

from domain.office.first_directory import FIRST
from tests.support.commands import dingdan
from tests.support.machine.databases import Databases
from tests.support.office import Office


def flat(said: str) -> str:
    """Remove the box around a command's output."""
    return " ".join(said.replace("│", " ").split())


class TestCheckAndRebuild:
    async def test_find_what_is_damaged_and_mend_it(self, office: Office) -> None:
        office.policy = "standard"
        order_no = await office.dispatched()
        assert await dingdan(office, "check", "--order-no", order_no) == (
            0,
            "1 order(s) checked, 0 finding(s)\n",
        )
        with office.store.write() as connection:
            connection.execute(text("UPDATE matter SET stage = 'dispatch'"))
        code, said = await dingdan(office, "check", "--order-no", order_no)
        assert (code, said.splitlines()[0]) == (
            1,
            f"{order_no}: its rows differ from its history in stage; run: dingdan rebuild {order_no}",
        )
        code, said = await dingdan(office, "rebuild", order_no, "--dry-run")
        assert (code, office.order(order_no)["stage"]) == (0, "dispatch")
        code, said = await dingdan(office, "rebuild", "--all")
        assert (code, office.order(order_no)["stage"]) == (0, "handling")
        assert said.rstrip().endswith("rows that differed: 1 in matter")
        code, said = await dingdan(office, "rebuild", order_no)
        assert said.rstrip().endswith("step(s), whole")

    async def test_show_no_more_than_is_asked_for_and_say_so(self, office: Office) -> None:
        named = [word for _ in range(3) for word in ("--order-no", office.take().order_no)]
        code, said = await dingdan(office, "check", *named, "--limit", "2")
        found, stopped = said.splitlines()[:-1], said.splitlines()[-1]
        assert (code, len(found)) == (1, 2)
        assert stopped == "stopped at 2 findings; there may be more: --limit"
        code, said = await dingdan(office, "check", *named, "--limit", "4")
        assert (code, said.splitlines()[-1]) == (1, "3 order(s) checked, 3 finding(s)")

    async def test_change_nothing_when_they_cannot_go_on(self, office: Office) -> None:
        code, said = await dingdan(office, "rebuild", "20200101-ABSENT")
        assert (code, "Temporal has no history of it" in said) == (1, True)
        code, said = await dingdan(office, "rebuild")
        assert (code, "name the orders, or say --all" in said) == (2, True)
        code, said = await dingdan(office, "check", address="127.0.0.1:9")
        assert (code, "nothing can be compared: no Temporal server answers" in said) == (2, True)


class TestTheUnits:
    async def test_of_a_new_installation_are_there_for_its_staff(
        self, office: Office, databases: Databases
    ) -> None:
        empty = databases.empty()
        for _ in range(2):
            code, said = await dingdan(office, "setup", database=empty)
            assert (code, "every unit of the directory is in the store" in said) == (0, True)
        code, said = await dingdan(office, "unit", "list", database=empty)
        units = {line.split("\t")[0]: line.split("\t")[1:] for line in said.splitlines()}
        assert set(FIRST.handling_units) < set(units)
        assert units["district"] == ["district", "-", "district"]
        assert units["street-safety"] == ["street", "street", "street-safety"]
        member = ("member-1", "--name", "某人", "--unit", "street-safety", "--role", "unit_handler")
        code, said = await dingdan(office, "user", "add", *member, database=empty)
        assert (code, said.split(" ")[0]) == (0, "member-1")


class TestTheDirectory:
    async def test_is_edited_as_three_tables_checked_and_loaded_whole(
        self, office: Office, tmp_path: Path
    ) -> None:
        office.take(community="community-05", requester={})
        folder = str(tmp_path / "directory")
        assert (await dingdan(office, "routing", "export", folder))[0] == 0
        assert (await dingdan(office, "routing", "export", folder))[0] == 2
        routes = tmp_path / "directory" / "routes.csv"
        right = routes.read_text(encoding="utf-8")
        load = ("routing", "load", folder, "--source", "街办发2026年第1号")

        routes.write_text(right.replace("S2,street,noise,,street-urban-management", "S2,street,nois,,nobody"))
        code, said = await dingdan(office, *load)
        assert code == 1
        assert "routes.csv line 3: S2 there is no open category 'nois'" in said
        assert "routes.csv line 3: S2 there is no open unit 'nobody' that handles orders" in said

        routes.write_text(
            right.replace("S2,street,noise,,street-urban-management", "S2,street,noise,,street-peace")
        )
        code, said = await dingdan(office, "routing", "check", folder)
        assert (code, said.splitlines()) == (
            0,
            [
                "routes.csv\tS2\tchanged\tunit: street-urban-management -> street-peace",
                "noise in community-05\t1 order(s)\tstreet\tstreet-urban-management (S2) -> street-peace (S2)",
                "nothing is wrong; 1 of 1 past order(s) would go elsewhere; nothing was loaded",
            ],
        )
        assert "version 1 would be in force" in (await dingdan(office, *load, "--dry-run"))[1]
        assert (await dingdan(office, "routing", "versions")) == (0, "")
        assert "version 1 is in force: 29 open units" in (await dingdan(office, *load))[1]
        assert "already" in (await dingdan(office, *load))[1]
        code, said = await dingdan(
            office, "routing", "show", "--category", "noise", "--community", "community-05"
        )
        assert said.splitlines()[:2] == ["community\tcommunity-05\tC0\tfirst", "street\tstreet-peace\tS2\t"]

    async def test_that_is_not_there_is_said_to_be_missing(self, office: Office, tmp_path: Path) -> None:
        code, said = await dingdan(office, "routing", "check", "nowhere")
        assert (code, "there is no file nowhere/units.csv" in said, "routing export nowhere" in said) == (
            1,
            True,
            True,
        )
        code, said = await dingdan(office, "routing", "show", "--category", "witchcraft")
        assert (code, "there is no open category 'witchcraft'" in flat(said)) == (2, True)
        code, said = await dingdan(office, "routing", "export", str(tmp_path), "--version", "7")
        assert (code, "there is no directory of version 7" in said) == (1, True)


class TestThePeople:
    async def test_are_away_stood_in_for_moved_and_dismissed(self, office: Office) -> None:
        until = "2030-01-02T09:00+08:00"
        code, said = await dingdan(office, "user", "away", "leader-1", "--until", until, "--deputy", "desk-1")
        assert (code, said) == (0, "leader-1 is away until 2030-01-02T09:00:00+08:00; deputy: desk-1\n")
        _, said = await dingdan(office, "user", "list")
        assert "desk-1\tstreet\tstreet_desk,street_leader\t潘序（虚构）" in said.splitlines()
        assert await dingdan(office, "user", "back", "leader-1") == (0, "leader-1 is back\n")
        assert (await dingdan(office, "user", "move", "desk-2", "street-safety"))[0] == 0
        assert (await dingdan(office, "user", "leave", "duty-1"))[1].startswith(
            "duty-1 has left; 0 token(s) revoked\n"
        )
        _, said = await dingdan(office, "user", "list")
        assert "desk-2\tstreet-safety\tstreet_desk\t石头（虚构）" in said.splitlines()
        assert "duty-1" not in said

    async def test_are_put_on_duty_by_channel_and_day(self, office: Office) -> None:
        code, said = await dingdan(office, "duty", "set", "web", "duty-2", "--day", "sat", "--day", "sun")
        assert (code, said) == (0, "web on sat, sun: duty-2\n")
        _, said = await dingdan(office, "duty", "show")
        assert {"web\tsat\tduty-2", "web\tsun\tduty-2"} <= set(said.splitlines())
        assert (await dingdan(office, "duty", "set", "web", "--nobody"))[1].endswith(": the office\n")
        _, said = await dingdan(office, "duty", "show")
        assert not [line for line in said.splitlines() if line.startswith("web\t")]

    @pytest.mark.parametrize(
        ("arguments", "code", "reason"),
        [
            (("user", "away", "leader-1", "--until", "2020-01-02T09:00+08:00"), 1, "in the future"),
            (("user", "away", "nobody", "--until", "2030-01-02T09:00+08:00"), 1, "see: dingdan user list"),
            (("user", "move", "leader-1", "street-99"), 2, "see: dingdan unit list"),
            (("user", "leave", "nobody"), 1, "see: dingdan user list"),
            (("duty", "set", "pigeon", "duty-1"), 2, "channels: web"),
            (("duty", "set", "web", "duty-1", "--day", "holiday"), 2, "days: mon"),
            (("duty", "set", "web", "desk-1"), 1, "does not have the role duty_officer"),
        ],
    )
    async def test_that_are_named_wrong_change_nothing(
        self, office: Office, arguments: tuple[str, ...], code: int, reason: str
    ) -> None:
        before = office.rows("SELECT * FROM staff ORDER BY username"), office.rows("SELECT * FROM roster")
        ended, said = await dingdan(office, *arguments)
        assert (ended, reason in " ".join(said.split())) == (code, True), said
        assert (
            office.rows("SELECT * FROM staff ORDER BY username"),
            office.rows("SELECT * FROM roster"),
        ) == before


class TestTheHours:
    async def test_are_shown_edited_and_loaded(self, office: Office, tmp_path: Path) -> None:
        _, usual = await dingdan(office, "calendar", "hours")
        assert usual.splitlines()[:3] == ["day,opens,closes", "mon,09:00,12:00", "mon,14:00,18:00"]
        table = tmp_path / "hours.csv"
        table.write_text(usual.replace("fri,14:00,18:00", "fri,14:00,17:00"), encoding="utf-8")
        load = ("calendar", "hours", str(table))
        assert (await dingdan(office, *load))[0] == 2
        code, said = await dingdan(office, *load, "--source", "街办通知")
        assert (code, said.splitlines()[-1]) == (
            0,
            "version 1 of the hours is in force for dates calculated from now on",
        )
        assert (await dingdan(office, *load, "--source", "街办通知"))[
            1
        ] == "these hours are already in force\n"
        table.write_text(usual.replace("fri,14:00", "fri,11:00"), encoding="utf-8")
        code, said = await dingdan(office, *load, "--source", "街办通知")
        assert (code, "the openings of fri overlap" in said) == (1, True)
