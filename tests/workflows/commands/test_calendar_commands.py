"""`dingdan calendar`, as an operator runs it."""

import json
from pathlib import Path

import pytest

from tests.support.commands import dingdan
from tests.support.office import Office
from tests.workflows.commands.test_operators_commands import flat

THREE_LINES = "date,kind,name\n2026-01-01,off,元旦\n2026-05-01,off,劳动节\n2026-10-01,off,国庆节\n"
SOURCE = ("--source", "国务院办公厅, 2025-11-04")


def load(file: Path, *arguments: str) -> tuple[str, ...]:
    return ("calendar", "load", str(file), "--year", "2026", *(arguments or SOURCE))


class TestAYear:
    async def test_is_exported_edited_and_loaded(self, office: Office, tmp_path: Path) -> None:
        file = tmp_path / "2026.csv"
        code, said = await dingdan(office, "calendar", "export", "2026", str(file))
        assert (code, said) == (
            0,
            (
                f"2026, version 1, is in {file}: 39 days; edit it, then: dingdan calendar load {file} "
                "--year 2026 --source … --dry-run\n"
            ),
        )
        code, said = await dingdan(office, "calendar", "export", "2026", str(file))
        assert (code, "would be replaced; add --overwrite" in flat(said)) == (2, True)
        assert (await dingdan(office, *load(file)))[1] == (
            "the calendar of 2026 is already in force with these days\n"
        )
        text = file.read_text(encoding="utf-8-sig")
        file.write_text(text.replace("2026-10-10,work,国庆节", "2026/10/11,work,国庆节"), encoding="utf-8")
        differs = ["- 2026-10-10,work,国庆节", "+ 2026-10-11,work,国庆节"]
        for arguments, ends in (
            ((*SOURCE, "--dry-run"), "version 2 would be in force; nothing was loaded"),
            (SOURCE, "0 order(s) calculate their dates again"),
        ):
            code, said = await dingdan(office, *load(file, *arguments))
            assert (code, said.splitlines()[:2], said.splitlines()[-1]) == (0, differs, ends)

    async def test_that_is_implausible_stays_out_unless_one_says_so(
        self, office: Office, tmp_path: Path
    ) -> None:
        file = tmp_path / "2026.csv"
        file.write_text(THREE_LINES, encoding="utf-8")
        before = office.rows("SELECT * FROM calendar_year")
        code, said = await dingdan(office, *load(file))
        assert code == 1
        assert said.splitlines()[0] == "dingdan: 2026.csv: 3 days off; notices have 15 to 45"
        assert "2026.csv: 春节 is missing" in said
        assert said.splitlines()[-1].endswith("--unusual")
        assert office.rows("SELECT * FROM calendar_year") == before
        assert (await dingdan(office, *load(file, *SOURCE, "--unusual")))[0] == 0

    @pytest.mark.parametrize(
        ("content", "code", "reason"),
        [
            (THREE_LINES.encode("utf-16"), 1, "2026.csv was saved as UTF-16"),
            (THREE_LINES.replace("off,劳", "on,劳").encode(), 1, "2026.csv line 3: kind must be off or work"),
            (None, 1, "there is no file "),
        ],
    )
    async def test_that_is_wrong_names_the_file(
        self, office: Office, tmp_path: Path, content: bytes | None, code: int, reason: str
    ) -> None:
        if content is not None:
            (tmp_path / "2026.csv").write_bytes(content)
        ended, said = await dingdan(office, *load(tmp_path / "2026.csv"))
        assert (ended, reason in said) == (code, True), said

    async def test_may_be_a_table_in_gb18030(self, office: Office, tmp_path: Path) -> None:
        file = tmp_path / "2026.csv"
        await dingdan(office, "calendar", "export", "2026", str(file))
        table = file.read_text(encoding="utf-8-sig").replace("2026-10-10,work,", "2026-10-11,work,调休")
        file.write_bytes(table.encode("gb18030"))
        code, said = await dingdan(office, *load(file))
        assert (code, said.splitlines()[:3]) == (
            0,
            [
                f"{file} was read as GB18030 (GBK, ANSI); check that its words are right",
                "- 2026-10-10,work,国庆节",
                "+ 2026-10-11,work,调休国庆节",
            ],
        )
        assert "+" not in (await dingdan(office, "calendar", "load", str(file), "--year", "2026", *SOURCE))[1]
        assert "调休国庆节" in (await dingdan(office, "calendar", "show", "2026"))[1]

    async def test_needs_a_source(self, office: Office, tmp_path: Path) -> None:
        (tmp_path / "2026.csv").write_text(THREE_LINES, encoding="utf-8")
        code, said = await dingdan(office, *load(tmp_path / "2026.csv", "--source", " "))
        assert (code, "1 to 200" in flat(said)) == (2, True)

    async def test_that_is_not_loaded_cannot_be_exported(self, office: Office, tmp_path: Path) -> None:
        code, said = await dingdan(office, "calendar", "export", "2199", str(tmp_path / "a.csv"))
        assert (code, "2199 is not loaded" in flat(said)) == (2, True)
        code, said = await dingdan(office, "calendar", "export", "2026", "/proc/dingdan")
        assert (code, "cannot be written" in said) == (1, True)


class TestTheHours:
    async def test_are_compared_without_being_loaded(self, office: Office, tmp_path: Path) -> None:
        _, usual = await dingdan(office, "calendar", "hours")
        table = tmp_path / "hours.csv"
        table.write_text(usual.replace("fri,14:00,18:00", "fri,14:00,17:00"), encoding="utf-8")
        code, said = await dingdan(office, "calendar", "hours", str(table), *SOURCE, "--dry-run")
        assert (code, said.splitlines()) == (
            0,
            ["- fri,14:00,18:00", "+ fri,14:00,17:00", "nothing was loaded"],
        )
        assert office.rows("SELECT * FROM office_hours") == []
        table.write_text("day,opens,closes\nmon,9,12:00\n", encoding="utf-8")
        code, said = await dingdan(office, "calendar", "hours", str(table), *SOURCE)
        assert (code, said) == (1, "dingdan: hours.csv line 2: opens must be like 09:00, not '9'\n")


class TestTheAudit:
    async def test_holds_what_was_loaded_and_by_whom(self, office: Office, tmp_path: Path) -> None:
        file, hours = tmp_path / "2026.csv", tmp_path / "hours.csv"
        file.write_text(THREE_LINES, encoding="utf-8")
        by = ("--as", "administrator-1")
        await dingdan(office, *load(file, *SOURCE, "--unusual", "--dry-run", *by))
        assert (await dingdan(office, *load(file, *SOURCE, "--unusual", *by)))[0] == 0
        _, usual = await dingdan(office, "calendar", "hours")
        hours.write_text(usual.replace("fri,14:00,18:00", "fri,14:00,17:00"), encoding="utf-8")
        await dingdan(office, "calendar", "hours", str(hours), *SOURCE, "--dry-run", *by)
        assert (await dingdan(office, "calendar", "hours", str(hours), *SOURCE, *by))[0] == 0
        rows = office.rows("SELECT actor, act, data FROM audit ORDER BY id")
        assert [(row["actor"], row["act"], json.loads(row["data"])) for row in rows] == [
            ("administrator-1", "calendar_loaded", {"year": 2026, "version": 2, "days": 3, "orders": 0}),
            ("administrator-1", "hours_loaded", {"version": 1}),
        ]
