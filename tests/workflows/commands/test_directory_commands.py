"""`dingdan routing` and `dingdan unit`, as an operator runs them."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from domain.office.directory_file import HEADINGS
from tests.support.commands import dingdan
from tests.support.office import Office
from tests.workflows.commands.test_operators_commands import flat

SOURCE = ("--source", "街办发2026年第1号")


async def exported(office: Office, folder: Path, *arguments: str) -> str:
    code, said = await dingdan(office, "routing", "export", str(folder), *arguments)
    assert code == 0, said
    return str(folder)


def edit(folder: Path, table: str, before: str, after: str) -> None:
    file = folder / f"{table}.csv"
    content = file.read_text(encoding="utf-8-sig")
    assert before in content
    file.write_text(content.replace(before, after), encoding="utf-8-sig")


class TestAMove:
    @pytest.mark.parametrize(
        ("arguments", "reason", "exit_code"),
        [
            (("communty-03", "community-04", "--reason", "合并"), "there is no unit 'communty-03'; see: ", 1),
            (("community-03", "communty-04", "--reason", "合并"), "there is no open unit 'communty-04'", 1),
            (
                ("community-03", "community-04", "--reason", " "),
                "a reason has 1 to 500 visible characters",
                2,
            ),
        ],
    )
    async def test_that_is_wrong_moves_and_audits_nothing(
        self, office: Office, arguments: tuple[str, ...], reason: str, exit_code: int
    ) -> None:
        office.take()
        for dry_run in ((), ("--dry-run",)):
            code, said = await dingdan(office, "unit", "move", *arguments, *dry_run)
            assert (code, reason in said) == (exit_code, True), said
        assert office.rows("SELECT * FROM audit WHERE act = 'orders_moved'") == []
        assert office.rows("SELECT * FROM decision") == []


class TestATable:
    async def test_that_is_older_than_what_is_in_force_is_not_loaded(
        self, office: Office, tmp_path: Path
    ) -> None:
        old, new = tmp_path / "old", tmp_path / "new"
        await exported(office, old)
        await exported(office, new)
        edit(new, "categories", "noise,噪音扰民", "noise,噪声扰民")
        assert (await dingdan(office, "routing", "load", str(new), *SOURCE))[0] == 0

        edit(old, "routes", "S2,street,noise,,street-urban-management", "S2,street,noise,,street-peace")
        stale = "was made from version 0, but version 1 is in force"
        code, said = await dingdan(office, "routing", "check", str(old))
        assert (code, stale in said) == (1, True)
        assert "categories.csv\tnoise\tchanged\tlabel: 噪声扰民 -> 噪音扰民" in said.splitlines()
        code, said = await dingdan(office, "routing", "load", str(old), *SOURCE)
        assert (code, stale in said, "--replace" in said) == (1, True, True)
        assert len((await dingdan(office, "routing", "versions"))[1].splitlines()) == 1

        code, said = await dingdan(office, "routing", "load", str(old), *SOURCE, "--replace")
        assert (code, "version 2 is in force" in said) == (0, True)

    async def test_may_be_edited_and_loaded_from_the_same_folder_again(
        self, office: Office, tmp_path: Path
    ) -> None:
        folder = await exported(office, tmp_path / "directory")
        for label in ("噪声", "噪音"):
            edit(tmp_path / "directory", "categories", "noise,噪", "noise,噪噪")
            edit(tmp_path / "directory", "categories", "noise,噪噪", f"noise,{label}噪")
            code, said = await dingdan(office, "routing", "load", folder, *SOURCE)
            assert code == 0, said
        code, said = await dingdan(office, "routing", "load", folder, *SOURCE)
        assert (code, "already" in said) == (0, True)

    async def test_without_its_version_is_not_loaded_unless_one_says_so(
        self, office: Office, tmp_path: Path
    ) -> None:
        folder = await exported(office, tmp_path / "directory")
        (tmp_path / "directory" / "version.txt").unlink()
        edit(tmp_path / "directory", "categories", "noise,噪音扰民", "noise,噪声扰民")
        code, said = await dingdan(office, "routing", "load", folder, *SOURCE)
        assert (code, "version.txt is missing" in said, "--replace" in said) == (1, True, True)
        assert (await dingdan(office, "routing", "load", folder, *SOURCE, "--replace"))[0] == 0
        (tmp_path / "directory" / "version.txt").write_text("one\n")
        assert "version.txt holds no version number" in (await dingdan(office, "routing", "check", folder))[1]

    async def test_is_in_force_though_its_folder_cannot_say_so(self, office: Office, tmp_path: Path) -> None:
        folder = await exported(office, tmp_path / "directory")
        edit(tmp_path / "directory", "categories", "noise,噪音扰民", "noise,噪声扰民")
        (tmp_path / "directory" / "version.txt").unlink()
        (tmp_path / "directory" / "version.txt").symlink_to(tmp_path / "nowhere" / "version.txt")
        code, said = await dingdan(office, "routing", "load", folder, *SOURCE, "--replace")
        assert (code, "version 1 is in force" in said) == (0, True)
        assert "version.txt cannot be written; export again before the next change" in said

    async def test_is_compared_row_by_row(self, office: Office, tmp_path: Path) -> None:
        folder = await exported(office, tmp_path / "directory")
        edit(
            tmp_path / "directory",
            "categories",
            "consultation,政策咨询,,general,street,0,",
            "consultation,政策咨询,,general,street,0,yes",
        )
        edit(
            tmp_path / "directory",
            "routes",
            "S2,street,noise,,street-urban-management",
            "S2x,street,noise,,street-noise",
        )
        edit(
            tmp_path / "directory",
            "units",
            "street-general,",
            "street-noise,噪声办,street,street,,\nstreet-general,",
        )
        expected = [
            "units.csv\tstreet-noise\tadded",
            "categories.csv\tconsultation\tclosed",
            "routes.csv\tS2\tremoved",
            "routes.csv\tS2x\tadded",
            "street-noise has no staff in post, so orders skip it; add people: dingdan user add",
        ]
        for command in (("check", folder), ("load", folder, *SOURCE, "--dry-run"), ("load", folder, *SOURCE)):
            code, said = await dingdan(office, "routing", *command)
            assert (code, [line for line in said.splitlines() if line in expected]) == (0, expected)
        edit(tmp_path / "directory", "categories", ",0,yes", ",0,")
        _, said = await dingdan(office, "routing", "check", folder)
        assert "categories.csv\tconsultation\treopened" in said.splitlines()

    async def test_warns_of_names_that_people_take_for_one_another(
        self, office: Office, tmp_path: Path
    ) -> None:
        folder = await exported(office, tmp_path / "directory")
        edit(tmp_path / "directory", "categories", "noise,噪音扰民", "noise,政策咨询")
        warns = "categories.csv: noise, consultation have the same label, '政策咨询'"
        for command in (("check", folder), ("load", folder, *SOURCE)):
            code, said = await dingdan(office, "routing", *command)
            assert (code, sum(line.startswith(warns) for line in said.splitlines())) == (0, 1), said

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (
                b"name\xff,x",
                "is neither UTF-8 nor GB18030 (GBK, ANSI); in Excel or WPS save it as 'CSV UTF-8'",
            ),
            ("编号".encode("utf-16"), "was saved as UTF-16 ('Unicode text'); in Excel or WPS save it as"),
        ],
    )
    async def test_in_another_encoding_says_how_to_save_it(
        self, office: Office, tmp_path: Path, content: bytes, reason: str
    ) -> None:
        folder = await exported(office, tmp_path / "directory")
        (tmp_path / "directory" / "units.csv").write_bytes(content)
        code, said = await dingdan(office, "routing", "check", folder)
        assert (code, reason in said, "export" in said) == (1, True, False), said

    async def test_may_be_saved_as_gb18030(self, office: Office, tmp_path: Path) -> None:
        folder = await exported(office, tmp_path / "directory")
        edit(tmp_path / "directory", "categories", "noise,噪音扰民", "noise,噪声扰民")
        file = tmp_path / "directory" / "categories.csv"
        file.write_bytes(file.read_text(encoding="utf-8-sig").encode("gb18030"))
        code, said = await dingdan(office, "routing", "load", folder, *SOURCE)
        assert (code, said.splitlines()[:2]) == (
            0,
            [
                f"{file} was read as GB18030 (GBK, ANSI); check that its words are right",
                "categories.csv\tnoise\tchanged\tlabel: 噪音扰民 -> 噪声扰民",
            ],
        )

    async def test_with_too_long_a_number_is_refused(self, office: Office, tmp_path: Path) -> None:
        folder = await exported(office, tmp_path / "directory")
        edit(tmp_path / "directory", "categories", "street,0,", f"street,{'9' * 5000},")
        code, said = await dingdan(office, "routing", "check", folder)
        assert (code, "evidence must be a number of attachments" in said) == (1, True)


TEAM = "T1,leader-1,,street-safety,community-01 community-02,2021-03-01,"


def edit_teams(folder: Path, *rows: str) -> None:
    heading = ",".join(HEADINGS["teams"])
    (folder / "teams.csv").write_text("\n".join([heading, *rows, ""]), encoding="utf-8")


class TestATeam:
    async def test_is_loaded_shown_exported_and_taken_back(self, office: Office, tmp_path: Path) -> None:
        folder = await exported(office, tmp_path / "directory")
        over = "T0,leader-1,,street-peace,community-01,2020-01-01,2021-02-28"
        later = "T2,leader-1,,street-peace,community-03,2199-01-01,"
        edit_teams(tmp_path / "directory", over, TEAM, later)
        without = f"without a team today: {', '.join(f'community-{number:02}' for number in range(3, 13))}"
        for command in (("check", folder), ("load", folder, *SOURCE)):
            code, said = await dingdan(office, "routing", *command)
            assert (code, "teams.csv\tT1\tadded" in said.splitlines()) == (0, True), said
            assert without in said.splitlines()
        assert "3 team(s)" in said

        _, said = await dingdan(office, "routing", "show")
        shown = (
            "T1\tteam\tleader-1\tdeputy: nobody\tstreet-safety\tcommunity-01 community-02\tfrom 2021-03-01"
        )
        assert said.splitlines()[-4:] == [
            "T0\tteam\tleader-1\tdeputy: nobody\tstreet-peace\tcommunity-01\tfrom 2020-01-01 to 2021-02-28\tover",
            shown,
            "T2\tteam\tleader-1\tdeputy: nobody\tstreet-peace\tcommunity-03\tfrom 2199-01-01\tto come",
            without,
        ]
        _, said = await dingdan(office, "routing", "show", "--community", "community-02")
        assert said.splitlines()[-1] == shown
        _, said = await dingdan(office, "routing", "show", "--community", "community-03")
        assert "\tteam\t" not in said

        again = await exported(office, tmp_path / "again")
        assert (tmp_path / "again" / "teams.csv").read_text(encoding="utf-8-sig").splitlines()[2] == TEAM
        assert "already" in (await dingdan(office, "routing", "load", again, *SOURCE))[1]
        back = await exported(office, tmp_path / "back", "--version", "0")
        code, said = await dingdan(office, "routing", "load", back, *SOURCE, "--replace")
        assert (code, "teams.csv\tT1\tremoved" in said.splitlines(), "0 team(s)" in said) == (0, True, True)

    async def test_stays_without_its_table_and_goes_with_an_empty_one(
        self, office: Office, tmp_path: Path
    ) -> None:
        folder = await exported(office, tmp_path / "directory")
        edit_teams(tmp_path / "directory", TEAM)
        assert (await dingdan(office, "routing", "load", folder, *SOURCE))[0] == 0
        (tmp_path / "directory" / "teams.csv").unlink()
        edit(tmp_path / "directory", "categories", "noise,噪音扰民", "noise,噪声扰民")
        code, said = await dingdan(office, "routing", "load", folder, *SOURCE)
        assert (code, "1 team(s)" in said) == (0, True), said
        assert "there is no file teams.csv: the teams in force stay" in said.splitlines()
        edit_teams(tmp_path / "directory")
        code, said = await dingdan(office, "routing", "load", folder, *SOURCE)
        assert (code, "0 team(s)" in said, "there is no file" in said) == (0, True, False), said

    async def test_of_somebody_who_may_not_lead_one_is_refused(self, office: Office, tmp_path: Path) -> None:
        folder = await exported(office, tmp_path / "directory")
        edit_teams(tmp_path / "directory", TEAM.replace("leader-1,", "leader-1,desk-1", 1))
        reason = "teams T1: the deputy desk-1 does not have the role street_leader"
        for command in (("check", folder), ("load", folder, *SOURCE)):
            code, said = await dingdan(office, "routing", *command)
            assert (code, reason in said) == (1, True), said
        assert (await dingdan(office, "routing", "versions"))[1] == ""


class TestAFolder:
    async def test_that_is_not_there_is_named(self, office: Office, tmp_path: Path) -> None:
        code, said = await dingdan(office, "routing", "check", str(tmp_path / "nowhere"))
        assert (code, "there is no file " in said, "nowhere/units.csv" in said, "version.txt" in said) == (
            1,
            True,
            True,
            False,
        )
        (tmp_path / "units.csv").mkdir()
        code, said = await dingdan(office, "routing", "check", str(tmp_path))
        assert (code, "units.csv cannot be read: it is a folder" in said) == (1, True)

    @pytest.mark.parametrize("name", ["units.csv", "units.csv/below", "/proc/dingdan"])
    async def test_that_cannot_be_written_is_named(self, office: Office, tmp_path: Path, name: str) -> None:
        (tmp_path / "units.csv").touch()
        code, said = await dingdan(office, "routing", "export", str(tmp_path / name))
        assert (code, "cannot be written" in said, "name another one" in said) == (1, True, True), said
        assert "Traceback" not in said


class TestWhatIsTyped:
    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (("routing", "load", "nowhere", "--source", " "), "1 to 200"),
            (("routing", "load", "nowhere", "--source", "长" * 201), "1 to 200"),
            (("routing", "check", "nowhere", "--days", "99999999"), "--days"),
        ],
    )
    async def test_wrong_is_refused(self, office: Office, arguments: tuple[str, ...], reason: str) -> None:
        code, said = await dingdan(office, *arguments)
        assert (code, reason in flat(said)) == (2, True), said

    async def test_is_explained(self, office: Office) -> None:
        _, said = await dingdan(office, "routing", "load", "--help")
        for table, columns in HEADINGS.items():
            assert f"{table}.csv: {','.join(columns)}" in flat(said)


class TestAPost:
    async def test_in_which_nobody_is_is_shown(self, office: Office) -> None:
        with office.store.write() as connection:
            connection.execute(text("UPDATE staff SET active = false WHERE unit LIKE 'street-%'"))
        _, said = await dingdan(
            office, "routing", "show", "--category", "noise", "--community", "community-03"
        )
        assert "street\tno staff in post" in said.splitlines()
        _, said = await dingdan(office, "routing", "show")
        assert "no unit of the tier street has staff in post" in said.splitlines()
        assert "tier community" not in said


class TestTheAudit:
    async def test_holds_who_loaded(self, office: Office, tmp_path: Path) -> None:
        folder = await exported(office, tmp_path / "directory")
        edit(tmp_path / "directory", "categories", "noise,噪音扰民", "noise,噪声扰民")
        await dingdan(office, "routing", "load", folder, *SOURCE, "--as", "administrator-1")
        (row,) = office.rows("SELECT actor, data FROM audit WHERE act = 'directory_loaded'")
        assert (row["actor"], json.loads(row["data"])) == ("administrator-1", {"version": 1})
