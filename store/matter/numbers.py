"""New numbers of matters, and of their first tasks: the office's date and a random part, never a counter."""

import secrets
from datetime import datetime

from domain.calendar.instants import local

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and letters that cannot be taken for each other."""


def new_number(now: datetime, *, letter: str = "") -> str:
    """Make the number of a matter; `letter` marks its kind."""
    return f"{letter}{local(now):%Y%m%d}-{random_letters(6)}"


def new_suffix() -> str:
    """Make the end of a task's id."""
    return random_letters(4)


def random_letters(count: int) -> str:
    """Draw letters, five random bits each, which nobody can guess; all of them in one call of the system."""
    return "".join(LETTERS[each % len(LETTERS)] for each in secrets.token_bytes(count))
