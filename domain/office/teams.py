"""Teams 1+1+n (一加一加n): one leader and one department answer for one or two communities, for a time.

Assumes nothing about the teams that `wrong_teams` checks. The leader is a member of staff of the street's
leadership. A deputy is named beforehand and stands in for the leader. Each month the team goes into each of
its communities for a courtyard meeting (院坝寻单).

Source: 一加一加n机制 of the sub-district.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from domain.office.words import Tier

MAX_COMMUNITIES = 2
"""Most communities of one team."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Team:
    """One row: the leader and the department that answer for communities from one day to another.

    The day `valid_to` counts; `None` means no end. `leader` and `deputy` are usernames, `department` and
    `communities` codes of units. A missing part is empty, so that `wrong_teams` can report it.
    """

    code: str
    leader: str
    department: str
    communities: tuple[str, ...]
    valid_from: date
    deputy: str | None = None
    valid_to: date | None = None

    def is_valid(self, on: date) -> bool:
        """Tell whether the team is in force on a day."""
        return self.valid_from <= on and not self.is_over(on)

    def is_over(self, on: date) -> bool:
        """Tell whether the team's last day is before a day."""
        return self.valid_to is not None and self.valid_to < on

    @property
    def people(self) -> dict[str, str]:
        """The usernames of the leader and of the deputy, if they are named, keyed by part."""
        named = {"leader": self.leader, "deputy": self.deputy}
        return {part: username for part, username in named.items() if username}


def team_on(teams: Sequence[Team], community: str, on: date) -> Team | None:
    """Find the team that answers for a community on a day."""
    return next((each for each in teams if community in each.communities and each.is_valid(on)), None)


def wrong_teams(
    teams: Sequence[Team], *, open_units: Mapping[str, Tier], communities: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Find what is wrong with teams; yield the team's code and a sentence for each fault.

    `open_units`: the open units, each with its tier, without the two offices. `communities`: the open ones.
    """
    seen: set[str] = set()
    for number, team in enumerate(teams, start=1):
        if not team.code:
            yield "", f"row {number} has no code: name one"
        elif team.code in seen:
            yield team.code, "is there twice: one code names one team"
        seen.add(team.code)
        for reason in _wrong_parts(team, open_units, communities):
            yield team.code, reason
    for earlier, team in combinations(teams, 2):
        for community, since in _shared(earlier, team):
            other = f"is in the team {earlier.code} too from {since} on"
            yield team.code, f"the community {community} {other}: a community has one team on one day"


def _wrong_parts(team: Team, open_units: Mapping[str, Tier], communities: Collection[str]) -> Iterator[str]:
    if not team.leader:
        yield "it has no leader: name one"
    elif team.deputy == team.leader:
        yield f"its deputy {team.deputy} is also its leader: name another person, or nobody"
    if not team.department:
        yield "it has no department: name one"
    elif team.department not in open_units:
        yield f"there is no open department {team.department!r}"
    elif open_units[team.department] is not Tier.STREET:
        yield f"the department {team.department} is of the tier {open_units[team.department]}, not {Tier.STREET}"
    yield from _wrong_communities(team, communities)
    if team.is_over(team.valid_from):
        yield f"its valid_to {team.valid_to} is before its valid_from {team.valid_from}"


def _wrong_communities(team: Team, communities: Collection[str]) -> Iterator[str]:
    named = dict.fromkeys(team.communities)
    if not named:
        yield "it has no community: name one or two"
    if len(named) > MAX_COMMUNITIES:
        yield f"it has {len(named)} communities: name one or two"
    for code in named:
        if team.communities.count(code) > 1:
            yield f"it names the community {code} twice"
        if code not in communities:
            yield f"there is no open community {code!r}"


def _shared(earlier: Team, team: Team) -> Iterator[tuple[str, date]]:
    """List the communities that two teams have on one day, each with the first such day."""
    since = max(earlier.valid_from, team.valid_from)
    if earlier.is_valid(since) and team.is_valid(since):
        for community in dict.fromkeys(team.communities):
            if community in earlier.communities:
                yield community, since
