"""A claim ends with the post of its holder."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from domain.office.words import Role
from store.database import Store
from store.matter.said.claims import HeldByColleague, change_holder, free_claims
from store.office.people import change_unit, dismiss, find_staff, leave_post, set_roles
from tests.store.taking import rows, take
from tests.support.office import now

WEEK = timedelta(days=7)

WAYS: dict[str, Callable[[Connection], None]] = {
    "left": lambda connection: dismiss(connection, "duty-1", now=now()),
    "moved": lambda connection: change_unit(connection, "duty-1", "street-safety", now=now()),
    "away": lambda connection: leave_post(connection, "duty-1", until=now() + WEEK, deputy=None, now=now()),
    "away with a deputy": lambda connection: leave_post(
        connection, "duty-1", until=now() + WEEK, deputy="duty-2", now=now()
    ),
    "of another role": lambda connection: set_roles(connection, "duty-1", [Role.STREET_DESK]),
}


def claim(store: Store, task_id: str, username: str, *, later: timedelta = timedelta(0)) -> None:
    with store.write() as connection:
        somebody = find_staff(connection, username, now=now() + later)
        assert somebody is not None
        change_holder(connection, task_id=task_id, staff=somebody, holder=username, now=now() + later)


@pytest.fixture
def claimed(store: Store) -> str:
    """Return a task that duty-1 has claimed."""
    task_id = take(store).first_task.task_id
    claim(store, task_id, "duty-1")
    return task_id


class TestATaskWhoseHolder:
    @pytest.mark.parametrize("way", WAYS)
    def test_cannot_decide_it_any_more_may_be_taken(self, store: Store, claimed: str, way: str) -> None:
        with pytest.raises(HeldByColleague):
            claim(store, claimed, "duty-2")
        with store.write() as connection:
            WAYS[way](connection)
        claim(store, claimed, "duty-2")
        assert rows(store, "SELECT holder FROM task") == [("duty-2",)]

    @pytest.mark.usefixtures("claimed")
    @pytest.mark.parametrize("way", WAYS)
    def test_goes_is_freed_with_it_and_the_audit_says_so(self, store: Store, way: str) -> None:
        with store.write() as connection:
            assert free_claims(connection, ("duty-1", None), by="operator", now=now()) == 0
            WAYS[way](connection)
            assert free_claims(connection, ("duty-1", None), by="operator", now=now()) == 1
        assert rows(store, "SELECT holder FROM task") == [(None,)]
        assert rows(store, "SELECT actor FROM audit WHERE act = 'task_released'") == [("operator",)]

    def test_stood_in_until_an_absence_ended_by_itself_may_be_taken(self, store: Store) -> None:
        task_id = take(store).first_task.task_id
        with store.write() as connection:
            leave_post(connection, "duty-1", until=now() + WEEK, deputy="desk-1", now=now())
        claim(store, task_id, "desk-1")
        with pytest.raises(HeldByColleague):
            claim(store, task_id, "duty-2")
        claim(store, task_id, "duty-2", later=2 * WEEK)
