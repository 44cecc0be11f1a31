"""Reading a year's days: the file is right as a whole, or refused with every wrong line."""

import re
from datetime import date, timedelta

import pytest
from chinese_calendar.constants import Holiday, holidays, workdays

from domain.calendar.calendar_file import (
    WrongCalendarFile,
    differing_days,
    read_year,
    refuse_implausible,
    write_year,
)
from domain.calendar.workdays import DayKind, NamedDay

RIGHT = """date,kind,name
2027-01-01,off,元旦
2027-05-01,off,劳动节
2027-10-01,off,国庆节
2027-10-09,work,国庆节
"""


class TestAFile:
    @pytest.mark.parametrize("text", [RIGHT, "\ufeff" + RIGHT, RIGHT.replace("\n", "\r\n"), RIGHT + "\n,,\n"])
    def test_is_read(self, text: str) -> None:
        days = read_year(text, year=2027)
        assert len(days) == 4
        assert days[-1] == NamedDay(day=date(2027, 10, 9), kind=DayKind.WORK, name="国庆节")

    @pytest.mark.parametrize(
        ("case", "text", "said"),
        [
            ("empty", "", "line 1: the heading must be date,kind,name"),
            ("another heading", "day,kind,name\n", "line 1"),
            (
                "another year",
                RIGHT.replace("2027-05-01", "2026-05-01"),
                (
                    "line 3: 2026-05-01 is not a day of 2027: move the line to the table of 2026 "
                    r"\(dingdan calendar export 2026 FILE\) and load that: dingdan calendar load FILE --year 2026 "
                ),
            ),
            (
                "the year after",
                RIGHT.replace("2027-10-09", "2028-01-01"),
                (
                    "line 5: 2028-01-01 is not a day of 2027: keep the line for the table of 2028, to be loaded with "
                    "that year's notice: dingdan calendar load FILE --year 2028 "
                ),
            ),
            (
                "a year far away",
                RIGHT.replace("2027-05-01", "2072-05-01"),
                "line 3: 2072-05-01 is not a day of 2027$",
            ),
            (
                "no date",
                RIGHT.replace("2027-05-01", "1 May"),
                "line 3: date must be like 2027-01-01, not '1 May'$",
            ),
            ("a day that does not exist", RIGHT.replace("2027-05-01", "2027-02-29"), "line 3: date"),
            ("a date without separators", RIGHT.replace("2027-05-01", "20270501"), "line 3: date must be"),
            ("a date by its week", RIGHT.replace("2027-05-01", "2027-W17-6"), "line 3: date must be"),
            ("a date of two kinds", RIGHT.replace("2027-05-01", "2027/5-1"), "line 3: date must be"),
            ("a short year", RIGHT.replace("2027-05-01", "27/5/1"), "line 3: date must be"),
            (
                "no kind",
                RIGHT.replace("off,劳", "holiday,劳"),
                "line 3: kind must be off or work, not 'holiday'$",
            ),
            (
                "neither",
                RIGHT.replace("2027-05-01,off", "x,y"),
                "line 3: date must be .*, not 'x', and kind must be",
            ),
            ("a make-up Friday", RIGHT.replace("2027-10-09", "2027-10-08"), "line 5: 2027-10-08 is a Friday"),
            ("one day twice", RIGHT + "2027-10-01,work,国庆节\n", "line 6: "),
            ("too few cells", RIGHT + "2027-10-02,off\n", "line 6: it has 2 cells"),
            ("a name that nobody sees", RIGHT + "2027-10-02,off,\u3164\u200b\n", "line 6: the name"),
            ("too long a name", RIGHT + f"2027-10-02,off,{'长' * 51}\n", "line 6: the name"),
            ("no name", RIGHT + "2027-10-02,off,\n", "line 6: the name"),
            ("an open quotation", RIGHT + '2027-10-02,off,"国\n', "line 6: "),
            (
                "half a notice",
                RIGHT.replace("2027-10-01,off,国庆节\n", ""),
                r"2027-10-01 \(国庆节\) is not off",
            ),
        ],
    )
    def test_that_is_wrong_is_refused_with_line_and_reason(self, case: str, text: str, said: str) -> None:
        with pytest.raises(WrongCalendarFile) as refused:
            read_year(text, year=2027)
        assert re.search(said, str(refused.value)), (case, str(refused.value))

    def test_names_every_wrong_line_up_to_a_bound(self) -> None:
        with pytest.raises(WrongCalendarFile) as refused:
            read_year("date,kind,name\n" + "x,y,z\n" * 100, year=2027, file="2027.csv")
        lines = str(refused.value).splitlines()
        assert [each.split(": ")[0] for each in lines[:-1]] == [f"2027.csv line {no}" for no in range(2, 22)]
        assert lines[-1] == "and 80 more"

    @pytest.mark.parametrize("written", ["2027/10/9", "2027/10/09", "2027-10-9"])
    def test_may_hold_dates_as_a_spreadsheet_writes_them(self, written: str) -> None:
        text = RIGHT.replace("2027-10-09", written).replace("2027-01-01", "2027/1/1")
        assert read_year(text, year=2027) == read_year(RIGHT, year=2027)

    def test_may_have_names_with_letters_younger_than_python(self) -> None:
        (*_, named) = read_year(RIGHT + "2027-10-02,off,\u202d\U0002ebf0\U0003158e节\u202c\n", year=2027)
        assert named.name == "\U0002ebf0\U0003158e节"

    def test_is_written_as_it_is_read(self) -> None:
        days = [*read_year(RIGHT, year=2027), off("2027-10-02", '国庆节, "黄金周"')]
        assert read_year(write_year(days), year=2027) == sorted(days, key=lambda each: each.day)


