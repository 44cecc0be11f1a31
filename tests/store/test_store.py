"""The real database: schema, locking, and steps that are written exactly once."""

import json
import threading
import time
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InternalError

from domain.calendar.workdays import wall_time
from domain.doors import CredentialKind
from domain.order.policy import SECONDS, STANDARD
from messages.matter.signals import CompleteTask
from messages.matter.step import (
    EventRecord,
    PromiseRequest,
    Verdict,
)
from messages.order.step import OrderAnswer, OrderStep
from store.database import Store, StoreUnavailable, WriteConflict
from store.deciding import submit_decision
from store.matter import outbox
from store.matter.recorded import OtherRun, StepDiffers
from store.office.people import find_staff
from store.order import intake
from store.order.said.decisions import lock_order
from store.signin.credentials import find_subject, mint, revoke
from tests.store.taking import answer_of, rows, step_of, take
from tests.support.machine.databases import Databases, PostgresDatabases
from tests.support.office import now


class TestAConnection:
    def test_that_the_server_has_ended_is_replaced_unnoticed(self, databases: Databases) -> None:
        if not isinstance(databases, PostgresDatabases):
            pytest.skip("SQLite has no server")
        store = Store(databases.copy())
        start = take(store)
        databases.end_all_connections()
        assert rows(store, "SELECT order_no FROM orders") == [(start.order_no,)]
        databases.end_all_connections()
        take(store)
        store.close()


class TestAReader:
    def test_sees_one_state_however_many_its_statements(self, store: Store) -> None:
        count = text("SELECT count(*) FROM orders")
        take(store)
        with store.read() as connection:
            before = connection.scalar(count)
            take(store)
            assert connection.scalar(count) == before == 1
        assert rows(store, "SELECT count(*) FROM orders") == [(2,)]

    def test_writes_nothing(self, databases: Databases) -> None:
        if not isinstance(databases, PostgresDatabases):
            pytest.skip("SQLite lets a reader write")
        store = Store(databases.copy())
        with pytest.raises(InternalError), store.read() as connection:
            connection.execute(text("DELETE FROM orders"))
        store.close()


class TestAStatement:
    def test_on_a_table_that_is_not_there_says_that_the_installation_lacks_it(self, store: Store) -> None:
        with pytest.raises(StoreUnavailable, match="dingdan setup"), store.read() as connection:
            connection.execute(text("SELECT 1 FROM nothing_of_ours"))

    @pytest.mark.parametrize(
        "mistake", ["SELECT nothing_of_ours FROM orders", "SELEC 1", "SELECT nothing_of_ours(1)"]
    )
    def test_that_is_wrong_is_shown_as_our_mistake(self, store: Store, mistake: str) -> None:
        with pytest.raises(DBAPIError), store.read() as connection:
            connection.execute(text(mistake))


