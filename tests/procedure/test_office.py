"""An office with several orders: whatever happens to them, together or at once, nothing is lost and nothing doubled.

Plays the workflows inside this process on a real store (`tests.support.stories.street`). Hypothesis draws stories of
some orders with decisions, joins, splits, rests, holds, withdrawals and reopenings, under faults of the worker, the
server and the message provider. The invariants are in `tests.support.stories.invariants`.

`DINGDAN_STORIES=300` draws that many, different ones each time; without it the stories are few and always the same.
"""

import os
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from domain.calendar.workdays import DayKind, NamedDay
from domain.order.actions import ACTIONS, ActionName
from domain.order.lifecycle import TASKS, TaskKind
from domain.order.words import Stage
from store.database import Store
from store.matter import numbers
from store.matter.said.decisions import UNFINISHED
from store.matter.tables import task
from store.telling.holds import HeldAlready, lift_hold, order_hold
from store.telling.moving import begin_move, move_batch, next_orders
from store.telling.recalculation import load_year
from tests.support.machine.databases import Databases
from tests.support.stories.invariants import Watch
from tests.support.stories.moves import ENDING, FINISHING, entitled, fields_for, outcome_fields
from tests.support.stories.street import Street

STORIES = int(os.environ.get("DINGDAN_STORIES", "0"))
MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 28, 2, 0, tzinfo=UTC)
"""Some days before a year whose holidays are not announced."""
UNITS = {"seconds": timedelta(seconds=1), "standard-2": timedelta(hours=2)}
"""The length of a short while, by policy book."""
BESIDE = {TaskKind.SUPERVISE, TaskKind.ASSIST}
HOW = st.sampled_from(["now", "now", "soon", "later"])
"""Heard at once; heard with the next activation; left to `Reconcile`."""
_OF_THE_SERVER = [("server", "away"), ("server", "drops")]
NEW_YEAR = [NamedDay(day=date(2027, 1, day), kind=DayKind.OFF, name="假日") for day in range(1, 7)]


