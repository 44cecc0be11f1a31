"""The directory as three tables: right as a whole, or refused with every wrong line."""

from dataclasses import replace

import pytest

from domain.directory import Route
from domain.directory_file import (
    WrongDirectoryFiles,
    changed_rows,
    read_directory,
    why_stale,
    write_directory,
)
from domain.first_directory import FIRST
from domain.orders import Tier

TABLES = write_directory(FIRST)


def reading(**tables: str) -> None:
    read_directory({**TABLES, **tables}, before=FIRST)


class TestTheTables:
    def test_hold_the_whole_directory(self) -> None:
        why = Route(
            rule="S2x", tier=Tier.STREET, community="community-07", unit="street-peace", why='据"三定",第3条'
        )
        given = replace(FIRST, routes=(*FIRST.routes, why))
        read = read_directory(write_directory(given), before=FIRST)
        assert read == replace(given, version=1)

    def test_may_begin_with_the_mark_of_a_spreadsheet_and_hold_empty_lines(self) -> None:
        read_directory({name: "\ufeff" + text + "\n,,\n" for name, text in TABLES.items()}, before=FIRST)


WRONG = [
    ("units", "code,name\n", "units.csv line 1: the heading must be code,name,tier,parent,liaison,successor"),
    ("units", TABLES["units"] + "x\n", "units.csv line 30: it has 1 cells instead of 6"),
    ("units", TABLES["units"] + "a b,x,street,street,,\n", "line 30: code must be letters"),
    ("units", TABLES["units"] + "x,,street,street,,\n", "line 30: name must be a text"),
    ("units", TABLES["units"] + "x,某,moon,street,,\n", "line 30: tier must be one of: community, street"),
    ("units", TABLES["units"] + "x,某,street,street,ja,\n", "line 30: liaison must be yes or empty"),
    (
        "units",
        TABLES["units"] + "community-03,某,community,street,,\n",
        "line 30: community-03 stands on line 6",
    ),
    ("units", TABLES["units"] + "x,某,street,moon,,\n", "line 30: x there is no parent 'moon'"),
    ("units", TABLES["units"] + '"x', "units.csv line 30: "),
    ("categories", TABLES["categories"] + "x,某,noise,,,many,\n", "line 16: evidence must be a number"),
    ("categories", TABLES["categories"] + f"x,某,noise,,,{'9' * 5000},\n", "line 16: evidence must be a num"),
    ("categories", TABLES["categories"] + "x,某,noise,,,\u0663,\n", "line 16: evidence must be a n"),
    ("categories", TABLES["categories"] + "x,某,noise,slow,,,\n", "line 16: class must be one of: urgent"),
    ("categories", TABLES["categories"] + "x,某,noise,,,,no\n", "line 16: closed must be yes or empty"),
    ("categories", TABLES["categories"].replace("noise,", "sound,"), "categories.csv: noise is missing"),
    (
        "routes",
        TABLES["routes"] + "X,street,noise,,street-safety," + "长" * 201 + "\n",
        "why is longer than 200",
    ),
    (
        "routes",
        TABLES["routes"] + "X,street,noise,,street-safety,\n",
        "routes.csv line 29: X overlaps rule S2",
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
        ],
    )
    def test_are_compared_row_by_row(self, table: str, before: str, after: str, said: list[str]) -> None:
        assert before in TABLES[table]
        given = read_directory({**TABLES, table: TABLES[table].replace(before, after)}, before=FIRST)
        assert [str(each) for each in changed_rows(FIRST, given)] == said
        assert changed_rows(given, given) == []

    def test_say_what_is_open_again(self) -> None:
        closed = replace(
            FIRST, categories={**FIRST.categories, "noise": replace(FIRST.categories["noise"], closed=True)}
        )
        assert [str(each) for each in changed_rows(closed, FIRST)] == ["categories.csv\tnoise\treopened"]


class TestTheVersionOfATable:
    @pytest.mark.parametrize(
        ("version", "said"),
        [
            ("7\n", None),
            (" 7 ", None),
            (None, "version.txt is missing"),
            ("", "version.txt holds no number"),
            ("seven", "version.txt holds no number"),
            ("9" * 5000, "version.txt holds no number"),
            ("6\n", "made from version 6, but version 7 is in force"),
            ("8\n", "made from version 8, but version 7 is in force"),
        ],
    )
    def test_is_the_one_in_force_or_the_table_is_stale(self, version: str | None, said: str | None) -> None:
        why = why_stale(version, in_force=7)
        assert why is None if said is None else said in str(why)
