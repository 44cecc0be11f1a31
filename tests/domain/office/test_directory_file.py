"""The directory as tables: they are right as a whole, or refused with every wrong line."""

from dataclasses import replace
from datetime import date

import pytest

from domain.office.directory import Route
from domain.office.directory_file import (
    WrongDirectoryFiles,
    changed_rows,
    look_alikes,
    read_directory,
    why_stale,
    write_directory,
)
from domain.office.first_directory import FIRST
from domain.office.words import Tier
from tests.support.teams import a_team, with_teams

TABLES = write_directory(FIRST)


def reading(**tables: str) -> None:
    read_directory({**TABLES, **tables}, before=FIRST)


class TestTheTables:
    def test_hold_the_whole_directory(self) -> None:
        why = Route(
            rule="S2x", tier=Tier.STREET, community="community-07", unit="street-peace", why='据"三定",第3条'
        )
        ended = a_team(
            code="T2", deputy="leader-2", communities=("community-03",), valid_to=date(2021, 12, 31)
        )
        given = replace(FIRST, routes=(*FIRST.routes, why), teams=(a_team(), ended))
        read = read_directory(write_directory(given), before=FIRST)
        assert read == replace(given, version=1)

    def test_have_names_of_one_line_with_letters_younger_than_python(self) -> None:
        units = TABLES["units"] + 'x,"\u202d和平\r\n\U0002ebf0村\u202c",street,street,,\n'
        read = read_directory({**TABLES, "units": units}, before=FIRST)
        assert read.units["x"].name == "和平 \U0002ebf0村"

    def test_may_begin_with_the_mark_of_a_spreadsheet_and_hold_empty_lines(self) -> None:
        read_directory({name: "\ufeff" + text + "\n,,\n" for name, text in TABLES.items()}, before=FIRST)


class TestTheTableOfTeams:
    @pytest.mark.parametrize(
        "row",
        [
            "T1,leader-1,,street-safety,community-01 community-02,2021-03-01,",
            "T1,leader-1,,street-safety,community-01; community-02;,2021/3/1,",
            "T1, leader-1 ,,street-safety,community-01\uff1bcommunity-02,2021-3-1,",
        ],
    )
    def test_may_be_written_as_spreadsheets_and_people_do(self, row: str) -> None:
        read = read_directory({**TABLES, "teams": TABLES["teams"] + row + "\n"}, before=FIRST)
        assert read.teams == (a_team(),)

    def test_that_is_absent_lets_the_teams_in_force_stay(self) -> None:
        tables = {table: text for table, text in TABLES.items() if table != "teams"}
        assert read_directory(tables, before=with_teams(a_team())).teams == (a_team(),)

    def test_that_holds_its_heading_alone_takes_all_teams_away(self) -> None:
        assert read_directory(TABLES, before=with_teams(a_team())).teams == ()

    def test_that_is_absent_is_judged_by_the_other_tables(self) -> None:
        tables = {table: text for table, text in TABLES.items() if table != "teams"}
        closing = "community-01,community-01,community,street,,"
        tables["units"] = tables["units"].replace(closing, f"{closing}community-02")
        with pytest.raises(WrongDirectoryFiles, match=r"teams\.csv: T1 there is no open community"):
            read_directory(tables, before=with_teams(a_team()))


