"""Invariants of an office, whatever happens in it; each has the number of the promise that it checks.

I1 no order is lost, I2 none is doubled, I5 no decision is lost, I6 one winner a task, I7 limits, I8 the legal clock,
I9 the rows are a function of histories, I10 the audit, I11 messages, I12 the outbox, I18 the end.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from domain.duty.words import DutyEnding, DutyStage
from domain.order.templates import REPLIES, Template
from domain.order.words import Ending, Stage
from gateways.messaging.protocol import Message
from messages.matter.step import MatterStep
from messages.names import REQUESTER
from messages.order.step import OrderAnswer
from store.auditing import audit
from store.duty.tables import duty_issue
from store.matter.holding import hold_in_force
from store.matter.said.decisions import UNFINISHED
from store.matter.tables import decision, event, message, task
from store.mending.comparison import known_matters
from store.mending.rebuild import rebuild
from store.order.joined.joining import answers_to
from store.order.joined.leading import leading_of
from store.order.tables import requester
from tests.support.stories.hosted import Hosted, Written
from tests.support.stories.street import Street

_TOO_LATE = {DutyEnding.MISSED, DutyEnding.ENTERED_LATE}
_MOVES_A_PROMISE = {"OrderClassified", "RoundBegan", "DueTimesRecalculated"}


class Watch:
    """Checks an office at each step and whenever it is quiet."""

    def __init__(self, street: Street) -> None:
        self.street = street
        # By matter and run: a reset takes back what the abandoned run did.
        self._promised: dict[tuple[str, str], datetime] = {}
        self._missed: set[tuple[str, str]] = set()
        self._seen: dict[str, tuple[int, int]] = {}

    # At every step.

    def step(self, written: Written) -> None:
        """Check the step that an order has just recorded."""
        step, answer = written.step, written.answer
        if answer.pending or answer.hold:
            return
        self._limits(step)
        self._promise(written)
        for each in step.clocks:
            # A period's limits are told from its end.
            began = each.began or each.since
            assert answer.clocks[each.key].due_at >= began, "I7: a limit that had passed before it began"

    def _limits(self, step: MatterStep) -> None:
        for each in step.events:
            if each.type != "LimitPassed":
                continue
            due_at = datetime.fromisoformat(each.data["due_at"])
            assert each.at >= due_at, f"I7: a limit passed early, {each}"
        if step.expiry is not None:
            with self.street.store.read() as connection:
                assert hold_in_force(connection, at=step.at) is None, (
                    "I7: a limit passed while the office held"
                )

    def _promise(self, written: Written) -> None:
        step, answer = written.step, written.answer
        promised_at = answer.promised_at if isinstance(answer, OrderAnswer) else None
        if promised_at is None:
            return
        key = step.matter_no, step.run_id
        before, self._promised[key] = self._promised.get(key), promised_at
        why = {each.type for each in step.events}
        if "RoundBegan" in why:
            assert promised_at > step.at, "I8: a later round begins with a promise that is broken already"
        if before is not None and promised_at < before:
            assert why & _MOVES_A_PROMISE, f"I8: a promise was taken back by {why}"

    # When everything is at rest.

    def look(self, *, whole: bool = False) -> None:
        """Check the office, after everything that waited was sent, heard and delivered.

        A matter to which nothing has happened since the last look is written again from its history only if `whole`.
        """
        rows = self.street.rows()
        meetings = self.street.meetings()
        running = set(self.street.running)
        assert rows.keys() | meetings.keys() == running, "I1: a matter without its workflow, or the reverse"
        with self.street.store.read() as connection:
            brought = set(connection.scalars(select(duty_issue.c.order_no)))
            held = hold_in_force(connection, at=self.street.now) is not None
            tasks = connection.execute(select(task)).all()
            said = connection.execute(select(decision)).all()
            kept = connection.scalars(select(audit.c.data)).all()
            leads = {order_no: leading_of(connection, order_no) for order_no in rows}
            answers = {order_no: answers_to(connection, order_no) for order_no in rows}
        made = {number for number, row in rows.items() if row.split_from} | brought
        assert set(rows) - made == set(self.street.placed), "I1, I2: what was placed"
        self._meetings(meetings, tasks)
        for order_no, row in rows.items():
            run = self.street.running[order_no]
            assert held or not row.held, f"I8: {order_no} is held, and no hold is in force"
            assert run.ended == (row.stage == Stage.ARCHIVED), f"I9: {order_no} ended in one place only"
            open_tasks = [each for each in tasks if each.matter_no == order_no and each.state in UNFINISHED]
            assert row.stage in {Stage.JOINED, Stage.CLOSED, Stage.ARCHIVED} or open_tasks, (
                f"I7: {order_no} has no owner"
            )
            if row.stage == Stage.JOINED:
                leading = rows[leads[order_no]]
                assert leading.stage not in {Stage.CLOSED, Stage.ARCHIVED}, (
                    f"I7: {order_no} waits for {leading.order_no}, which is {leading.stage}"
                )
                assert answers[order_no] == run.state.answers_before, (
                    f"I7: {order_no} was answered, and waits"
                )
        for run in self.street.running.values():
            self._numbers(run)
            self._one_winner(run, tasks)
        self._settled(said, kept)
        self._function_of_histories(whole=whole)

    def _meetings(self, meetings: dict[str, Any], tasks: Sequence[Any]) -> None:
        owed = Counter((row.subject, row.period) for row in meetings.values())
        assert not owed or max(owed.values()) == 1, f"I2: owed twice, {owed}"
        for duty_no, row in meetings.items():
            assert self.street.running[duty_no].ended == (row.stage == DutyStage.ARCHIVED), (
                f"I9: {duty_no} ended in one place only"
            )
            open_tasks = [each for each in tasks if each.matter_no == duty_no and each.state in UNFINISHED]
            assert row.stage == DutyStage.ARCHIVED or open_tasks, f"I7: {duty_no} has no owner"
            key = duty_no, row.run_id
            assert row.missed_at or key not in self._missed, f"I8: {duty_no} was missed, and is not"
            self._missed |= {key} if row.missed_at else set()

    def _numbers(self, run: Hosted) -> None:
        with self.street.store.read() as connection:
            rows = connection.scalars(
                select(event.c.seq)
                .where(event.c.matter_no == run.matter_no, event.c.abandoned.is_(False))
                .order_by(event.c.seq)
            ).all()
        assert list(rows) == list(range(1, len(rows) + 1)), f"I9: events of {run.matter_no}: {rows}"

    def _one_winner(self, run: Hosted, tasks: Sequence[Any]) -> None:
        closed = Counter(each.task_id for step in committed(run) for each in step.closed)
        assert not closed or max(closed.values()) == 1, f"I6: closed twice: {closed}"
        done = {
            each.task_id for each in tasks if each.matter_no == run.matter_no and each.state not in UNFINISHED
        }
        assert set(closed) <= done, "I6: a task that was closed is open"

    def _settled(self, said: Sequence[Any], kept: Sequence[Any]) -> None:
        waiting = [(each.matter_no, each.decision_id) for each in said if each.status == "pending"]
        assert not waiting, f"I5: nobody judged {waiting}"
        audited = {str(data.get("decision_id")) for data in kept}
        for each in said:
            assert each.decision_id in audited, f"I10: nobody wrote down {each.decision_id}"
        verdicts: dict[str, list[bool]] = {}
        for run in self.street.running.values():
            for step in committed(run):
                for verdict in step.verdicts:
                    verdicts.setdefault(f"{run.matter_no} {verdict.said.said_id}", []).append(verdict.applied)
        for key, found in verdicts.items():
            assert found.count(True) <= 1, f"I5: {key} was applied twice"

    def _function_of_histories(self, *, whole: bool) -> None:
        for number, run in self.street.running.items():
            here = len(run.runs), run.activations
            if self._seen.get(number) == here and not whole:
                continue
            self._seen[number] = here
            with self.street.store.write() as connection:
                written = rebuild(connection, run.recorded(), dry_run=True)
                known = known_matters(connection, [number])[number]
            assert not written.changed, f"I9: {written}"
            assert not written.lost, f"I9: {written}"
            assert not written.sent_again, f"I5: {written}"
            if steps := list(committed(run)):
                differs = known.differs_from(steps[-1])
                assert differs is None, f"I9: {number}: {differs}"

    # At the end.

    def end(self) -> None:
        """Check the messages to everybody, when nothing can happen any more."""
        self.look(whole=True)
        rows = self.street.rows()
        for order_no, row in rows.items():
            assert row.stage == Stage.ARCHIVED, f"I18: {order_no} never ended"
            assert not row.held, f"I8: {order_no} is held for ever"
        for duty_no, row in self.street.meetings().items():
            assert row.ending, f"I18: {duty_no} never ended"
            assert (row.missed_at is not None) == (row.ending in _TOO_LATE), (
                f"I8: {duty_no} is {row.ending}, missed at {row.missed_at}"
            )
        with self.street.store.read() as connection:
            written = connection.execute(select(message).order_by(message.c.id)).all()
            people = {row.order_no: row for row in connection.execute(select(requester))}
            happened = connection.execute(select(event).where(event.c.abandoned.is_(False))).all()
            given = {order_no: answers_to(connection, order_no) for order_no in rows}
        for each in written:
            self._went_out(each)
        self._told_once()
        dropped = Counter(
            each.for_matter for each in written if each.template in REPLIES and each.state == "dropped"
        )
        self._told_the_answer(rows, people, happened, given=given, dropped=dropped)
        self._told_no_more(rows, happened)

    def _went_out(self, row: Any) -> None:
        """Check that a message's state is true: the provider took it, refused it, or never saw it.

        If the provider took it without answering, and a withdrawal then dropped it, the store cannot know.
        """
        key = f"{row.for_matter}:{row.run_id}:{row.event_seq}:{row.recipient}:{row.template}"
        provider = self.street.provider
        how = {(True, False): "sent", (False, True): "failed", (False, False): "dropped"}
        seen = how[key in provider.accepted, key in provider.refused]
        is_unknown = row.state == "dropped" and key in provider.unanswered
        assert row.state == seen or is_unknown, f"I11: {key} is {row.state}, and was {seen}"

    def _told_once(self) -> None:
        """Check that no resident got the same words twice: a reply holds the words of one decision.

        A reset may say again what the abandoned run has said: an operator chose it (`docs/runbooks.md`).
        """
        told = Counter(
            (each.order_no, each.words) for each in self._replies() if self._ran_once(each.order_no)
        )
        twice = [key for key, times in told.items() if times > 1]
        assert not twice, f"I11: told twice, {twice}"

    def _told_the_answer(
        self,
        rows: dict[str, Any],
        people: dict[str, Any],
        happened: Sequence[Any],
        *,
        given: dict[str, int],
        dropped: Counter[str],
    ) -> None:
        """Check that every answer reached its resident; a joined order notes the leading order's answer as its own.

        A withdrawal that is heard after such an answer was given ends the order before it can note it (ADR-0024); and
        it drops an answer that has not been sent.
        """
        told = Counter(each.order_no for each in self._replies())
        noted = Counter((each.matter_no, each.type) for each in happened)
        taken_over = Counter(
            each.matter_no
            for each in happened
            if each.type == "OrderReplied" and each.data["ending"] == Ending.MERGED
        )
        for order_no, row in rows.items():
            if order_no not in people or row.requester_left or not self._ran_once(order_no):
                continue
            least = most = owed = noted[order_no, "OrderReplied"]
            if noted[order_no, "OrderWithdrawn"]:
                least -= dropped[order_no]
                most += given[order_no] - taken_over[order_no]
            assert least <= told[order_no] <= most, (
                f"I11: {order_no} was told {told[order_no]} of {owed} answers"
            )

    def _ran_once(self, order_no: str) -> bool:
        return len(self.street.running[order_no].runs) == 1

    def _replies(self) -> list[Message]:
        """Return all replies that reached the provider, including those that it refused."""
        provider = self.street.provider
        seen = (provider.accepted | provider.refused).values()
        return [each for each in seen if each.recipient == REQUESTER and each.template.startswith("replied")]

    def _told_no_more(self, rows: dict[str, Any], happened: Sequence[Any]) -> None:
        """Check that a resident who has withdrawn got no further message, but of the parts that go on without it."""
        taken_back = {
            each.matter_no: each.at
            for each in happened
            if each.type == "OrderWithdrawn" and rows[each.matter_no].ending == "withdrawn"
        }
        for each in self.street.provider.accepted.values():
            if (
                each.recipient == REQUESTER
                and each.order_no in taken_back
                and each.template != Template.SPLIT
            ):
                at = self.street.provider.accepted_at[each.key]
                assert at <= taken_back[each.order_no], f"I11: {each} was sent after the withdrawal"


def committed(run: Hosted) -> Iterator[MatterStep]:
    """Yield the committed steps; one that was handed back, or that a reset has abandoned, does not count."""
    for each in run.written:
        if not (each.answer.pending or each.answer.hold or each.abandoned):
            yield each.step
