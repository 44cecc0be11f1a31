"""A story as a table that an official can read: when, which matter, who, what, and whether it was taken."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.calendar.instants import local
from tests.support.stories.street import Street

_HOW = {"now": "已送达", "soon": "与下一件事同时送达", "later": "留待补送"}
_HEADS = ("时间", "事项", "谁", "做了什么", "结果")


@dataclass
class Told:
    """What happened in an office, one row a move."""

    street: Street
    rows: list[tuple[str, ...]] = field(default_factory=list)
    _paused: bool = False

    def note(self, who: str, what: str, matter_no: str = "", submitted: Any = ..., how: str = "") -> None:
        """Write down a move; `submitted` is what became of a decision or action at the door."""
        if self._paused:
            return
        result = "" if submitted is ... else "未被受理" if submitted is None else _HOW[how]
        self.rows.append((self.at(self.street.now), matter_no, who, what, result))

    def pause(self) -> None:
        """Write down no further moves: they only bring everything to its end."""
        self._paused = True

    def at(self, instant: datetime) -> str:
        """Write an instant in the office's own time."""
        return f"{local(instant):%m-%d %H:%M:%S}"

    def table(self) -> str:
        """Write the table, with columns that stand below each other on a terminal."""
        rows = [_HEADS, *self.rows]
        widths = [max(_width(row[at]) for row in rows) for at in range(len(_HEADS))]
        lines = [
            " │ ".join(cell + " " * (widths[at] - _width(cell)) for at, cell in enumerate(row)).rstrip()
            for row in rows
        ]
        lines.insert(1, "─┼─".join("─" * width for width in widths))
        return "\n".join(["", *lines])


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
