"""An office in which people and faults do what a story says, to orders and meetings, one at a time or at once.

Plays the workflows inside this process on a real store (`street`); the promises are checked by `invariants`. What
happens is written down as a table in the office's own words (`Told`), so that an official can read a story that failed.
Which moves a story has, and how often each comes, is drawn by `playing`. A kind of matter plugs in by its tables
(`moves`), its rows (`Street`, `Watch`) and its moves here.
"""

import random
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

from domain.calendar.workdays import DayKind, NamedDay
from domain.duty.lifecycle import DutyTask
from domain.duty.words import DutyStage
from domain.kinds import kind_of
from domain.matter.tasks import Outcome
from domain.office.first_directory import FIRST
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
from tests.support.stories.moves import Choose, ending, entitled, fields_for, going_on, outcomes_of
from tests.support.stories.story import ALL_FLAGS
from tests.support.stories.street import Street
from tests.support.stories.told import Told
from tests.support.teams import a_team, with_teams
from workflows.options import HEARD_BY_HAND

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 28, 2, 0, tzinfo=UTC)
"""Some days before a year whose holidays are not announced, and before the end of a period."""
UNITS = {"seconds": timedelta(seconds=1), "standard-2": timedelta(hours=2)}
"""The length of a short while, by policy book."""
BESIDE = {TaskKind.SUPERVISE, TaskKind.ASSIST}
HOW = ("now", "now", "soon", "later")
"""Heard at once; heard with the next activation; left to `Reconcile`."""
_BEFORE_A_REPORT: Final = {DutyStage.PLANNING, DutyStage.PLANNED, DutyStage.HELD}
_BY_HAND: Final = ("withdraw", "urge", "supervise", "resume", "no_such_thing")
"""Actions that an operator sends."""
_BEFORE_A_UNIT: Final = {Stage.FIRST_CONTACT, Stage.CLASSIFICATION, Stage.DISPATCH}
_PEOPLES: Final = tuple(each for each in ActionName if not ACTIONS[each].is_the_offices)
"""The actions that people send."""
_MOST_ORDERS: Final = 5
_MOST_MEETINGS: Final = 3
_ENOUGH: Final = 80
"""Rounds in which everything ends, if everybody does their work."""
COMMUNITIES = ("community-03", "community-05")
TEAM = a_team(leader="leader-1", deputy="leader-2", communities=COMMUNITIES[:1])
"""One community has a team; for the other the street's leaders answer."""
FAULTS = (
    *(("provider", each) for each in ("away", "drops", "refuses")),
    *(("server", each) for each in ("away", "drops")),
)
NEW_YEAR = [NamedDay(day=date(2027, 1, day), kind=DayKind.OFF, name="假日") for day in range(1, 7)]