class Office(RuleBasedStateMachine):
    """One person acts, or two act at once; time passes."""

    databases: Databases

    @initialize(
        book=st.sampled_from(sorted(UNITS)),
        begins=st.sampled_from([MONDAY, MONDAY, DECEMBER]),
        count=st.integers(2, 3),
        data=st.data(),
    )
    def open_the_office(self, book: str, begins: datetime, count: int, data: st.DataObject) -> None:
        # The random parts of numbers and task ids are the same each time, so that a story can be repeated.
        self.secrets = vars(numbers)["secrets"]
        vars(numbers)["secrets"] = SimpleNamespace(token_bytes=random.Random(1).randbytes)
        self.store = Store(self.databases.copy())
        self.street = Street(self.store, now=begins, book=book)
        self.watch = Watch(self.street)
        self.street.on_record = self.watch.step
        self.unit = UNITS[book]
        for _ in range(count):
            self.somebody_asks(data)

    def somebody_asks(self, data: st.DataObject) -> None:
        draw = _choose(data)
        soon = self.street.now + self.unit * draw([2, 12, 60])
        number = self.street.place(
            description=f"第{len(self.street.placed) + 1}件",
            source_due_at=draw([None, None, soon]),
            confidential=draw([False, False, False, True]),
            category=draw(["noise", "city_appearance"]),
            **draw([{}, {}, {"requester": {"phone": None}}]),
        )
        assert number
        if draw([True, True, False]):
            self.street.forward(timedelta(seconds=6))

    @rule(data=st.data())
    def a_new_order(self, data: st.DataObject) -> None:
        if len(self.street.placed) < 5:
            self.somebody_asks(data)

    @rule(data=st.data(), how=HOW, plain=st.sampled_from([True, True, False]))
    def staff_go_on(self, data: st.DataObject, how: str, plain: bool) -> None:
        self._decide(data, how, plain=plain)

    @rule(data=st.data())
    def staff_bring_it_to_a_unit(self, data: st.DataObject) -> None:
        order_no = self._an_order(data)
        for _ in range(4):
            self._decide(data, "now", plain=True, order_no=order_no, until=TaskKind.HANDLE)

    @rule(data=st.data(), how=HOW)
    def staff_choose_anything(self, data: st.DataObject, how: str) -> None:
        self._decide(data, how, plain=None)

    @rule(data=st.data(), how=HOW)
    def somebody_acts(self, data: st.DataObject, how: str) -> None:
        self._act(data, how, self._an_order(data))

    @rule(data=st.data(), how=HOW)
    def two_are_joined(self, data: st.DataObject, how: str) -> None:
        self._act(data, how, self._an_order(data), ActionName.MERGE)

    @rule(data=st.data())
    def two_things_come_at_once(self, data: st.DataObject) -> None:
        order_no = self._an_order(data)
        for _ in range(2):
            match data.draw(st.sampled_from(["act", "decide", "hold"])):
                case "act":
                    self._act(data, "soon", order_no)
                case "decide":
                    self._decide(data, "soon", plain=None, order_no=order_no)
                case _:
                    self.the_office_holds_or_goes_on(data)
        self._go_on("now")

    @rule(data=st.data())
    def the_office_holds_or_goes_on(self, data: st.DataObject) -> None:
        now, ordered_by = self.street.now, "administrator-1"
        since = now + self.unit * data.draw(st.sampled_from([0, 0, 1, 8]))
        until = since + self.unit * data.draw(st.sampled_from([2, 6, 30]))
        with self.store.write() as connection:
            try:
                order_hold(
                    connection, reason="暴雨", since=since, until=until, ordered_by=ordered_by, now=now
                )
            except HeldAlready as held:
                # If a hold begins a moment ahead, the refusal names its number.
                number = int(str(held).split()[1])
                lift_hold(connection, lifted_by=ordered_by, now=now, number=number)

    @rule(while_=st.sampled_from([1, 1, 3, 8, 25]))
    def time_goes_by(self, while_: int) -> None:
        self.street.forward(self.unit * while_)

    @rule()
    def time_goes_by_to_the_next_limit(self) -> None:
        nearest = self.street.next_instant(self.street.now + self.unit * 400)
        if nearest is not None:
            self.street.forward(max(nearest - self.street.now, timedelta(0)))

    @rule(data=st.data())
    def a_worker_dies(self, data: st.DataObject) -> None:
        run = self.street.running.get(self._an_order(data))
        if run is None:
            return
        run.restart()
        run.twice = not run.twice

    @rule(
        fault=st.sampled_from(
            [*(("provider", each) for each in ("away", "drops", "refuses")), *_OF_THE_SERVER]
        ),
        times=st.integers(1, 3),
    )
    def a_fault(self, fault: tuple[str, str], times: int) -> None:
        what, how = fault
        setattr(getattr(self.street, what), how, times)

    @rule(data=st.data())
    def an_operator_signals(self, data: st.DataObject) -> None:
        run = self.street.running.get(self._an_order(data))
        if run is None or run.ended:
            return
        draw = _choose(data)
        said: dict[str, Any] = {"action_id": self.street.next_id("raw"), "actor": "ops", "fields": {}}
        run.act(
            said | {"action": draw(["withdraw", "urge", "supervise", "resume", "no_such_thing"])},
            by_hand=True,
        )
        run.settle()

    @rule(keep=st.integers(2, 6))
    def a_year_is_announced(self, keep: int) -> None:
        with self.store.write() as connection:
            load_year(connection, 2027, NEW_YEAR[:keep], source="（试验）", now=self.street.now)

    @rule(data=st.data())
    def a_unit_is_moved(self, data: st.DataObject) -> None:
        draw = _choose(data)
        unit, to = draw([("community-03", "street-safety"), ("street-urban-management", "street-peace")])
        with self.store.write() as connection:
            move = begin_move(connection, unit, to, reason="撤并")
            order_nos = next_orders(connection, unit, after="")
            move_batch(connection, order_nos, move, to, reason="撤并", actor="ops", now=self.street.now)

    @rule()
    def everything_comes_to_rest(self) -> None:
        self.street.quiet()
        self.watch.look()

    def teardown(self) -> None:
        if not hasattr(self, "street"):
            return
        try:
            self.street.quiet()
            self.watch.look()
            self._end()
            self.watch.end()
        finally:
            vars(numbers)["secrets"] = self.secrets
            self.street.close()
            self.store.close()

    def _end(self) -> None:
        """Decide everything that brings orders to their end, and let time pass."""
        for _ in range(80):
            self.street.quiet()
            running = [each for each in self.street.running.values() if not each.ended]
            if not running:
                return
            decided = [self._end_one(row) for each in running for row in self._tasks(each.order_no)]
            if not any(decided):
                self.street.to_the_next_limit()
        raise AssertionError("I18: an order goes on for ever")

    def _end_one(self, row: Any) -> bool:
        somebody = entitled(self.street.staff, row)
        name = ENDING.get(TaskKind(row.kind))
        if not somebody or name is None or row.opened_at > self.street.now:
            return False
        fields = fields_for(
            lambda several: several[0],
            outcome_fields(row.kind, name),
            plain=True,
            **self._known(row.matter_no),
        )
        submitted = self.street.decide(row.task_id, name, fields, somebody[0])
        self.street.send(submitted)
        return submitted is not None

    # The parts of rules.

    def _an_order(self, data: st.DataObject) -> str:
        numbers = self.street.numbers()
        rows = self.street.rows()
        still = [each for each in numbers if rows[each].stage != Stage.ARCHIVED] or numbers
        return str(_choose(data)(still))

    def _decide(
        self,
        data: st.DataObject,
        how: str,
        *,
        plain: bool | None,
        order_no: str | None = None,
        until: TaskKind | None = None,
    ) -> None:
        """Decide a task of the store: with `plain`, as it lets the order go on; with `None`, in any way."""
        draw = _choose(data)
        order_no = order_no or self._an_order(data)
        open_tasks = self._tasks(order_no)
        if plain is not None:
            open_tasks = [each for each in open_tasks if TaskKind(each.kind) not in BESIDE] or open_tasks
        if not open_tasks:
            return
        row = draw(open_tasks)
        if until is not None and row.kind == until:
            return
        somebody = entitled(self.street.staff, row)
        names = [each.name for each in TASKS[TaskKind(row.kind)].outcomes]
        usual = FINISHING.get(TaskKind(row.kind), names[0])
        outcome = usual if plain is not None else draw(names)
        if not somebody:
            return
        fields = fields_for(
            draw, outcome_fields(row.kind, outcome), plain=plain is True, **self._known(order_no)
        )
        self.street.send_in(self.street.decide(row.task_id, outcome, fields, draw(somebody)), how)
        self._go_on(how)

    def _act(self, data: st.DataObject, how: str, order_no: str, name: ActionName | None = None) -> None:
        draw = _choose(data)
        usual = [each for each in ActionName if ACTIONS[each].roles]
        action = ACTIONS[name or draw([*usual, ActionName.SUPERVISE, ActionName.RATE])]
        fields = fields_for(draw, action.fields, plain=False, **self._known(order_no))
        staff = [each for each in self.street.staff if not action.roles.isdisjoint(each.roles)][:3]
        by = draw([None, *staff]) if name is None else staff[0]
        self.street.send_in(self.street.act(order_no, action.name, fields, by), how)
        self._go_on(how)

    def _known(self, order_no: str) -> dict[str, Any]:
        others = [each for each in self.street.numbers() if each != order_no]
        text = self.street.next_id("话")
        return {"now": self.street.now, "unit": self.unit, "text": text, "other": others}

    def _tasks(self, order_no: str) -> Sequence[Any]:
        query = task.select().where(task.c.matter_no == order_no, task.c.state.in_(UNFINISHED))
        with self.store.read() as connection:
            return list(connection.execute(query.order_by(task.c.opened_at, task.c.kind)).all())

    def _go_on(self, how: str) -> None:
        if how == "now":
            for run in list(self.street.running.values()):
                run.settle()


def _choose(data: st.DataObject) -> Any:
    return lambda several: data.draw(st.sampled_from(list(several)))


class TestAnOffice:
    """It has several orders."""

    @pytest.mark.timeout(600)
    def test_keeps_every_promise_whatever_happens_to_its_orders(self, databases: Databases) -> None:
        class OnTheseDatabases(Office):
            pass

        OnTheseDatabases.databases = databases
        run_state_machine_as_test(
            OnTheseDatabases,
            settings=settings(
                max_examples=STORIES or 8,
                derandomize=not STORIES,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                database=None,
            ),
        )
