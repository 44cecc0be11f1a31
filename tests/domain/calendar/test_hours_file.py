"""The office's hours as a table."""

from datetime import time

import pytest

from domain.calendar.hours_file import WrongHoursFile, differing_hours, read_hours, write_hours
from domain.calendar.workdays import END_OF_DAY, USUAL_HOURS

USUAL = write_hours(USUAL_HOURS)


class TestTheTable:
    def test_holds_the_hours_of_a_week(self) -> None:
        assert read_hours("\ufeff" + USUAL + "\n,,\n") == USUAL_HOURS

    def test_may_have_a_day_of_its_own(self) -> None:
        hours = read_hours(USUAL + "fri,19:00,20:30\n")
        assert hours.week[4][-1] == (time(19), time(20, 30))
        assert hours.week[5] == ()

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("day,from,to\n", "line 1: the heading must be day,opens,closes"),
            (USUAL + "fri\n", "line 14: it has 1 cells instead of 3"),
            (USUAL + "sat,09:00,12:00\n", "line 14: day must be one of: mon, tue, wed, thu, fri, make_up"),
            (USUAL + "fri,9,12:00\n", "line 14: opens must be like 09:00, not '9'"),
            (USUAL + "fri,09:00,0900\n", "line 14: closes must be like 09:00, not '0900'"),
            (USUAL + "fri,09:00:30,12:00\n", "line 14: opens must be like 09:00, not '09:00:30'"),
            (USUAL + "fri,09:00,24:01\n", "line 14: closes must be like 09:00, not '24:01'"),
            (USUAL + "fri,24:00,24:00\n", "line 14: opens must be like 09:00, not '24:00'"),
            (
                USUAL + "fri,19:00,00:00\n",
                "line 14: it must close later than it opens; the day ends at 24:00",
            ),
            (USUAL + "fri,19:00,24:00\nfri,23:00,23:30\n", "the openings of fri overlap"),
            (USUAL + "fri,19:00,24:00\nfri,19:00,20:00\n", "the openings of fri overlap"),
            (USUAL + "fri,09:00+08:00,12:00\n", "line 14: opens must be like 09:00"),
            (
                USUAL + "fri,x,y\n",
                "line 14: opens must be like 09:00, not 'x', and closes must be like 09:00, not 'y'",
            ),
            (USUAL + "fri,12:00,12:00\n", "line 14: it must close later than it opens"),
            (USUAL + "mon,11:59,13:00\n", "the openings of mon overlap"),
            ("day,opens,closes\nmake_up,09:00,12:00\n", "the office is never open"),
            ("day,opens,closes\nmon,09:00,12:00\n", "there is no line for make_up"),
            (USUAL + '"', "line 14: "),
        ],
    )
    def test_that_is_wrong_is_refused_with_line_and_reason(self, text: str, reason: str) -> None:
        with pytest.raises(WrongHoursFile) as refused:
            read_hours(text)
        assert reason in str(refused.value)

    def test_may_hold_times_as_a_spreadsheet_writes_them(self) -> None:
        text = USUAL.replace("mon,09:00,12:00", "mon,9:00,12:00:00")
        assert text != USUAL
        assert read_hours(text) == USUAL_HOURS

    @pytest.mark.parametrize("written", ["24:00", "24:00:00"])
    def test_may_be_open_until_the_day_ends(self, written: str) -> None:
        hours = read_hours(USUAL + f"fri,19:00,{written}\n")
        assert hours.week[4][-1] == (time(19), END_OF_DAY)
        assert "fri,19:00,24:00" in write_hours(hours).splitlines()
        assert read_hours(write_hours(hours)) == hours
        assert differing_hours(USUAL_HOURS, hours) == ["+ fri,19:00,24:00"]

    def test_names_every_fault_on_a_line_of_its_own(self) -> None:
        with pytest.raises(WrongHoursFile) as refused:
            read_hours(USUAL + "fri\nsat,9:00,10:00\n", file="hours.csv")
        assert [line.split(": ")[0] for line in str(refused.value).splitlines()] == [
            "hours.csv line 14",
            "hours.csv line 15",
        ]

    def test_differ_by_openings(self) -> None:
        own = read_hours(USUAL.replace("fri,14:00,18:00", "fri,14:00,17:00"))
        assert differing_hours(USUAL_HOURS, own) == ["- fri,14:00,18:00", "+ fri,14:00,17:00"]