class Office:
    """One person acts, or two act at once; time passes. Each public method without arguments is a move."""

    def __init__(self, databases: Databases, choose: random.Random) -> None:
        """Open an office with a few orders, on a store of its own; `choose` draws by which policy book and when."""
        # The random parts of numbers and task ids are the same each time, so that a story can be repeated.
        self._secrets = vars(numbers)["secrets"]
        vars(numbers)["secrets"] = SimpleNamespace(token_bytes=random.Random(1).randbytes)
        book, now = choose.choice(sorted(UNITS)), choose.choice([MONDAY, MONDAY, DECEMBER])
        # The SDK takes up the jobs of an activation one by one, or in later versions together.
        flags = choose.choice([ALL_FLAGS, frozenset()])
        self._databases = databases
        self._url = databases.copy()
        self.store = Store(self._url)
        with self.store.write() as connection:
            teams = with_teams(TEAM, directory=current_named(connection))
            load(connection, teams, source="（试验）", loaded_by="administrator-1", now=now)
        self.street = Street(self.store, now=now, book=book, flags=flags)
        self.told = Told(self.street)
        self.watch = Watch(self.street)
        self.street.on_record = self.watch.step
        self.unit = UNITS[book]
        self.draw: Choose = choose.choice
        for _ in range(self.draw([1, 2, 2, 3])):
            self.somebody_asks()

    def move(self, name: str, choose: random.Random) -> None:
        """Let something happen; `choose` draws to whom, and how."""
        self.draw = choose.choice
        getattr(self, name)()

    def end(self) -> None:
        """Bring everything to its end, and check all promises."""
        self.street.quiet()
        self.watch.look()
        self._end()
        self.watch.end()

    def close(self) -> None:
        """Remove the office."""
        vars(numbers)["secrets"] = self._secrets
        self.street.close()
        self.store.close()
        self._databases.remove(self._url)

    # What people do.

    def somebody_asks(self) -> None:
        if len(self.street.placed) >= _MOST_ORDERS:
            return
        draw = self.draw
        soon = self.street.now + self.unit * draw([2, 12, 60])
        number = self.street.place(
            description=f"第{len(self.street.placed) + 1}件",
            source_due_at=draw([None, None, soon]),
            confidential=draw([False, False, False, True]),
            # Results in these categories need no picture; nobody has one here.
            category=draw(["noise", "neighbourhood", "welfare"]),
            **draw([{}, {}, {"requester": {"phone": None}}]),
        )
        self.told.note("居民", "提出诉求", number)
        if draw([True, True, False]):
            self.street.forward(timedelta(seconds=6))

    def staff_go_on(self) -> None:
        self._decide(self.draw(HOW), self._an_order(), plain=self.draw([True, True, False]))

    def staff_bring_it_to_a_unit(self) -> None:
        order_no = self._an_order(lambda row: row.stage in _BEFORE_A_UNIT)
        self._begin(order_no)
        for _ in range(4):
            self._decide("now", order_no, plain=True, until=TaskKind.HANDLE)

    def staff_bring_it_to_its_answer(self) -> None:
        order_no = self._an_order()
        self._begin(order_no)
        for _ in range(7):
            self._decide("now", order_no, plain=True)

    def staff_choose_anything(self) -> None:
        self._decide(self.draw(HOW), self._an_order(), plain=None)

    def staff_go_a_rare_way(self) -> None:
        offered = [
            (row, outcome)
            for row in self._tasks(*self.street.running)
            for outcome in outcomes_of(row)
            if outcome != going_on(row) and outcome.name not in row.withheld
        ]
        if offered:
            # First which outcome, then whose: a common one does not hide the others.
            name = self.draw(sorted({outcome.name for _, outcome in offered}))
            row, outcome = self.draw([each for each in offered if each[1].name == name])
            self._answer(self.draw(HOW), row, outcome, plain=self.draw([True, False]))

    def a_review_is_decided(self) -> None:
        open_ = [row for row in self._tasks(*self.street.running) if row.kind == TaskKind.REVIEW]
        if open_:
            row = self.draw(open_)
            self._answer(self.draw(HOW), row, self.draw([going_on(row), *outcomes_of(row)]), plain=False)

    def somebody_acts(self) -> None:
        self._act(self.draw(HOW), self._an_order())

    def somebody_acts_in_time(self) -> None:
        rows = self.street.rows()
        possible = [
            (name, no) for no, row in rows.items() for name in _PEOPLES if row.stage in ACTIONS[name].stages
        ]
        if possible:
            name = self.draw(sorted({each for each, _ in possible}))
            order_no = self.draw([no for each, no in possible if each == name])
            self._act(self.draw(HOW), order_no, name)

    def an_order_is_joined(self) -> None:
        if len(self.street.numbers()) > 1:
            self._act(self.draw(HOW), self._an_order(), ActionName.MERGE)

    def an_order_is_reopened(self) -> None:
        order_no = self._an_order(lambda row: row.stage == Stage.CLOSED)
        self._act(self.draw(HOW), order_no, ActionName.REOPEN)

    def an_order_is_withdrawn(self) -> None:
        self._act(self.draw(HOW), self._an_order(), ActionName.WITHDRAW)

    def things_come_at_once(self) -> None:
        order_no = self._an_order()
        for _ in range(2):
            match self.draw(["act", "decide", "hold"]):
                case "act":
                    self._act("soon", order_no)
                case "decide":
                    self._decide("soon", order_no, plain=None)
                case _:
                    self.the_office_holds_or_goes_on()
        self._go_on("now")

    def a_period_is_opened(self) -> None:
        if len(self.street.meetings()) >= _MOST_MEETINGS:
            return
        if opened := self.street.open_period(self.draw(COMMUNITIES)):
            self.told.note("日程", "开启本期院坝会职责", opened)

    def a_team_goes_on(self) -> None:
        if open_ := self._meetings_in({*DutyStage} - {DutyStage.ARCHIVED}):
            self._decide(self.draw(HOW), self.draw(open_), plain=self.draw([True, True, True, None]))

    def a_team_holds_its_meeting(self) -> None:
        """Announce it, wait until its time has come, hold it and report it, unless something comes between."""
        number = self._a_meeting({DutyStage.PLANNING})
        if number is None:
            return
        self._decide("now", number, plain=True)
        if self.draw([True, False, False]):
            # Put off, called off, or excused.
            self._decide("now", number, plain=None)
        self._wait_until(self.street.meetings()[number].planned_at)
        for _ in range(2):
            self._decide("now", number, plain=True)

    def a_report_comes_late(self) -> None:
        """Report a meeting after its period, perhaps so late that a leader must approve it."""
        number = self._a_meeting(_BEFORE_A_REPORT)
        if number is None:
            return
        self._decide("now", number, plain=True)
        held = self.street.now + self.unit * 3
        self._wait_until(self.street.meetings()[number].period_ends)
        self.street.forward(self.unit)
        entry = next((row for row in self._tasks(number) if row.kind == DutyTask.CLOSE_MEETING), None)
        if entry is None:
            return
        if self.draw([True, False]):
            self._wait_until(entry.due_at)
        self._answer("now", entry, going_on(entry), plain=True, at=held)
        for row in self._tasks(number):
            if row.kind == DutyTask.REVIEW:
                self._answer("now", row, self.draw(outcomes_of(row)), plain=False)

    def a_leader_decides(self) -> None:
        """Decide a supervision, in any of its ways."""
        open_ = [row for row in self._tasks(*self.street.running) if row.kind == TaskKind.SUPERVISE]
        if open_:
            row = self.draw(open_)
            self._answer(self.draw(HOW), row, self.draw(outcomes_of(row)), plain=False)

    def the_office_holds_or_goes_on(self) -> None:
        now, ordered_by = self.street.now, "administrator-1"
        since = now + self.unit * self.draw([0, 0, 1, 8])
        until = since + self.unit * self.draw([2, 6, 30])
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

    def a_year_is_announced(self) -> None:
        keep = self.draw(range(2, 7))
        self.told.note("administrator-1", f"公布 2027 年安排，元旦假期 {keep} 天")
        with self.store.write() as connection:
            load_year(connection, 2027, NEW_YEAR[:keep], source="（试验）", now=self.street.now)

    def a_unit_is_moved(self) -> None:
        works = sorted({row.unit for row in self.street.rows().values()} & set(FIRST.handling_units))
        unit, to = self.draw(works or ["community-03"]), self.draw(["street-safety", "street-peace"])
        if unit == to:
            return
        # A command names what it asks by the instant: no two begin in the same microsecond.
        self.street.forward(timedelta(seconds=1))
        self.told.note("ops", f"{unit} 的工单移交 {to}")
        with self.store.write() as connection:
            move = begin_move(connection, unit, to, reason="撤并")
            order_nos = next_orders(connection, unit, after="")
            move_batch(connection, order_nos, move, to, reason="撤并", actor="ops", now=self.street.now)

    # What happens by itself.

    def time_goes_by(self) -> None:
        short_whiles = self.draw([1, 1, 3, 8, 25])
        self.told.note("时间", f"过去 {self.unit * short_whiles}")
        self.street.forward(self.unit * short_whiles)

    def time_goes_by_to_the_next_limit(self) -> None:
        nearest = self.street.next_instant(self.street.now + self.unit * 400)
        if nearest is not None:
            self.told.note("时间", f"到最近的时限 {self.told.at(nearest)}")
            self._wait_until(nearest)

    def a_worker_dies(self) -> None:
        run = self.street.running.get(self._a_matter())
        if run is None:
            return
        self.told.note(
            "系统", "工作进程重启，此后每步提交两次" if not run.twice else "工作进程重启", run.matter_no
        )
        run.restart()
        run.twice = not run.twice

    def an_operator_resets(self) -> None:
        run = self.street.running.get(self._a_matter())
        if run is None or run.ended or not run.activations:
            return
        back = min(self.draw([1, 2, 5]), run.activations)
        self.told.note("运维", f"把流程退回 {back} 步，从那里重做", run.matter_no)
        run.reset(run.activations - back)

    def an_operator_signals(self) -> None:
        run = self.street.running.get(self._an_order())
        if run is None or run.ended:
            return
        name, times = self.draw(_BY_HAND), self.draw([*[1] * 9, HEARD_BY_HAND + 1])
        self.told.note("运维", f"手工发送信号 {name} × {times}", run.matter_no)
        for _ in range(times):
            said: dict[str, Any] = {"action_id": self.street.next_id("raw"), "actor": "ops", "fields": {}}
            run.act(said | {"action": name}, by_hand=True)
        run.settle()

    def a_fault(self) -> None:
        (what, how), times = self.draw(FAULTS), self.draw([1, 2, 3])
        self.told.note("系统", f"{what} {how} × {times}")
        setattr(getattr(self.street, what), how, times)

    def everything_comes_to_rest(self) -> None:
        self.told.note("系统", "一切正常，全部送达")
        self.street.quiet()
        self.watch.look()

    # The parts of moves.

    def _end(self) -> None:
        """Decide everything that brings matters to their end, and let time pass."""
        self.told.note("系统", "一切正常；此后各方尽责，直到全部办结")
        self.told.pause()
        for _ in range(_ENOUGH):
            self.street.quiet()
            running = [each.matter_no for each in self.street.running.values() if not each.ended]
            if not running:
                return
            decided = [self._end_one(row) for row in self._tasks(*running)]
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

    def _an_order(self, wanted: Callable[[Any], bool] = lambda row: row.stage != Stage.ARCHIVED) -> str:
        """Draw one of the wanted orders, or any if there is none."""
        known, rows = self.street.numbers(), self.street.rows()
        return str(self.draw([each for each in known if wanted(rows[each])] or known))

    def _wait_until(self, at: datetime | None) -> None:
        """Let time go by until an instant, unless it is over or there is none."""
        if at is not None:
            self.street.forward(max(at - self.street.now, timedelta(0)))

    def _begin(self, order_no: str) -> None:
        """Wait until an order has its workflow, unless the server is away."""
        if order_no not in self.street.running:
            self.street.forward(timedelta(minutes=1))

    def _a_matter(self) -> str:
        return str(self.draw([*self.street.numbers(), *sorted(self.street.meetings())]))

    def _a_meeting(self, stages: Collection[DutyStage]) -> str | None:
        """Draw a meeting in one of these stages; if there is none, open a period first."""
        if not (found := self._meetings_in(stages)):
            self.a_period_is_opened()
            self.street.turn()
            found = self._meetings_in(stages)
        return self.draw(found) if found else None

    def _meetings_in(self, stages: Collection[DutyStage]) -> list[str]:
        return [no for no, row in self.street.meetings().items() if row.stage in stages]

    def _decide(self, how: str, matter_no: str, *, plain: bool | None, until: TaskKind | None = None) -> None:
        """Decide a task of the store: with `plain`, as it lets the matter go on; with `None`, in any way."""
        open_tasks = self._tasks(matter_no)
        if plain is not None:
            open_tasks = [each for each in open_tasks if each.kind not in BESIDE] or open_tasks
        if not open_tasks:
            return
        row = self.draw(open_tasks)
        if until is not None and row.kind == until:
            return
        outcome = going_on(row) if plain is not None else self.draw(outcomes_of(row))
        self._answer(how, row, outcome, plain=plain is True)

    def _answer(
        self, how: str, row: Any, outcome: Outcome, *, plain: bool, at: datetime | None = None
    ) -> None:
        """Decide a task; `at` is the instant from which its times are drawn, if not now."""
        somebody = entitled(self.street.staff, row)
        if not somebody:
            return
        known = self._known(row.matter_no) | ({"now": at} if at else {})
        fields = fields_for(self.draw, outcome.fields, plain=plain, due_at=row.due_at, **known)
        by = self.draw(somebody)
        submitted = self.street.decide(row.task_id, outcome.name, fields, by)
        label = kind_of(row.matter_no).tables.tasks[row.kind].label
        self.told.note(by.username, f"{label}：{outcome.label}", row.matter_no, submitted, how)
        self.street.send_in(submitted, how)
        self._go_on(how)

    def _act(self, how: str, order_no: str, name: ActionName | None = None) -> None:
        action = ACTIONS[name or self.draw([*_PEOPLES, ActionName.SUPERVISE, ActionName.RATE])]
        fields = fields_for(self.draw, action.fields, plain=False, **self._known(order_no))
        by = self.draw([None, *self._who_may(action.roles)]) if name is not ActionName.MERGE else None
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

    def _tasks(self, *matter_nos: str) -> Sequence[Any]:
        query = task.select().where(task.c.matter_no.in_(matter_nos), task.c.state.in_(UNFINISHED))
        with self.store.read() as connection:
            # By number, as a split's parts appear in any order.
            return list(
                connection.execute(query.order_by(task.c.matter_no, task.c.opened_at, task.c.kind)).all()
            )

    def _go_on(self, how: str) -> None:
        if how == "now":
            for run in list(self.street.running.values()):
                run.settle()