_TEAM = "T1,leader-1,,street-safety,community-01,2021-03-01,"
WRONG = [
    ("units", "code,name\n", "units.csv line 1: the heading must be code,name,tier,parent,liaison,successor"),
    ("units", TABLES["units"] + "x\n", "units.csv line 33: it has 1 cells instead of 6"),
    ("units", TABLES["units"] + "a b,x,street,street,,\n", "line 33: code must be letters"),
    ("units", TABLES["units"] + "x,,street,street,,\n", "line 33: name must be a text"),
    ("units", TABLES["units"] + "x,\u3164\u200b,street,street,,\n", "line 33: name must be a text"),
    ("categories", TABLES["categories"] + "x,\u2800,noise,,,,\n", "line 20: label must be a text"),
    ("categories", TABLES["categories"] + "x,某,noise,,,10,\n", "evidence is a number from 0 to 9"),
    ("units", TABLES["units"] + "x,某,moon,street,,\n", "line 33: tier must be one of: community, street"),
    ("units", TABLES["units"] + "x,某,street,street,ja,\n", "line 33: liaison must be yes or empty"),
    (
        "units",
        TABLES["units"] + "community-03,某,community,street,,\n",
        "line 33: community-03 is on line 6",
    ),
    ("units", TABLES["units"] + "x,某,street,moon,,\n", "line 33: x there is no parent 'moon'"),
    ("units", TABLES["units"] + '"x', "units.csv line 33: "),
    ("categories", TABLES["categories"] + "x,某,noise,,,many,\n", "line 20: evidence must be a number"),
    ("categories", TABLES["categories"] + f"x,某,noise,,,{'9' * 5000},\n", "line 20: evidence must be a num"),
    ("categories", TABLES["categories"] + "x,某,noise,,,\u0663,\n", "line 20: evidence must be a n"),
    ("categories", TABLES["categories"] + "x,某,noise,slow,,,\n", "line 20: class must be one of: urgent"),
    ("categories", TABLES["categories"] + "x,某,noise,,,,no\n", "line 20: closed must be yes or empty"),
    ("categories", TABLES["categories"].replace("noise,", "sound,"), "categories.csv: noise is missing"),
    (
        "routes",
        TABLES["routes"] + "X,street,noise,,street-safety," + "长" * 201 + "\n",
        "why is longer than 200",
    ),
    (
        "routes",
        TABLES["routes"] + "X,street,noise,,street-safety,\n",
        "routes.csv line 37: X overlaps rule S2",
    ),
    ("teams", "", "teams.csv line 1: the heading must be code,leader,deputy,department,communities,valid_fr"),
    (
        "teams",
        f"{TABLES['teams']},leader-1,,street-safety,community-01,2021-03-01,\n",
        "line 2: code must be",
    ),
    ("teams", f"{TABLES['teams']}{_TEAM}\n{_TEAM}\n", "teams.csv line 3: T1 is on line 2 already"),
    ("teams", f"{TABLES['teams']}{_TEAM.replace('leader-1', '')}\n", "line 2: T1 it has no leader: name one"),
    (
        "teams",
        f"{TABLES['teams']}{_TEAM.replace('2021-03-01', '')}\n",
        "teams.csv line 2: T1 has no valid_from: name its first day",
    ),
    *(
        ("teams", f"{TABLES['teams']}{_TEAM}{day}\n", "line 2: valid_to must be a day like 2026-12-01")
        for day in ("soon", "2021-02-30", "2021-3/1", "1999-12-31", "2200-01-01", "2021-03-01T09:00")
    ),
]


class TestAWrongLine:
    @pytest.mark.parametrize(("table", "text", "reason"), WRONG, ids=[reason for _, _, reason in WRONG])
    def test_is_named(self, table: str, text: str, reason: str) -> None:
        with pytest.raises(WrongDirectoryFiles) as refused:
            reading(**{table: text})
        assert reason in str(refused.value)

    def test_is_one_of_a_list_that_stays_short(self) -> None:
        rows = "".join(f"x{number},某,moon,street,,\n" for number in range(30))
        with pytest.raises(WrongDirectoryFiles, match="and 10 more"):
            reading(units=TABLES["units"] + rows)


