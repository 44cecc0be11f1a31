"""A team of the demo office, and directories with teams."""

from dataclasses import replace
from datetime import date
from typing import Any

from domain.office.directory import Directory
from domain.office.first_directory import FIRST
from domain.office.teams import Team

_TEAM = Team(
    code="T1",
    leader="leader-1",
    deputy=None,
    department="street-safety",
    communities=("community-01", "community-02"),
    valid_from=date(2021, 3, 1),
)


def a_team(**changes: Any) -> Team:
    """Make a team in force since March 2021; unnamed fields get valid values."""
    return replace(_TEAM, **changes)


def with_teams(*teams: Team, directory: Directory = FIRST) -> Directory:
    """Return a directory with these teams instead of its own."""
    return replace(directory, teams=teams)
