"""An office at random: people and faults do what Hypothesis draws, to orders and meetings, one at a time or at once.

Plays the workflows inside this process on a real store (`street`); the promises are checked by `invariants`. What
happens is written down as a table in the office's own words (`Told`), so that an official can read a story that failed.
A kind of matter plugs in by its tables (`moves`), its rows (`Street`, `Watch`) and the rules that begin it here.
"""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, ClassVar

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from domain.calendar.workdays import DayKind, NamedDay
from domain.duty.words import DutyStage
from domain.kinds import kind_of
from domain.matter.tasks import Outcome
from domain.office.words import Role
from domain.order.actions import ACTIONS, ActionName
from domain.order.lifecycle import TaskKind
from domain.order.words import Stage
from store.database import Store
from store.matter import numbers
from store.matter.said.decisions import UNFINISHED
from store.matter.tables import task
from store.office.directory import current_named, load
from store.office.people import Staff
from store.telling.holds import HeldAlready, lift_hold, order_hold
from store.telling.moving import begin_move, move_batch, next_orders
from store.telling.recalculation import load_year
from tests.support.machine.databases import Databases
from tests.support.stories.invariants import Watch
from tests.support.stories.moves import ending, entitled, fields_for, going_on, outcomes_of
from tests.support.stories.street import Street
from tests.support.stories.told import Told
from tests.support.teams import a_team, with_teams

STEPS = 25
"""The most moves of a story, before people bring everything to its end."""
MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 28, 2, 0, tzinfo=UTC)
"""Some days before a year whose holidays are not announced, and before the end of a period."""
UNITS = {"seconds": timedelta(seconds=1), "standard-2": timedelta(hours=2)}
"""The length of a short while, by policy book."""
BESIDE = {TaskKind.SUPERVISE, TaskKind.ASSIST}
HOW = st.sampled_from(["now", "now", "soon", "later"])
"""Heard at once; heard with the next activation; left to `Reconcile`."""
RARE = (
    *("request_extension", "request_pause", "request_reclassification", "ask_resident"),
    *("hand_up", "transfer", "send_back", "cannot_resolve", "reclassify", "reject", "split"),
)
"""Outcomes that few orders meet, and that are crossed with everything else here."""
COMMUNITIES = ("community-03", "community-05")
TEAM = a_team(leader="leader-1", deputy="leader-2", communities=COMMUNITIES[:1])
"""One community has a team; for the other the street's leaders answer."""
_OF_THE_SERVER = [("server", "away"), ("server", "drops")]
NEW_YEAR = [NamedDay(day=date(2027, 1, day), kind=DayKind.OFF, name="假日") for day in range(1, 7)]


