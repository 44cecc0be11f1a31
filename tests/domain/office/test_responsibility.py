"""Which role has anything to decide in which unit."""

import pytest

from domain.office.first_directory import FIRST
from domain.office.responsibility import has_work
from domain.office.words import Role

ANYWHERE = "duty_officer auditor administrator"


class TestARole:
    @pytest.mark.parametrize(
        ("unit", "roles"),
        [
            ("community-03", "community_worker unit_head"),
            ("street-safety", "unit_handler unit_head"),
            ("district-traffic", "unit_handler unit_head"),
            # A bureau without accounts: the street's liaison officer acts for it.
            ("district-planning", ""),
            ("street", "street_desk street_leader liaison call_back_officer"),
            ("district", "district_desk"),
        ],
    )
    def test_has_work_in_its_own_units_alone(self, unit: str, roles: str) -> None:
        expected = {Role(each) for each in f"{roles} {ANYWHERE}".split()}
        assert {role for role in Role if has_work(role, FIRST.units[unit])} == expected