def off(day: str, name: str) -> NamedDay:
    return NamedDay(day=date.fromisoformat(day), kind=DayKind.OFF, name=name)


def announced(year: int) -> list[NamedDay]:
    """Return a year's days as the State Council announced them."""
    return [
        NamedDay(day=day, kind=kind, name=Holiday(name).chinese)
        for kind, days in ((DayKind.OFF, holidays), (DayKind.WORK, workdays))
        for day, name in days.items()
        if day.year == year
    ]


def run_of(first: str, length: int) -> list[NamedDay]:
    return [off(str(date.fromisoformat(first) + timedelta(days=day)), "春节") for day in range(length)]


class TestAYear:
    @pytest.mark.parametrize("year", range(2008, 2027))
    def test_that_was_announced_is_plausible(self, year: int) -> None:
        refuse_implausible(announced(year), year=year)

    @pytest.mark.parametrize("year", range(2018, 2027))
    def test_is_plausible_without_its_weekends_too(self, year: int) -> None:
        days = [each for each in announced(year) if each.kind is DayKind.WORK or each.day.weekday() < 5]
        refuse_implausible(days, year=year)

    @pytest.mark.parametrize(
        ("case", "days", "said"),
        [
            ("three lines", read_year(RIGHT, year=2027), "3 days off; notices have 15 to 45"),
            ("every day off", run_of("2026-01-01", 365), "365 days off; notices have 15 to 45"),
            (
                "a very long festival",
                [each for each in announced(2026) if "春节" not in each.name] + run_of("2026-02-09", 13),
                "nobody works from 2026-02-07 to 2026-02-22: that is longer than 12 days",
            ),
            (
                "no make-up days",
                [each for each in announced(2026) if each.kind is DayKind.OFF],
                "no make-up workday",
            ),
            *(
                (
                    f"no {name}",
                    [each for each in announced(2026) if name not in each.name],
                    f"{name} is missing",
                )
                for name in ("元旦", "春节", "清明", "劳动", "端午", "中秋", "国庆")
            ),
        ],
    )
    def test_that_is_like_none_before_is_refused_unless_one_says_so(
        self, case: str, days: list[NamedDay], said: str
    ) -> None:
        with pytest.raises(WrongCalendarFile) as refused:
            refuse_implausible(days, year=days[0].day.year, file="a.csv")
        lines = str(refused.value).splitlines()
        assert any(line.startswith("a.csv: ") and said in line for line in lines), (case, lines)
        assert lines[-1] == "if the notice really says so, load it with --unusual"


class TestTwoYears:
    def test_differ_by_days(self) -> None:
        before = [off("2027-01-01", "元旦"), off("2027-01-02", "元旦"), off("2027-10-01", "国庆节")]
        after = [off("2027-01-01", "元旦"), off("2027-01-02", "新年"), off("2027-10-02", "国庆节")]
        assert differing_days(before, after) == [
            "- 2027-01-02,off,元旦",
            "+ 2027-01-02,off,新年",
            "- 2027-10-01,off,国庆节",
            "+ 2027-10-02,off,国庆节",
        ]
        assert differing_days(after, after) == []
