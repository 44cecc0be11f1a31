"""Reading a year's days: right as a whole, or refused with every wrong line."""

import re
from datetime import date

import pytest

from domain.calendar_file import WrongCalendarFile, read_year
from domain.workdays import DayKind, NamedDay

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
                "line 3: 2026-05-01 is not a day of 2027",
            ),
            ("no date", RIGHT.replace("2027-05-01", "1 May"), "line 3: date must be like 2027-01-01"),
            ("a day that does not exist", RIGHT.replace("2027-05-01", "2027-02-29"), "line 3: date"),
            ("no kind", RIGHT.replace("off,劳", "holiday,劳"), "line 3: date must be .* kind off or work"),
            ("a make-up Friday", RIGHT.replace("2027-10-09", "2027-10-08"), "line 5: 2027-10-08 is a Friday"),
            ("one day twice", RIGHT + "2027-10-01,work,国庆节\n", "line 6: "),
            ("too few cells", RIGHT + "2027-10-02,off\n", "line 6: it has 2 cells"),
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
        with pytest.raises(WrongCalendarFile, match=r"line 21: .*; and 80 more$"):
            read_year("date,kind,name\n" + "x,y,z\n" * 100, year=2027)
