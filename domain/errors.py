"""The base of everything that the rules refuse."""

from typing import ClassVar


class DomainError(Exception):
    """A rule said no; `code` is stable and may be shown, the text is for people and names the cure."""

    code: ClassVar[str] = "refused"
