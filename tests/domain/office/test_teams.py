"""The team of a community: one leader and one department, for a time."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.office.directory import Directory, faults
from domain.office.first_directory import FIRST
from domain.office.teams import Team
from tests.support.teams import a_team, with_teams

FIRST_DAY, LAST_DAY = date(2021, 3, 1), date(2021, 8, 31)
DAY = timedelta(days=1)
MERGED = replace(
    FIRST,
    units={
        **FIRST.units,
        "community-03": replace(FIRST.units["community-03"], successor="community-04"),
        "street-peace": replace(FIRST.units["street-peace"], successor="street-safety"),
    },
)


class TestATeam:
    @pytest.mark.parametrize(
        ("on", "code"),
        [
            (FIRST_DAY - DAY, None),
            (FIRST_DAY, "T1"),
            (LAST_DAY, "T1"),
            (LAST_DAY + DAY, "T2"),
            (date(2199, 12, 31), "T2"),
        ],
    )
    @pytest.mark.parametrize("community", ["community-01", "community-02"])
    def test_answers_from_its_first_day_to_its_last(self, community: str, on: date, code: str | None) -> None:
        first = a_team(valid_from=FIRST_DAY, valid_to=LAST_DAY)
        directory = with_teams(first, a_team(code="T2", valid_from=LAST_DAY + DAY))
        assert faults(directory) == []
        found = directory.team_of(community, on)
        assert (found.code if found else None) == code

    def test_answers_for_its_own_communities_alone(self) -> None:
        assert with_teams(a_team()).team_of("community-03", FIRST_DAY) is None
        assert with_teams(a_team()).team_of("nowhere", FIRST_DAY) is None

    def test_answers_for_the_community_that_was_merged_into_its_own(self) -> None:
        team = a_team(communities=("community-04",))
        assert with_teams(team, directory=MERGED).team_of("community-03", FIRST_DAY) == team

    def test_names_its_people_by_their_parts(self) -> None:
        assert a_team().people == {"leader": "leader-1"}
        assert a_team(deputy="leader-2").people == {"leader": "leader-1", "deputy": "leader-2"}

    def test_may_have_one_community_or_two(self) -> None:
        assert faults(with_teams(a_team())) == []
        assert faults(with_teams(a_team(communities=("community-01",), deputy="leader-2"))) == []

    def test_may_last_one_day(self) -> None:
        assert faults(with_teams(a_team(valid_to=FIRST_DAY))) == []


class TestACommunityWithoutATeam:
    def test_is_listed_on_the_days_on_which_it_has_none(self) -> None:
        directory = with_teams(a_team(valid_to=LAST_DAY))
        assert directory.communities_without_team(LAST_DAY) == FIRST.communities[2:]
        assert directory.communities_without_team(LAST_DAY + DAY) == FIRST.communities

    def test_is_not_listed_once_it_is_closed(self) -> None:
        assert "community-03" not in with_teams(directory=MERGED).communities_without_team(FIRST_DAY)


WRONG = [
    (with_teams(a_team(), a_team(code="", communities=("community-03",))), "", "row 2 has no code"),
    (with_teams(a_team(), a_team(communities=("community-03",))), "T1", "is there twice"),
    (with_teams(a_team(leader="")), "T1", "it has no leader: name one"),
    (with_teams(a_team(deputy="leader-1")), "T1", "its deputy leader-1 is also its leader"),
    (with_teams(a_team(department="")), "T1", "it has no department: name one"),
    (with_teams(a_team(department="witches")), "T1", "there is no open department 'witches'"),
    (with_teams(a_team(department="street")), "T1", "there is no open department 'street'"),
    (
        with_teams(a_team(department="street-peace"), directory=MERGED),
        "T1",
        "there is no open department 'street-peace'",
    ),
    (
        with_teams(a_team(department="district-housing")),
        "T1",
        "the department district-housing is of the tier district, not street",
    ),
    (
        with_teams(a_team(department="community-05")),
        "T1",
        "the department community-05 is of the tier community, not street",
    ),
    (with_teams(a_team(communities=())), "T1", "it has no community: name one or two"),
    (with_teams(a_team(communities=FIRST.communities[:3])), "T1", "it has 3 communities: name one or two"),
    (
        with_teams(a_team(communities=("community-01",) * 2)),
        "T1",
        "it names the community community-01 twice",
    ),
    (with_teams(a_team(communities=("community-99",))), "T1", "there is no open community 'community-99'"),
    (with_teams(a_team(communities=("street-peace",))), "T1", "there is no open community 'street-peace'"),
    (
        with_teams(a_team(communities=("community-03",)), directory=MERGED),
        "T1",
        "there is no open community 'community-03'",
    ),
    (
        with_teams(a_team(valid_to=FIRST_DAY - DAY)),
        "T1",
        "its valid_to 2021-02-28 is before its valid_from 2021-03-01",
    ),
    (
        with_teams(
            a_team(valid_to=LAST_DAY), a_team(code="T2", communities=("community-02",), valid_from=LAST_DAY)
        ),
        "T2",
        "the community community-02 is in the team T1 too from 2021-08-31 on",
    ),
    (
        with_teams(
            a_team(valid_from=LAST_DAY),
            a_team(code="T2", communities=("community-01",), valid_from=FIRST_DAY),
        ),
        "T2",
        "the community community-01 is in the team T1 too from 2021-08-31 on",
    ),
]


class TestAFaultyTeam:
    @pytest.mark.parametrize(("directory", "key", "reason"), WRONG, ids=[reason for _, _, reason in WRONG])
    def test_is_told_with_its_row_and_part(self, directory: Directory, key: str, reason: str) -> None:
        (fault,) = (each for each in faults(directory) if each.table == "teams")
        assert fault.key == key
        assert reason in fault.reason

    def test_is_told_for_each_part_that_is_missing(self) -> None:
        nothing = a_team(leader="", department="", communities=())
        assert [each.reason for each in faults(with_teams(nothing))] == [
            "it has no leader: name one",
            "it has no department: name one",
            "it has no community: name one or two",
        ]


DAYS = st.integers(0, 9).map(lambda number: FIRST_DAY + number * DAY)
TEAMS = st.lists(
    st.builds(
        a_team,
        communities=st.lists(st.sampled_from(FIRST.communities[:3]), min_size=1, max_size=2, unique=True).map(
            tuple
        ),
        valid_from=DAYS,
        valid_to=st.none() | DAYS,
    ).filter(lambda team: team.valid_to is None or team.valid_to >= team.valid_from),
    max_size=4,
)


class TestACommunity:
    @given(teams=TEAMS)
    def test_has_two_teams_on_one_day_only_if_a_fault_says_so(self, teams: list[Team]) -> None:
        directory = with_teams(*(replace(each, code=f"T{number}") for number, each in enumerate(teams)))
        shared = any(
            sum(
                each.is_valid(FIRST_DAY + number * DAY)
                for each in directory.teams
                if code in each.communities
            )
            > 1
            for code in FIRST.communities[:3]
            for number in range(11)
        )
        assert bool(faults(directory)) == shared
