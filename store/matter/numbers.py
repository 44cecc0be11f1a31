"""New numbers of matters, and of their first tasks: the office's date and a random part, never a counter."""

import secrets
from datetime import datetime

from domain.calendar.instants import local

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and letters that cannot be taken for each other."""


def new_number(now: datetime, *, letter: str = "") -> str:
    """Make the number of a matter; `letter` marks its kind."""
    return f"{letter}{local(now):%Y%m%d}-{''.join(secrets.choice(LETTERS) for _ in range(6))}"


def new_suffix() -> str:
    """Make the end of a task's id."""
    return "".join(secrets.choice(LETTERS) for _ in range(4))