class TestTwoDirectories:
    @pytest.mark.parametrize(
        ("table", "before", "after", "said"),
        [
            ("units", "\ncommunity-01,", "\nx,某,street,street,,\ncommunity-01,", ["units.csv\tx\tadded"]),
            (
                "units",
                "community-03,community-03,community,street,,\n",
                "community-03,某社区,community,street,,community-04\n",
                [
                    "units.csv\tcommunity-03\tclosed\tname: community-03 -> 某社区; successor: - -> community-04"
                ],
            ),
            (
                "categories",
                "consultation,政策咨询,,general,street,0,\n",
                "consultation,政策咨询,,general,street,0,yes\n",
                ["categories.csv\tconsultation\tclosed"],
            ),
            (
                "categories",
                "noise,噪音扰民,,general,",
                "noise,噪音扰民,,urgent,",
                ["categories.csv\tnoise\tchanged\tclass: general -> urgent"],
            ),
            (
                "routes",
                "S2,street,noise,,",
                "S2x,street,noise,,",
                ["routes.csv\tS2\tremoved", "routes.csv\tS2x\tadded"],
            ),
            ("teams", "valid_to\n", f"valid_to\n{_TEAM}\n", ["teams.csv\tT1\tadded"]),
        ],
    )
    def test_are_compared_row_by_row(self, table: str, before: str, after: str, said: list[str]) -> None:
        assert before in TABLES[table]
        given = read_directory({**TABLES, table: TABLES[table].replace(before, after)}, before=FIRST)
        assert [str(each) for each in changed_rows(FIRST, given)] == said
        assert changed_rows(given, given) == []

    def test_say_which_part_of_a_team_is_another(self) -> None:
        before, after = (with_teams(a_team(valid_to=day)) for day in (None, date(2021, 8, 31)))
        assert [str(each) for each in changed_rows(before, after)] == [
            "teams.csv\tT1\tchanged\tvalid_to: - -> 2021-08-31"
        ]

    def test_say_what_is_open_again(self) -> None:
        closed = replace(
            FIRST, categories={**FIRST.categories, "noise": replace(FIRST.categories["noise"], closed=True)}
        )
        assert [str(each) for each in changed_rows(closed, FIRST)] == ["categories.csv\tnoise\treopened"]


class TestRows:
    @pytest.mark.parametrize(
        ("table", "rows", "said"),
        [
            (
                "units",
                "x,和平科,street,street,,\ny, 和平科 ,street,street,,\n",
                ["units.csv: x, y have the same name, '和平科': people cannot tell them apart"],
            ),
            (
                "units",
                "x,和平科A,street,street,,\ny,和平科ａ,street,street,,\n",
                ["units.csv: x, y have the same name, '和平科A': people cannot tell them apart"],
            ),
            (
                "units",
                "x,和平科,street,street,,\nX,平安科,street,street,,\n",
                ["units.csv: x, X differ by capital letters only: they are 2 units"],
            ),
            (
                "units",
                "x,和平科,street,street,,\ny,和平科,street,street,,x\n",
                [],
            ),
            (
                "categories",
                "x,噪音扰民,noise,,,,\n",
                ["categories.csv: noise, x have the same label, '噪音扰民': people cannot tell them apart"],
            ),
            ("categories", "x,噪音扰民,noise,,,,yes\n", []),
            (
                "categories",
                "Noise,夜间噪音,noise,,,,\n",
                ["categories.csv: noise, Noise differ by capital letters only: they are 2 categories"],
            ),
            (
                "categories",
                "Noise,夜间噪音,noise,,,,yes\n",
                ["categories.csv: noise, Noise differ by capital letters only: they are 2 categories"],
            ),
            (
                "routes",
                "s2,street,noise,community-03,street-safety,\n",
                ["routes.csv: S2, s2 differ by capital letters only: they are 2 routes"],
            ),
            (
                "teams",
                f"{_TEAM}\n{_TEAM.replace('T1', 't1').replace('-01', '-02', 1)}\n",
                ["teams.csv: T1, t1 differ by capital letters only: they are 2 teams"],
            ),
            ("units", "", []),
        ],
    )
    def test_that_people_may_take_for_one_another_are_named_and_read(
        self, table: str, rows: str, said: list[str]
    ) -> None:
        read = read_directory({**TABLES, table: TABLES[table] + rows}, before=FIRST)
        assert look_alikes(read) == said


class TestTheVersionOfATable:
    @pytest.mark.parametrize(
        ("version", "said"),
        [
            ("7\n", None),
            (" 7 ", None),
            (None, "version.txt is missing"),
            ("", "version.txt holds no version number"),
            ("seven", "version.txt holds no version number"),
            ("9" * 5000, "version.txt holds no version number"),
            ("6\n", "made from version 6, but version 7 is in force"),
            ("8\n", "made from version 8, but version 7 is in force"),
        ],
    )
    def test_is_the_one_in_force_or_the_table_is_stale(self, version: str | None, said: str | None) -> None:
        why = why_stale(version, in_force=7)
        assert why is None if said is None else said in str(why)
