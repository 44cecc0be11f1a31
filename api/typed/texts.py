"""What people type into bodies, as fields of models: clean before it is judged, so that its length is what is seen."""

from collections.abc import Callable
from typing import Any

from pydantic import BeforeValidator, StringConstraints

from domain.text import clean, line


def text_of(most: int) -> tuple[Any, ...]:
    """Describe a text of 1 to `most` letters, of as many lines as somebody likes."""
    return StringConstraints(min_length=1, max_length=most), _by(clean)


def line_of(most: int) -> tuple[Any, ...]:
    """Describe a name, a number or a subject of 1 to `most` letters."""
    return StringConstraints(min_length=1, max_length=most), _by(line)


def _by(rule: Callable[[str], str]) -> BeforeValidator:
    return BeforeValidator(lambda value: rule(value) if isinstance(value, str) else value)