def play(databases: Databases, *, stories: int, seed_: int) -> None:
    """Play so many stories, the same ones for the same seed.

    Raises:
        AssertionError: a promise was broken; a note holds the shortest such story as a table.
    """

    class OnTheseDatabases(Office):
        pass

    OnTheseDatabases.databases = databases
    how_many = settings(
        max_examples=stories,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    try:
        run_state_machine_as_test(seed(seed_)(OnTheseDatabases), settings=how_many)
    except AssertionError as broken:
        # Hypothesis ends with the shortest story that it found.
        broken.add_note(OnTheseDatabases.last.table())
        raise


class Office(RuleBasedStateMachine):
    """One person acts, or two act at once; time passes."""

    databases: Databases
    last: ClassVar[Told]

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
        self.url = self.databases.copy()
        self.store = Store(self.url)
        with self.store.write() as connection:
            teams = with_teams(TEAM, directory=current_named(connection))
            load(connection, teams, source="（试验）", loaded_by="administrator-1", now=begins)
        self.street = Street(self.store, now=begins, book=book)
        self.told = type(self).last = Told(self.street)
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
        self.told.note("居民", "提出诉求", number)
        if draw([True, True, False]):
            self.street.forward(timedelta(seconds=6))

    @rule(data=st.data())
    def a_new_order(self, data: st.DataObject) -> None:
        if len(self.street.placed) < 5:
            self.somebody_asks(data)

    @rule(data=st.data(), how=HOW, plain=st.sampled_from([True, True, False]))
    def staff_go_on(self, data: st.DataObject, how: str, plain: bool) -> None:
        self._decide(data, how, self._an_order(data), plain=plain)

    @rule(data=st.data())
    def staff_bring_it_to_a_unit(self, data: st.DataObject) -> None:
        order_no = self._an_order(data)
        for _ in range(4):
            self._decide(data, "now", order_no, plain=True, until=TaskKind.HANDLE)

    @rule(data=st.data())
    def staff_bring_it_to_its_answer(self, data: st.DataObject) -> None:
        order_no = self._an_order(data)
        for _ in range(7):
            self._decide(data, "now", order_no, plain=True)

    @rule(data=st.data(), how=HOW)
    def staff_choose_anything(self, data: st.DataObject, how: str) -> None:
        self._decide(data, how, self._an_order(data), plain=None)

    @rule(data=st.data(), rare=st.sampled_from(RARE), how=HOW)
    def staff_go_a_rare_way(self, data: st.DataObject, rare: str, how: str) -> None:
        for row in self._tasks(self._an_order(data)):
            if found := [each for each in outcomes_of(row) if each.name == rare]:
                self._answer(data, how, row, found[0], plain=False)
                return

    @rule(data=st.data(), how=HOW)
    def somebody_acts(self, data: st.DataObject, how: str) -> None:
        self._act(data, how, self._an_order(data))

    @rule(
        data=st.data(),
        how=HOW,
        name=st.sampled_from([ActionName.MERGE, ActionName.MERGE, ActionName.REOPEN, ActionName.WITHDRAW]),
    )
    def somebody_changes_its_course(self, data: st.DataObject, how: str, name: ActionName) -> None:
        self._act(data, how, self._an_order(data), name)

    @rule(data=st.data())
    def two_things_come_at_once(self, data: st.DataObject) -> None:
        order_no = self._an_order(data)
        for _ in range(2):
            match data.draw(st.sampled_from(["act", "decide", "hold"])):
                case "act":
                    self._act(data, "soon", order_no)
                case "decide":
                    self._decide(data, "soon", order_no, plain=None)
                case _:
                    self.the_office_holds_or_goes_on(data)
        self._go_on("now")

    @rule(data=st.data())
    def a_period_is_opened(self, data: st.DataObject) -> None:
        if len(self.street.meetings()) >= 3:
            return
        if opened := self.street.open_period(_choose(data)(COMMUNITIES)):
            self.told.note("日程", "开启本期院坝会职责", opened)

    @rule(data=st.data(), how=HOW, plain=st.sampled_from([True, True, True, None]))
    def a_team_goes_on(self, data: st.DataObject, how: str, plain: bool | None) -> None:
        open_ = [no for no, row in self.street.meetings().items() if row.stage != DutyStage.ARCHIVED]
        if open_:
            self._decide(data, how, _choose(data)(open_), plain=plain)

    @rule(data=st.data())
    def a_team_holds_its_meeting(self, data: st.DataObject) -> None:
        """Announce it, wait until its time has come, hold it and report it, unless something is in the way."""
        open_ = [no for no, row in self.street.meetings().items() if row.stage == DutyStage.PLANNING]
        if not open_:
            return
        number = _choose(data)(open_)
        self._decide(data, "now", number, plain=True)
        planned = self.street.meetings()[number].planned_at
        if planned is not None:
            self.street.forward(max(planned - self.street.now, timedelta(0)))
        for _ in range(2):
            self._decide(data, "now", number, plain=True)

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
                self.told.note(ordered_by, f"全所暂停计时，{self.told.at(since)}至{self.told.at(until)}")
            except HeldAlready as held:
                # If a hold begins a moment ahead, the refusal names its number.
                number = int(str(held).split()[1])
                lift_hold(connection, lifted_by=ordered_by, now=now, number=number)
                self.told.note(ordered_by, "恢复计时")

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
        run = self.street.running.get(self._a_matter(data))
        if run is None:
            return
        self.told.note(
            "系统", "工作进程重启，此后每步提交两次" if not run.twice else "工作进程重启", run.matter_no
        )
        run.restart()
        run.twice = not run.twice

    @rule(data=st.data())
    def an_operator_resets(self, data: st.DataObject) -> None:
        run = self.street.running.get(self._a_matter(data))
        if run is None or run.ended or not run.activations:
            return
        back = min(_choose(data)([1, 2, 5]), run.activations)
        self.told.note("运维", f"把流程退回 {back} 步，从那里重做", run.matter_no)
        run.reset(run.activations - back)

    @rule(
        fault=st.sampled_from(
            [*(("provider", each) for each in ("away", "drops", "refuses")), *_OF_THE_SERVER]
        ),
        times=st.integers(1, 3),
    )
    def a_fault(self, fault: tuple[str, str], times: int) -> None:
        what, how = fault
        self.told.note("系统", f"{what} {how} × {times}")
        setattr(getattr(self.street, what), how, times)

    @rule(data=st.data())
    def an_operator_signals(self, data: st.DataObject) -> None:
        run = self.street.running.get(self._an_order(data))
        if run is None or run.ended:
            return
        draw = _choose(data)
        said: dict[str, Any] = {"action_id": self.street.next_id("raw"), "actor": "ops", "fields": {}}
        name = draw(["withdraw", "urge", "supervise", "resume", "no_such_thing"])
        self.told.note("运维", f"手工发送信号 {name}", run.matter_no)
        run.act(said | {"action": name}, by_hand=True)
        run.settle()

    @rule(keep=st.integers(2, 6))
    def a_year_is_announced(self, keep: int) -> None:
        self.told.note("administrator-1", f"公布 2027 年安排，元旦假期 {keep} 天")
        with self.store.write() as connection:
            load_year(connection, 2027, NEW_YEAR[:keep], source="（试验）", now=self.street.now)

    @rule(data=st.data())
    def a_unit_is_moved(self, data: st.DataObject) -> None:
        draw = _choose(data)
        unit, to = draw([("community-03", "street-safety"), ("street-urban-management", "street-peace")])
        self.told.note("ops", f"{unit} 的工单移交 {to}")
        with self.store.write() as connection:
            move = begin_move(connection, unit, to, reason="撤并")
            order_nos = next_orders(connection, unit, after="")
            move_batch(connection, order_nos, move, to, reason="撤并", actor="ops", now=self.street.now)

    @rule()
    def everything_comes_to_rest(self) -> None:
        self.told.note("系统", "一切正常，全部送达")
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
            self.databases.remove(self.url)

    def _end(self) -> None:
        """Decide everything that brings matters to their end, and let time pass."""
        self.told.note("系统", "一切正常；此后各方尽责，直到全部办结")
        self.told.pause()
        for _ in range(80):
            self.street.quiet()
            running = [each for each in self.street.running.values() if not each.ended]
            if not running:
                return
            decided = [self._end_one(row) for each in running for row in self._tasks(each.matter_no)]
            if not any(decided):
                self.street.to_the_next_limit()
        raise AssertionError("I18: a matter goes on for ever")

    def _end_one(self, row: Any) -> bool:
        somebody, outcome = entitled(self.street.staff, row), ending(row)
        if not somebody or outcome is None or row.opened_at > self.street.now:
            return False
        fields = fields_for(
            lambda several: several[0], outcome.fields, plain=True, **self._known(row.matter_no)
        )
        submitted = self.street.decide(row.task_id, outcome.name, fields, somebody[0])
        self.street.send(submitted)
        return submitted is not None

    # The parts of rules.

    def _an_order(self, data: st.DataObject) -> str:
        numbers_ = self.street.numbers()
        rows = self.street.rows()
        still = [each for each in numbers_ if rows[each].stage != Stage.ARCHIVED] or numbers_
        return str(_choose(data)(still))

    def _a_matter(self, data: st.DataObject) -> str:
        return str(_choose(data)([*self.street.numbers(), *sorted(self.street.meetings())]))

    def _decide(
        self,
        data: st.DataObject,
        how: str,
        matter_no: str,
        *,
        plain: bool | None,
        until: TaskKind | None = None,
    ) -> None:
        """Decide a task of the store: with `plain`, as it lets the matter go on; with `None`, in any way."""
        draw = _choose(data)
        open_tasks = self._tasks(matter_no)
        if plain is not None:
            open_tasks = [each for each in open_tasks if each.kind not in BESIDE] or open_tasks
        if not open_tasks:
            return
        row = draw(open_tasks)
        if until is not None and row.kind == until:
            return
        outcome = going_on(row) if plain is not None else draw(outcomes_of(row))
        self._answer(data, how, row, outcome, plain=plain is True)

    def _answer(self, data: st.DataObject, how: str, row: Any, outcome: Outcome, *, plain: bool) -> None:
        draw, somebody = _choose(data), entitled(self.street.staff, row)
        if not somebody:
            return
        fields = fields_for(draw, outcome.fields, plain=plain, **self._known(row.matter_no))
        by = draw(somebody)
        submitted = self.street.decide(row.task_id, outcome.name, fields, by)
        label = kind_of(row.matter_no).tables.tasks[row.kind].label
        self.told.note(by.username, f"{label}：{outcome.label}", row.matter_no, submitted, how)
        self.street.send_in(submitted, how)
        self._go_on(how)

    def _act(self, data: st.DataObject, how: str, order_no: str, name: ActionName | None = None) -> None:
        draw = _choose(data)
        usual = [each for each in ActionName if ACTIONS[each].roles]
        action = ACTIONS[name or draw([*usual, ActionName.SUPERVISE, ActionName.RATE])]
        fields = fields_for(draw, action.fields, plain=False, **self._known(order_no))
        by = draw([None, *self._who_may(action.roles)]) if name is not ActionName.MERGE else None
        if name is ActionName.MERGE:
            by = self._who_may(action.roles)[0]
        submitted = self.street.act(order_no, action.name, fields, by)
        self.told.note(by.username if by else "居民", action.label, order_no, submitted, how)
        self.street.send_in(submitted, how)
        self._go_on(how)

    def _who_may(self, roles: frozenset[Role]) -> Sequence[Staff]:
        return [each for each in self.street.staff if not roles.isdisjoint(each.roles)][:3]

    def _known(self, matter_no: str) -> dict[str, Any]:
        others = [each for each in self.street.numbers() if each != matter_no]
        text = self.street.next_id("话")
        return {"now": self.street.now, "unit": self.unit, "text": text, "other": others}

    def _tasks(self, matter_no: str) -> Sequence[Any]:
        query = task.select().where(task.c.matter_no == matter_no, task.c.state.in_(UNFINISHED))
        with self.store.read() as connection:
            return list(connection.execute(query.order_by(task.c.opened_at, task.c.kind)).all())

    def _go_on(self, how: str) -> None:
        if how == "now":
            for run in list(self.street.running.values()):
                run.settle()


def _choose(data: st.DataObject) -> Any:
    return lambda several: data.draw(st.sampled_from(list(several)))
