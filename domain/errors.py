"""The base of every refusal by a rule."""

from typing import ClassVar


class DomainError(Exception):
    """A rule said no.

    `code` is stable and may be shown. The text is for people and says what to do instead.
    """

    code: ClassVar[str] = "refused"
