"""An order is taken whichever officer a channel names, and goes to a person who can answer."""

import json
from datetime import timedelta

import pytest

from domain.office.words import Role, Tier
from store.database import Store
from store.office.people import dismiss, leave_post, set_roles
from store.order.receiving import FirstContact, named_officer
from tests.store.taking import rows, take
from tests.support.office import now

WEEK = timedelta(days=7)
OFFICER = "community-11-worker"


class TestAnOrderWhoseOfficer:
    @pytest.mark.parametrize(
        ("named", "why"),
        [
            (OFFICER, "left"),
            (OFFICER, "away"),
            (OFFICER, "decides_nothing"),
            ("administrator-1", "decides_nothing"),
            ("auditor-1", "decides_nothing"),
            ("zhang-san", "unknown"),
        ],
    )
    def test_cannot_answer_goes_to_the_roster_and_says_why(self, store: Store, named: str, why: str) -> None:
        with store.write() as connection:
            if named == OFFICER and why == "left":
                dismiss(connection, OFFICER, now=now())
            elif named == OFFICER and why == "away":
                leave_post(connection, OFFICER, until=now() + WEEK, deputy=None, now=now())
            elif named == OFFICER:
                set_roles(connection, OFFICER, [])
        order_no = take(store, received_by=named).order_no
        ((unit, role, holder),) = rows(store, "SELECT unit, role, holder FROM task")
        assert (unit, role, holder) == ("street", "duty_officer", None)
        ((data,),) = rows(store, "SELECT data FROM event WHERE matter_no = :no", no=order_no)
        assert json.loads(data)["officer_passed_over"] == why
        ((audited,),) = rows(store, "SELECT data FROM audit WHERE act = 'order_placed'")
        assert json.loads(audited) == {"officer_passed_over": why}

    def test_is_away_goes_to_the_deputy_and_nobody_is_at_it_yet(self, store: Store) -> None:
        with store.write() as connection:
            leave_post(connection, "desk-1", until=now() + WEEK, deputy="desk-2", now=now())
            found = named_officer(connection, "desk-1", now=now())
        assert found == FirstContact(unit="street", tier=Tier.STREET, role=Role.STREET_DESK, holder=None)

    def test_is_there_has_it_at_once(self, store: Store) -> None:
        take(store, received_by=OFFICER)
        assert rows(store, "SELECT unit, role, holder FROM task") == [
            ("community-11", "community_worker", OFFICER)
        ]
        assert "officer_passed_over" not in rows(store, "SELECT data FROM event")[0][0]
