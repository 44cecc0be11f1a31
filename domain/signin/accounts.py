"""Local accounts: the rules for passwords, failed attempts, and how long a person stays signed in.

Source of `mlps`: GB/T 22239-2019, 8.1.4.1 (complexity, change, lock-out, time-out) with the figures that assessors
look for; of `asvs`: OWASP ASVS 5.0, 6.2. The two contradict each other (6.2.5 and 6.2.10 forbid what `mlps`
demands), so an office chooses one. Our decision, ADR-0021.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.office.words import Role


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """One set of rules; `kinds`: how many of the four kinds of characters a password needs."""

    name: str
    shortest: int
    kinds: int
    lasts: timedelta | None
    failures: int
    locks: timedelta
    idle: timedelta
    absolute: timedelta


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        each.name: each
        for each in (
            Profile(
                name="mlps",
                shortest=12,
                kinds=3,
                lasts=timedelta(days=90),
                failures=5,
                locks=timedelta(minutes=15),
                idle=timedelta(minutes=15),
                absolute=timedelta(hours=12),
            ),
            Profile(
                name="asvs",
                shortest=15,
                kinds=1,
                lasts=None,
                failures=5,
                locks=timedelta(minutes=15),
                idle=timedelta(minutes=30),
                absolute=timedelta(hours=12),
            ),
        )
    }
)
LONGEST: Final = 128
"""Longest password, in characters: hashing takes time with the length."""
_FEW: Final = 5

SECOND_FACTOR: Final = frozenset({Role.STREET_LEADER, Role.DISTRICT_DESK, Role.UNIT_HEAD, Role.ADMINISTRATOR})
"""Roles for which a password is not enough: leaders, and administrators (GB/T 22239-2019, 8.1.4.1 d)."""


def needs_second_factor(roles: Collection[Role]) -> bool:
    """Tell whether any of a person's roles asks for a second factor."""
    return not SECOND_FACTOR.isdisjoint(roles)


class WrongPassword(StrEnum):
    """Why a password may not be chosen."""

    LENGTH = "length"
    NUL = "nul"
    HOLDS_NAME = "holds_name"
    FEW_CHARACTERS = "few_characters"
    FEW_KINDS = "few_kinds"


def wrong_password(password: str, profile: Profile, *, username: str) -> WrongPassword | None:
    """Say why a password may not be chosen; return `None` if it may."""
    kinds = (str.isupper, str.islower, str.isdigit, lambda each: not each.isalnum())
    faults = {
        WrongPassword.LENGTH: not profile.shortest <= len(password) <= LONGEST,
        WrongPassword.NUL: "\x00" in password,
        WrongPassword.HOLDS_NAME: username.lower() in password.lower(),
        WrongPassword.FEW_CHARACTERS: len(set(password)) < _FEW,
        WrongPassword.FEW_KINDS: sum(any(kind(each) for each in password) for kind in kinds) < profile.kinds,
    }
    return next((fault for fault, holds in faults.items() if holds), None)


def is_expired(set_at: datetime, profile: Profile, *, now: datetime) -> bool:
    """Tell whether a password is older than its profile allows."""
    return profile.lasts is not None and now >= set_at + profile.lasts


class SignInStep(StrEnum):
    """How far a sign-in has come: only `open` gives access."""

    CODE = "code"
    ENROL = "enrol"
    PASSWORD = "password"  # noqa: S105 - the name of a step
    OPEN = "open"


def next_step(*, roles: Collection[Role], has_code: bool, gave_code: bool, must_change: bool) -> SignInStep:
    """Say what follows the right password: a code, enrolling one, a new password, or access."""
    if not gave_code and has_code:
        return SignInStep.CODE
    if not gave_code and needs_second_factor(roles):
        return SignInStep.ENROL
    return SignInStep.PASSWORD if must_change else SignInStep.OPEN


def locked_until(failures: int, profile: Profile, *, now: datetime) -> datetime | None:
    """Return until when a username is locked after this many failures in a row; `None` if it is not."""
    return now + profile.locks if failures >= profile.failures else None
