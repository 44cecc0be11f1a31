"""Faults that stories of a whole office have found, each reduced to a small case."""

from datetime import timedelta

from store.database import Store
from store.telling.holds import order_hold
from tests.support.stories.invariants import Watch
from tests.support.stories.stored_story import MONDAY
from tests.support.stories.street import Street


class TestAPartThatIsSplitOffDuringAHold:
    def test_is_held_in_its_history_as_in_the_store(self, store: Store) -> None:
        street = Street(store, now=MONDAY, book="standard-2")
        whole = street.place()
        street.forward(timedelta(minutes=1))
        run = street.running[whole]
        run.decide_task("first_contact", "refer", text="请办理")
        with store.write() as connection:
            until = street.now + timedelta(days=1)
            order_hold(connection, reason="暴雨", until=until, ordered_by="administrator-1", now=street.now)
        street.quiet()
        run.decide_task("classify", "split", parts=[{"text": "另一件事"}])
        street.quiet()
        assert [row.held for row in street.rows().values()] == [True, True]
        Watch(street).look()
        street.close()
