"""Texts as fields of models: cleaned before they are judged, so that the length is that of the visible text."""

from collections.abc import Callable
from typing import Any

from pydantic import BeforeValidator, StringConstraints

from domain.text import clean, line


def text_of(most: int) -> tuple[Any, ...]:
    """Describe a text of 1 to `most` characters, with any number of lines."""
    return StringConstraints(min_length=1, max_length=most), _by(clean)


def line_of(most: int) -> tuple[Any, ...]:
    """Describe a name, a number or a subject: one line of 1 to `most` characters."""
    return StringConstraints(min_length=1, max_length=most), _by(line)


def _by(rule: Callable[[str], str]) -> BeforeValidator:
    return BeforeValidator(lambda value: rule(value) if isinstance(value, str) else value)
