"""The schema's migrations, up and down, and the rows on the way."""

import json
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, MetaData, bindparam, select, text

from domain.order.policy import STANDARD
from messages.matter.step import (
    MessageWritten,
)
from messages.order.workflow import StartOrder
from store.database import Store, WriteConflict
from store.matter.said.decisions import find
from store.migrating import alembic_config, migrate
from store.schema import MIGRATIONS, SchemaMismatch, WrongLocale, check, head
from tests.store.taking import answer_of, rows, step_of, take
from tests.support.machine.databases import Databases, PostgresDatabases
from tests.support.office import plain, seed
from tests.support.reorganised import MERGED, loaded
from tests.support.teams import a_team, with_teams


def everything(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table by column names, whatever the sequence of the columns."""
    with store.read() as connection:
        there = MetaData()
        there.reflect(connection)
        found = {each: connection.execute(select(each)).mappings().all() for each in there.sorted_tables}
    return {
        table.name: sorted(({name: plain(row[name]) for name in row} for row in every), key=str)
        for table, every in found.items()
    }


def keep(store: Store, order_no: str, at: str, *, word: str = "order") -> None:
    """Keep an action under one key, as the API did before it checked whether another order uses it."""
    with store.write() as connection:
        connection.execute(
            text(
                f"INSERT INTO decision (decision_id, {word}_no, subject,"  # noqa: S608 - a name of ours
                " name, actor, via, fields, texts, fingerprint, decided_at, status)"
                " VALUES ('one-key', :no, :word, 'urge', 'desk-1', 'staff', '{}', '{}', :print, :at, 'pending')"
            ),
            {"no": order_no, "word": word, "print": f"of {order_no}", "at": f"{at}.000000"},
        )


def test_the_head_is_the_one_that_alembic_would_find() -> None:
    assert head() == ScriptDirectory(str(MIGRATIONS)).get_current_head()


class TestTheSchema:
    def test_goes_up_down_and_up_and_leaves_nothing_to_generate(self, databases: Databases) -> None:
        store = Store(databases.empty())
        migrate(store.engine)
        command.downgrade(alembic_config(store.engine), "base")
        with pytest.raises(SchemaMismatch, match="dingdan migrate"):
            check(store.engine)
        migrate(store.engine)
        check(store.engine)
        command.check(alembic_config(store.engine))
        store.close()

    def test_of_another_version_is_named(self, store: Store) -> None:
        with store.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(SchemaMismatch, match="9999"):
            check(store.engine)

    def test_leaves_a_key_that_was_kept_twice_to_the_decision_that_was_first(
        self, databases: Databases
    ) -> None:
        store = Store(databases.empty())
        migrate(store.engine)
        seed(store)
        later, first = sorted(take(store).order_no for _ in range(2))
        command.downgrade(alembic_config(store.engine), "0002")
        kept = {later: "2026-11-23 00:00:01", first: "2026-11-23 00:00:00"}
        for order_no, at in kept.items():
            keep(store, order_no, at)
        migrate(store.engine)
        by_order = dict(rows(store, "SELECT matter_no, fingerprint FROM decision"))
        assert by_order == {first: f"of {first}", later: "lost"}
        with store.read() as connection:
            found = find(connection, "one-key")
        assert found is not None
        assert found.matter_no == first
        with pytest.raises(WriteConflict):
            keep(store, take(store).order_no, "2026-11-23 00:00:02", word="matter")
        command.downgrade(alembic_config(store.engine), "0002")
        store.close()

    def test_keeps_what_a_key_stands_for_both_ways(self, databases: Databases) -> None:
        store = Store(databases.empty())
        migrate(store.engine)
        seed(store)
        order_no = take(store).order_no
        kept = rows(store, "SELECT key, is_new, receipt FROM idempotency")
        command.downgrade(alembic_config(store.engine), "0021")
        ((status, answered),) = rows(store, "SELECT status, response FROM idempotency")
        code = json.loads(answered)["tracking_code"]
        # Each door kept something else: a channel its whole answer, the pages and a part only what they needed.
        for response in (
            json.loads(answered),
            {"order_no": order_no},
            {"order_no": order_no, "tracking_code": code},
            {"part": order_no, "code": code},
        ):
            with store.write() as connection:
                kept_so = text("UPDATE idempotency SET response = :response, status = 200")
                connection.execute(
                    kept_so.bindparams(bindparam("response", type_=JSON)), {"response": response}
                )
            migrate(store.engine)
            ((key, is_new, receipt),) = rows(store, "SELECT key, is_new, receipt FROM idempotency")
            assert (key, json.loads(receipt)) == (kept[0][0], json.loads(kept[0][2]))
            assert not is_new
            command.downgrade(alembic_config(store.engine), "0021")
        assert status == 201
        migrate(store.engine)
        store.close()

    def test_moves_orders_beside_their_matters_and_back(self, databases: Databases) -> None:
        store = Store(databases.empty())
        migrate(store.engine)
        seed(store)
        start = take(store, requester={"name": "王小明", "phone": "000-0000-0001"}, phone_keys=("a", "b"))
        written = MessageWritten(event_seq=2, recipient="requester", template="accepted")
        with store.write() as connection:
            answer_of(connection, step_of(start, messages=(written,)), STANDARD)
        order_no = start.order_no
        keep(store, order_no, "2026-11-23 00:00:00", word="matter")
        before = everything(store)
        assert all(
            before[each]
            for each in ("matter", "orders", "task", "event", "decision", "message", "requester_phone")
        )
        command.downgrade(alembic_config(store.engine), "0022")
        shown = "SELECT order_no, kind, stage, unit, recorded_seq, run_id FROM orders"
        assert rows(store, "SELECT order_no, subject FROM decision") == [(order_no, "order")]
        assert rows(store, shown) == [(order_no, "complaint", "classification", "street", 2, "run-1")]
        ((payload,),) = rows(store, "SELECT payload FROM outbox WHERE kind = 'start'")
        assert StartOrder.model_validate_json(payload) == start
        with pytest.raises(WriteConflict), store.write() as connection:
            connection.execute(text("DELETE FROM orders"))
        migrate(store.engine)
        assert everything(store) == before
        with pytest.raises(WriteConflict), store.write() as connection:
            connection.execute(text("DELETE FROM matter"))
        store.close()

    def test_keeps_the_roster_under_another_name_both_ways(self, databases: Databases) -> None:
        store = Store(databases.empty())
        migrate(store.engine)
        seed(store)
        loaded(store, with_teams(a_team(), directory=MERGED))
        before = everything(store)
        assert before["roster"]
        assert '"T1"' in before["directory"][0]["teams"]
        command.downgrade(alembic_config(store.engine), "0023")
        old = everything(store)
        assert old["duty"] == before["roster"]
        assert "roster" not in old
        assert "teams" not in old["directory"][0]
        migrate(store.engine)
        after = everything(store)
        assert after["duty"] == []
        assert after["roster"] == before["roster"]
        assert after["directory"] == [{**before["directory"][0], "teams": "[]"}]
        with pytest.raises(WriteConflict), store.write() as connection:
            connection.execute(text("DELETE FROM staff WHERE username LIKE 'duty-%'"))
        store.close()

    def test_is_not_made_where_chinese_text_cannot_be_searched(self, databases: Databases) -> None:
        if not isinstance(databases, PostgresDatabases):
            pytest.skip("SQLite has no locale")
        store = Store(databases.with_locale("C"))
        for work in (migrate, check):
            with pytest.raises(WrongLocale, match=r"C\.UTF-8"):
                work(store.engine)
        store.close()
