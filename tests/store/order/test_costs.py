"""The cost of an order in statements: each takes a tenth of a millisecond, or a round trip to another machine.

What a process reads once, a version of the calendar or the directory, does not count.
"""

from domain.order.policy import STANDARD_2
from store.calendar.calendar_seed import seed
from store.database import Store
from store.deciding import submit_decision
from store.office.people import find_staff
from store.order import intake
from store.order.step import write_step
from tests.store.taking import step_of, take
from tests.support.office import new_order, now
from tests.support.pages import statements

INTAKE = {"sqlite": 11, "postgresql": 4}
"""Reads roster, directory and holds at once, and the calendar; writes nine rows: key, and matter, order, requester,
phone, task, event, audit, outbox, which are one statement on PostgreSQL."""
DECISION = {"sqlite": 10, "postgresql": 8}
"""Of a decision on a task, with a text."""
STEP = 10
"""Of a step that closes a task and opens another."""


def with_calendar(store: Store) -> Store:
    with store.write() as connection:
        seed(connection, now=now())
    return store


class TestAnOrder:
    def test_is_taken_in_by_few_statements(self, store: Store) -> None:
        with_calendar(store)
        for _ in range(2):
            with statements(store) as seen, store.write() as connection:
                intake.place_order(
                    connection,
                    new_order(phone_keys=("0" * 64,)),
                    now=now(),
                    policy_version=STANDARD_2.version,
                    desk="",
                )
        assert len(seen) == INTAKE[store.engine.dialect.name], "\n".join(seen)

    def test_is_decided_by_few_statements(self, store: Store) -> None:
        start = take(store)
        with store.read() as connection:
            somebody = find_staff(connection, "duty-1", now=now())
        assert somebody is not None
        with statements(store) as seen, store.write() as connection:
            submit_decision(
                connection,
                task_id=start.first_task.task_id,
                decision_id="decision-1",
                outcome="refer",
                fields={"text": "请办理"},
                comment=None,
                staff=somebody,
                now=now(),
            )
        assert len(seen) == DECISION[store.engine.dialect.name], "\n".join(seen)

    def test_goes_a_step_by_few_statements(self, store: Store) -> None:
        with_calendar(store)
        for start in (take(store), take(store)):
            with statements(store) as seen, store.write() as connection:
                write_step(connection, step_of(start, policy=STANDARD_2.version), STANDARD_2)
        assert len(seen) == STEP, "\n".join(seen)