class TestALock:
    def test_is_waited_for_no_longer_than_its_time(
        self, databases: Databases, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("store.database._LOCK_WAIT_MS", 300)
        store = Store(databases.copy())
        start = take(store)
        began = time.monotonic()
        with store.write() as connection:
            lock_order(connection, start.order_no)
            refused: list[Exception] = []
            other = threading.Thread(target=self._change, args=(store, start.order_no, refused))
            other.start()
            other.join(10)
        assert [type(each) for each in refused] == [StoreUnavailable]
        assert time.monotonic() - began < 5
        store.close()

    @staticmethod
    def _change(store: Store, order_no: str, refused: list[Exception]) -> None:
        try:
            with store.write() as connection:
                lock_order(connection, order_no)
        except StoreUnavailable as error:
            refused.append(error)


@pytest.mark.sqlite
class TestSqlite:
    def test_loses_no_update_of_eight_writers(self, store: Store) -> None:
        """Red without `BEGIN IMMEDIATE`: most updates that read first would vanish without an error."""
        with store.write() as connection:
            connection.execute(text("CREATE TABLE counter (n INTEGER)"))
            connection.execute(text("INSERT INTO counter VALUES (0)"))

        def count() -> None:
            for _ in range(25):
                with store.write() as connection:
                    n = connection.scalar(text("SELECT n FROM counter"))
                    connection.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})

        writers = [threading.Thread(target=count) for _ in range(8)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert rows(store, "SELECT n FROM counter") == [(200,)]

    def test_syncs_fully_and_checks_foreign_keys(self, store: Store) -> None:
        assert rows(store, "PRAGMA synchronous") == [(2,)]
        assert rows(store, "PRAGMA foreign_keys") == [(1,)]
        assert rows(store, "PRAGMA journal_mode") == [("wal",)]

    def test_names_a_taken_key(self, store: Store) -> None:
        start = take(store)
        with pytest.raises(WriteConflict), store.write() as connection:
            connection.execute(text("INSERT INTO requester (order_no) VALUES (:no)"), {"no": start.order_no})


class TestAStep:
    def test_is_written_whole_and_answers_with_its_clocks(self, store: Store) -> None:
        start = take(store)
        step = step_of(start)
        with store.write() as connection:
            answer = answer_of(connection, step, STANDARD)
        due = answer.clocks[step.opened[0].task_id].due_at
        assert due == step.at + wall_time(STANDARD.desk)
        states = dict(rows(store, "SELECT kind, state FROM task WHERE matter_no = :no", no=start.order_no))
        assert states == {"first_contact": "done", "classify": "open"}
        (order,) = rows(store, "SELECT stage, run_id, recorded_seq, due_at FROM matter")
        assert order[:3] == ("classification", "run-1", 2)
        assert datetime.fromisoformat(order[3] + "+00:00") == due

    def test_promises_no_more_than_a_superior_platform_allows(self, store: Store) -> None:
        cap = now() + timedelta(days=2)
        start = take(store, source_due_at=cap)
        asked = PromiseRequest(since=start.received_at, order_class="general", is_capped=True)
        step = step_of(start, promise=asked)
        with store.write() as connection:
            assert answer_of(connection, step, STANDARD).promised_at == cap

    def test_that_fails_says_nothing_of_its_values(self, store: Store) -> None:
        twice = EventRecord(seq=2, at=now(), type="X", actor="PRIVATE-13912345678")
        step = step_of(take(store), events=(twice, twice))
        with pytest.raises(WriteConflict) as failed, store.write() as connection:
            answer_of(connection, step, STANDARD)
        assert failed.value.__cause__ is None
        assert "PRIVATE" not in str(failed.value)

    def test_is_written_once_however_often_it_comes(self, store: Store) -> None:
        step = step_of(take(store))
        answers: list[OrderAnswer] = []
        for _ in range(3):
            with store.write() as connection:
                # A later policy must not change an answer that was given.
                answers.append(answer_of(connection, step, STANDARD if not answers else SECONDS))
        assert answers[0] == answers[1] == answers[2]
        assert len(rows(store, "SELECT * FROM event WHERE type = 'OrderReferred'")) == 1

    def test_that_fails_changes_nothing(self, store: Store) -> None:
        start = take(store)
        twice = EventRecord(seq=2, at=now(), type="X", actor="system")
        with pytest.raises(WriteConflict), store.write() as connection:
            answer_of(connection, step_of(start, events=(twice, twice)), STANDARD)
        assert rows(store, "SELECT stage FROM matter") == [("first_contact",)]
        assert len(rows(store, "SELECT * FROM task")) == 1

    def test_of_a_new_run_takes_over_from_one_that_was_reset(self, store: Store) -> None:
        start = take(store)
        with store.write() as connection:
            answer_of(connection, step_of(start), STANDARD)
        later = start.received_at + timedelta(hours=1)
        other = EventRecord(seq=2, at=later, type="OrderWithdrawn", actor="resident")
        step = step_of(start, run_id="run-2", at=later, events=(other,), opened=(), clocks=(), open_tasks=())
        with pytest.raises(OtherRun, match="run-1"), store.write() as connection:
            answer_of(connection, step, STANDARD)
        with store.write() as connection:
            answer_of(connection, step, STANDARD, "run-1")
        kept = rows(store, "SELECT type FROM event WHERE NOT abandoned ORDER BY seq")
        assert kept == [("OrderReceived",), ("OrderWithdrawn",)]
        assert rows(store, "SELECT state FROM task WHERE kind = 'classify'") == [("superseded",)]
        with pytest.raises(OtherRun, match="run-2"), store.write() as connection:
            answer_of(connection, step_of(start, seq=2), STANDARD, "run-1")

    def test_that_says_something_else_under_a_number_that_was_committed_is_not_answered(
        self, store: Store
    ) -> None:
        start = take(store)
        step = step_of(start)
        with store.write() as connection:
            answer_of(connection, step, STANDARD)
        other = step.model_copy(update={"facts": step.facts.model_copy(update={"unit": "community-01"})})
        with pytest.raises(StepDiffers, match="dingdan rebuild"), store.write() as connection:
            answer_of(connection, other, STANDARD)
        again = OrderStep.model_validate({**step.model_dump(mode="json"), "known_to_a_later_version": 1})
        with store.write() as connection:
            answer_of(connection, again, STANDARD)

    def test_hands_back_what_is_pending_instead_of_an_automatic_step(self, store: Store) -> None:
        start = take(store)
        first = start.first_task.task_id
        with store.write() as connection:
            officer = find_staff(connection, "duty-1", now=now())
            assert officer is not None
            submit_decision(
                connection,
                task_id=first,
                decision_id="d-1",
                outcome="resolve",
                fields={"text": "x"},
                comment=None,
                staff=officer,
                now=now(),
            )
        with store.write() as connection:
            answer = answer_of(connection, step_of(start, expiry=first), STANDARD)
        (said,) = answer.pending
        assert isinstance(said, CompleteTask)
        assert (said.decision_id, said.stored) == ("d-1", ("text",))
        assert rows(store, "SELECT state FROM task") == [("open",)]
        applied = step_of(start, verdicts=(Verdict(said=said, applied=True, at=now()),))
        with store.write() as connection:
            answer_of(connection, applied, STANDARD)
        assert rows(store, "SELECT status FROM decision") == [("applied",)]

    def test_keeps_the_words_of_an_operator_who_was_faster_than_the_step_that_opens_the_task(
        self, store: Store
    ) -> None:
        start = take(store)
        step = step_of(start)
        (opened,) = step.opened
        said = CompleteTask(
            task_id=opened.task_id, decision_id="by-hand", actor="ops", outcome="reject", comment="不予受理"
        )
        with store.write() as connection:
            verdict = Verdict(said=said, applied=True, at=now())
            answer_of(connection, step.model_copy(update={"verdicts": (verdict,)}), STANDARD)
        ((texts,),) = rows(store, "SELECT texts FROM decision WHERE decision_id = 'by-hand'")
        assert json.loads(texts) == {"text": "不予受理"}


class TestTheOutbox:
    def test_gives_an_orders_start_before_its_signals(self, store: Store) -> None:
        start = take(store)
        with store.write() as connection:
            outbox.put(connection, start.order_no, outbox.OutboxKind.SIGNAL, {"n": 1}, now=now())
        soon = now() + timedelta(seconds=10)
        kinds = []
        for _ in range(2):
            with store.write() as connection:
                (waiting,) = outbox.claim(connection, now=soon, limit=10)
                kinds.append(waiting.kind)
                outbox.settle(connection, waiting, now=soon, result=outbox.Result.SENT)
        assert kinds == ["start", "signal"]

    def test_lends_a_row_to_one_at_a_time_and_again_when_the_lease_is_over(self, store: Store) -> None:
        take(store)
        soon = now() + timedelta(seconds=10)
        with store.write() as connection:
            (first,) = outbox.claim(connection, now=soon, limit=10)
            assert outbox.claim(connection, now=soon, limit=10) == []
        later = soon + timedelta(minutes=1)
        with store.write() as connection:
            (second,) = outbox.claim(connection, now=later, limit=10)
            outbox.settle(
                connection, first, now=later, result=outbox.Result.SENT
            )  # the late loser marks nothing
            assert outbox.backlog(connection, now=now() + timedelta(minutes=1)).rows == 1
            outbox.settle(connection, second, now=later, result=outbox.Result.SENT)
            backlog = outbox.backlog(connection, now=now() + timedelta(minutes=1))
            assert backlog == outbox.Backlog(rows=0, oldest=None, set_aside=0)

    def test_waits_longer_after_each_failure(self, store: Store) -> None:
        take(store)
        at, pauses = now() + timedelta(seconds=10), []
        for _ in range(4):
            with store.write() as connection:
                (waiting,) = outbox.claim(connection, now=at, limit=1)
                outbox.settle(connection, waiting, now=at, result=outbox.Result.WAITS)
            (next_at,) = rows(store, "SELECT next_at FROM outbox")[0]
            pauses.append((datetime.fromisoformat(next_at + "+00:00") - at).total_seconds())
            at = datetime.fromisoformat(next_at + "+00:00")
        assert pauses == [2, 4, 8, 16]


class TestCredentials:
    def test_open_for_their_subject_until_they_are_revoked(self, store: Store) -> None:
        with store.write() as connection:
            token = mint(connection, secret="s", kind=CredentialKind.STAFF, subject="duty-1", now=now())
            found = find_subject(connection, secret="s", token=token)
            assert found is not None
            assert found.name == "duty-1"
            assert find_subject(connection, secret="another", token=token) is None
            assert revoke(connection, kind=CredentialKind.STAFF, subject="duty-1", now=now()) == 1
            assert find_subject(connection, secret="s", token=token) is None


class TestTrackingCodesAndNumbers:
    def test_are_random_and_do_not_repeat(self) -> None:
        codes = {intake.new_tracking_code() for _ in range(20_000)}
        assert len(codes) == 20_000
        letters = "".join(codes).replace("-", "")
        expected = len(letters) / 32
        assert all(0.9 < letters.count(each) / expected < 1.1 for each in "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
